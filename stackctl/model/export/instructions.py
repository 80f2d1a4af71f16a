"""What is said in an export to whoever applies it: how, in which order, and what is not in it."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

from stackctl.model.compose.bundle import Bundle
from stackctl.model.export.argocd import APPLICATION
from stackctl.model.export.flux import ENTRY
from stackctl.model.export.formats import ExportFormat
from stackctl.model.export.units import steps
from stackctl.model.objects.refs import Ref, ref_of

INSTRUCTIONS = "EXPORT.md"

_KUBECTL = """\
Repeat it until it succeeds: what a definition or a webhook has to be there for is refused before.
"""
_APPLY = {
    ExportFormat.PLAIN: f"""\
    kubectl apply --server-side -R -f .

{_KUBECTL}""",
    ExportFormat.KUSTOMIZE: f"""\
    kubectl apply --server-side -k .

{_KUBECTL}""",
    ExportFormat.ARGOCD: f"""\
    kubectl apply -f {APPLICATION}

once this folder is committed. Nothing is synchronised by itself until you say so in the
Application. Objects are in sync waves, in the order in which stackctl applies them. Definitions,
namespaces and volumes stay when they leave the repository; whatever users made is in them.
""",
    ExportFormat.FLUX: f"""\
    kubectl apply -f {ENTRY}

once this folder is committed, or name that file in a Kustomization you have. Every Kustomization
waits for those that it depends on, in the order in which stackctl applies them. Definitions,
namespaces and volumes stay when they leave the repository; whatever users made is in them.
""",
}
_HELM_END = """
Each is ready before the next one begins. Helm installs the definitions in `crds/` once and leaves
them alone from then on; before an upgrade: `kubectl apply --server-side -f NAME/crds`. Namespaces
and volumes stay when a release is removed.
"""


def instructions(
    bundle: Bundle,
    stack: str,
    format: ExportFormat,
    units: Sequence[str],
    secrets: Mapping[Ref, Sequence[str]],
) -> str:
    """Write them as a page."""
    return "\n".join(_passages(bundle, stack, format, units, secrets))


def _passages(
    bundle: Bundle,
    stack: str,
    format: ExportFormat,
    units: Sequence[str],
    secrets: Mapping[Ref, Sequence[str]],
) -> Iterator[str]:
    yield f"# The stack {stack}, profile {bundle.profile}\n"
    yield f"Written by `stackctl export --format {format}`; write it again rather than edit it.\n"
    yield "In the order in which they are applied:\n"
    yield from (f"- {part.name} {part.version}" for part in bundle.components)
    if secrets:
        yield "\n## What is not in it\n"
        yield "Secrets. These have to be there before the rest is applied:\n"
        yield from (f"    {_made(ref, keys)}" for ref, keys in secrets.items())
    yield "\n## Applying it\n"
    yield _APPLY[format] if format in _APPLY else _helm(units)
    if format in (ExportFormat.PLAIN, ExportFormat.KUSTOMIZE) and (first := [*_first(bundle)]):
        yield "kubectl does not wait. What follows these in their component is to wait for them:\n"
        yield from (f"- {ref}" for ref in first)
        yield ""
    yield "## Going back to stackctl\n"
    yield (
        "The objects carry no mark of stackctl, for they belong to whoever applies them.\n"
        "`stackctl adopt COMPONENT` takes one component over."
    )
    yield ""


def _first(bundle: Bundle) -> Iterator[Ref]:
    """Yield the Jobs that a deploy of ours waits for before it goes on."""
    for part in bundle.components:
        before = (each for step in steps(part)[:-1] for each in step)
        yield from (ref_of(each) for each in before if each["kind"] == "Job")


def _made(ref: Ref, keys: Sequence[str]) -> str:
    words = ["kubectl", "create", "secret", "generic", "-n", ref.namespace, ref.name]
    return " ".join([*map(shlex.quote, words), *(f"--from-literal={key}=…" for key in keys)])


def _helm(units: Sequence[str]) -> str:
    lines = (f"    helm upgrade --install {name} ./{name} -n default --wait\n" for name in units)
    return "".join(lines) + _HELM_END
