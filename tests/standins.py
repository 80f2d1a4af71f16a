"""Charts of our own in place of those that are kept elsewhere, and a program that renders them.

No chart repository can be reached from here. A component whose chart lies in one is walked with all
others by a chart that is made from what the component says of it: the objects that its parameters
go to, the kinds that it is known by, and a ConfigMap with all the values that it was given. What
the real chart makes of them is tried by hand, when a version is chosen.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from stackctl.model.catalogue.component import Component, Place
from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest
from stackctl.sources import yaml
from stackctl.sources.components import read_layers
from stackctl.sources.files import read_catalogue
from tests import charts

VALUES = "stand-in-values"
_OBJECTS = "objects.yaml"
# Speaks as Helm does of `version` and `template NAME CHART`; the values come on standard input.
_PROGRAM = f"""\
#!/bin/sh
if [ "$1" = version ]; then echo v4.3.1; exit; fi
cat "$3/{_OBJECTS}"
cat <<'END'
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: {VALUES}}}
data:
  values: |
END
printf '    '
cat
"""


def is_remote(component: Component) -> bool:
    """Tell whether the objects of a component are kept somewhere else than in the catalogue."""
    source = component.spec.source
    return source is not None and source.located and not source.paths


@cache
def remote() -> Mapping[str, Component]:
    """Return the components of the catalogue whose objects are kept somewhere else, by name."""
    return {name: each for name, each in read_catalogue().components.items() if is_remote(each)}


@dataclass(frozen=True, slots=True)
class StandIns:
    """Charts in a folder, for as many components as are asked for."""

    folder: Path

    def choice(self, component: str) -> str:
        """Say in a profile that a component comes from its stand-in; nothing of any other."""
        if component not in remote():
            return ""
        chart = charts.write_chart(self.folder / component, {}, name=component)
        objects = _objects(remote()[component])
        (chart / _OBJECTS).write_text("---\n".join(map(yaml.dump, objects)), encoding="utf-8")
        return f"source: {{chart: {{path: {chart}}}}}"


def stand_ins_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Have charts rendered by a program that is no Helm."""
    folder.mkdir()
    program = folder / "helm"
    program.write_text(_PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("STACKCTL_HELM", str(program))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return StandIns(folder)


def values_in(objects: Iterable[Manifest]) -> Mapping[str, Any]:
    """Return the values that a stand-in was rendered with."""
    (found,) = (each for each in objects if each["metadata"]["name"] == VALUES)
    values: Mapping[str, Any] = json.loads(found["data"]["values"])
    return values


def _objects(component: Component) -> Iterable[Manifest]:
    """Make what a component expects of its chart."""
    found: dict[str, Manifest] = {}
    own = {_name(each) for each in read_layers(component).base}
    for parameter in component.spec.parameters.values():
        for place in parameter.places:
            if place.object and place.object not in own:
                _write(found.setdefault(place.object, _empty(place.object)), place)
    yield from found.values()
    yield from map(_definition, component.spec.detect.crds)
    assert component.spec.source
    assert component.spec.source.chart
    yield from map(_hook, component.spec.source.chart.hooks)


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def _empty(name: str) -> Manifest:
    kind, _, name = name.partition("/")
    assert kind == "ConfigMap", f"teach stand-ins what a {kind} looks like"
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "data": {}}


def _hook(name: str) -> Manifest:
    """Make a hook, which must be there to be skipped."""
    kind, _, name = name.partition("/")
    metadata = {"name": name, "annotations": {"helm.sh/hook": "pre-delete"}}
    return {"apiVersion": "example.com/v1", "kind": kind, "metadata": metadata}


def _write(manifest: Manifest, place: Place) -> None:
    """Make the place that a value goes to."""
    assert place.key, f"teach stand-ins to make {place}"
    document = yaml.load(manifest["data"].get(place.key, "null"))
    manifest["data"][place.key] = yaml.dump(_filled(document, paths.parse(place.path)))


def _filled(value: Any, path: tuple[Any, ...]) -> Any:
    """Return a value with something at a path, and what leads there."""
    if not path:
        return []
    key, *rest = path
    if isinstance(key, int):
        items = [*(value or []), *({} for _ in range(key + 1 - len(value or [])))]
        return [*items[:key], _filled(items[key], tuple(rest)), *items[key + 1 :]]
    return (value or {}) | {key: _filled((value or {}).get(key), tuple(rest))}


def _definition(name: str) -> Manifest:
    """Define a kind by its plural and group; what its objects look like is nobody's affair here."""
    plural, _, group = name.partition(".")
    singular = re.sub("ies$", "y", plural).removesuffix("s")
    kind = _kinds().get((group, singular), singular.capitalize())
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": names,
            "versions": [version | {"schema": {"openAPIV3Schema": schema}}],
        },
    }


def _kinds() -> dict[tuple[str, str], str]:
    """Return the kinds that remote components have objects of, by group and singular."""
    objects = [each for component in remote().values() for each in read_layers(component).base]
    return {
        (each["apiVersion"].partition("/")[0], each["kind"].lower()): each["kind"]
        for each in objects
    }
