"""The schemas that we ship, by name, and where they are open on purpose."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stackctl.sources.yaml import load

ROOT = Path(__file__).parents[1]
DEFINITIONS = {
    definition["metadata"]["name"]: definition
    for definition in (
        load(path.read_text(encoding="utf-8"), path.name)
        for path in sorted((ROOT / "manifests").rglob("crd-*.yaml"))
    )
}
_SOLVER = "dns01.webhook.config"
# Where the operator's own type takes anything, and why.
OPEN = {
    ("challenges.acme.cert-manager.io", f"spec.solver.{_SOLVER}"): "JSON for somebody's solver",
    ("clusterissuers.cert-manager.io", f"spec.acme.solvers[].{_SOLVER}"): "the same",
    ("issuers.cert-manager.io", f"spec.acme.solvers[].{_SOLVER}"): "the same",
    ("clusterservingruntimes.serving.kserve.io", "status"): "a struct without fields",
    ("servingruntimes.serving.kserve.io", "status"): "a struct without fields",
    ("inferenceservices.serving.kserve.io", "status"): "its known fields are typed; others are "
    "of newer controllers, and are skipped in decoding",
    ("experiments.kubeflow.org", "spec.trialTemplate.trialSpec"): "a job of the user's kind",
    ("trials.kubeflow.org", "spec.runSpec"): "the same",
    (
        "nodefeatures.nfd.k8s-sigs.io",
        "spec.features.flags.*.elements.*",
    ): "a struct without fields; the server keeps nothing in it",
    **{
        (f"{name}.trainer.kubeflow.org", f"spec.mlPolicy.{policy}"): "a struct without fields"
        for name in ("clustertrainingruntimes", "trainingruntimes")
        for policy in ("jax", "xgboost")
    },
    ("workflows.argoproj.io", "status.storedTemplates"): "as the controller has read them",
    ("workflows.argoproj.io", "status.storedWorkflowTemplateSpec"): "the same",
}
# Steps of Argo's workflows may hold a template, which holds steps: no schema can be inside itself.
_STEPS = {"dag.tasks[]", "steps[][]", "steps[].steps[]"}
_TEMPLATES = {
    "workflows": ("spec.templates[]", "spec.templateDefaults"),
    "workflowtemplates": ("spec.templates[]", "spec.templateDefaults"),
    "cronworkflows": ("spec.workflowSpec.templates[]", "spec.workflowSpec.templateDefaults"),
    "workflowtasksets": ("spec.tasks.*",),
}
OPEN |= {
    (f"{plural}.argoproj.io", f"{template}.{place}"): why
    for plural, templates in _TEMPLATES.items()
    for template in templates
    for place, why in (
        ("plugin", "somebody else's words"),
        *((f"{steps}.inline", "a template inside a template") for steps in _STEPS),
        *((f"{steps}.withItems", "items of any kind") for steps in _STEPS),
    )
    if ("steps[].steps[]" in place) is (plural == "workflowtasksets") or "steps" not in place
}


def schemas(definition: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the apiVersion and the schema of each version."""
    spec = definition["spec"]
    for version in spec["versions"]:
        yield f"{spec['group']}/{version['name']}", version["schema"]["openAPIV3Schema"]


def open_in(name: str) -> set[str]:
    """Name the places of a definition that are open on purpose."""
    return {path for known, path in OPEN if known == name}
