"""The example of a canary in a mesh: its stack is composed, and its steps agree with each other."""

from pathlib import Path
from typing import Any

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.model.objects.refs import Manifest
from stackctl.sources.yaml import load_all

EXAMPLE = Path(__file__).parents[2] / "examples" / "canary"
MESH = {"gateway-api", "istio-base", "istiod", "istio-cni", "ztunnel"}


def steps() -> dict[tuple[str, str], Manifest]:
    """Return the objects of all steps, by kind and name."""
    found: dict[tuple[str, str], Any] = {}
    for path in sorted(EXAMPLE.glob("[0-9]-*.yaml")):
        for document in load_all(path.read_text(encoding="utf-8"), path.name):
            found[document.value["kind"], document.value["metadata"]["name"]] = document.value
    return found


def test_the_stack_of_the_canary_has_a_mesh_and_serves_models(tmp_path, stand_ins):
    """Charts that cannot be had here are stood in for; what needs what is settled all the same."""
    text = (EXAMPLE / "stack.yaml").read_text(encoding="utf-8")
    for name in MESH - {"gateway-api"}:
        text = text.replace(f"    {name}: {{}}\n", f"    {name}: {{{stand_ins.choice(name)}}}\n")
    (tmp_path / "stack.yaml").write_text(text, encoding="utf-8")
    composed = compose_stack(StackRequest(stack_file=tmp_path / "stack.yaml"))
    names = {part.name for part in composed.bundle.components}
    assert names == MESH | {"cert-manager", "kserve"}


def test_the_route_of_the_canary_leads_to_the_models_that_are_there():
    """KServe names the Service of each after it; the weights are the shares in a hundred."""
    found = steps()
    (rule,) = found["HTTPRoute", "vision"]["spec"]["rules"]
    weights = {each["name"]: each["weight"] for each in rule["backendRefs"]}
    models = {name for kind, name in found if kind == "InferenceService"}
    assert weights == {"vision-v1-predictor": 90, "vision-v2-predictor": 10}
    assert {f"{name}-predictor" for name in models} == {*weights}
    (parent,) = found["HTTPRoute", "vision"]["spec"]["parentRefs"]
    assert ("Service", parent["name"]) in found
    labels = found["Namespace", "vision"]["metadata"]["labels"]
    assert ("Gateway", labels["istio.io/use-waypoint"]) in found
