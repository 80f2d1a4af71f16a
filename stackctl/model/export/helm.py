"""Charts for Helm: one for each unit, with nothing to set, for everything was decided before.

One chart for a whole stack would apply everything at once, and would not fit into a record of Helm.
"""

import re
from collections.abc import Iterator, Sequence

from stackctl.model.compose.embedded import Codec
from stackctl.model.export.exported import ExportFile
from stackctl.model.export.units import Unit, is_definition, outlives, without_hooks
from stackctl.model.objects.refs import Manifest, annotated, digest

KEEP = {"helm.sh/resource-policy": "keep"}
_VERSION = re.compile(
    r"v?(?P<major>\d+)\.(?P<minor>\d+)(?:\.(?P<patch>\d+))?(?P<pre>-[0-9A-Za-z.-]+)?"
)
_BRACES = "{{"
_ESCAPED = '{{ "{{" }}'


def charts(units: Sequence[Unit], stack: str, yaml: Codec) -> Iterator[ExportFile]:
    """Yield a chart for each unit: its definitions, and its objects as templates."""
    for unit in units:
        yield ExportFile(f"{unit.name}/Chart.yaml", _chart(unit, stack, yaml))
        for name, manifest in unit.named:
            yield _file(unit.name, name, manifest, yaml)


def _chart(unit: Unit, stack: str, yaml: Codec) -> str:
    return yaml.dump(
        {
            "apiVersion": "v2",
            "name": unit.name,
            "version": f"{_semantic(unit.part.version)}+{digest(list(unit.objects))[:12]}",
            "appVersion": unit.part.version,
            "description": f"{unit.part.name} as the stack {stack} has it",
            "type": "application",
        }
    )


def _file(chart: str, name: str, manifest: Manifest, yaml: Codec) -> ExportFile:
    if is_definition(manifest):  # which Helm installs first, as they are, and never deletes
        return ExportFile(f"{chart}/crds/{name}", yaml.dump(manifest))
    kept = annotated(without_hooks(manifest), KEEP if outlives(manifest) else {})
    text = yaml.dump(kept).replace(_BRACES, _ESCAPED)
    return ExportFile(f"{chart}/templates/{name}", text)


def _semantic(version: str) -> str:
    """Write a version as Helm wants it; what is none comes before all others."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return "0.0.0"
    numbers = (str(int(found[name] or 0)) for name in ("major", "minor", "patch"))
    return ".".join(numbers) + (found["pre"] or "")
