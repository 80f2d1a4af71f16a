"""The small catalogue beside this file, and short ways to make values from YAML."""

from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from stackctl.model.catalogue.catalogue import Catalogue
from stackctl.model.catalogue.component import Component, ComponentSpec, Manifests
from stackctl.model.catalogue.profile import StackFile
from stackctl.model.compose.bundle import Bundle
from stackctl.model.compose.compose import compose
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Selection
from stackctl.model.shapes.decode import decode
from stackctl.sources.components import YAML, read_components, read_manifests
from stackctl.sources.files import read_profiles, read_stack_file
from stackctl.sources.yaml import load, load_all

FOLDER = Path(__file__).parent / "catalogue"


@cache
def catalogue() -> Catalogue:
    """Read the small catalogue, alone."""
    return Catalogue(read_profiles([FOLDER]), read_components([FOLDER]))


@cache
def manifests(name: str) -> Manifests:
    """Read what a component of the small catalogue consists of."""
    return read_manifests(catalogue().components[name])


def resolved(profile: str = "base", *sets: str, stack: StackFile | None = None) -> Selection:
    """Resolve a profile of the small catalogue."""
    return resolve(catalogue(), profile, stack=stack, sets=sets)


def composed(selection: Selection, stack: str = "test") -> Bundle:
    """Compose a selection from the small catalogue."""
    names = [chosen.component.name for chosen in selection.components]
    return compose(selection, {name: manifests(name) for name in names}, StackId(stack), yaml=YAML)


def rendered(profile: str = "base", *sets: str) -> Bundle:
    """Resolve and compose at once."""
    return composed(resolved(profile, *sets))


def value(text: str) -> Any:
    """Read a YAML value."""
    return load(dedent(text))


def values(text: str) -> tuple[Any, ...]:
    """Read several YAML documents."""
    return tuple(document.value for document in load_all(dedent(text)))


def component(text: str, name: str = "thing") -> Component:
    """Make a component from the YAML of its spec."""
    spec = {"version": "1", "namespace": name} | (value(text) or {})
    return Component(name, "", decode(ComponentSpec, spec), f"manifests/{name}")


def layers(base: str = "", **others: dict[str, str]) -> Manifests:
    """Make manifests from YAML: the base, and `features`, `patches`, `each`, `files` by name."""
    named: dict[str, dict[str, tuple[Manifest, ...]]] = {
        kind: {name: values(text) for name, text in others.get(kind, {}).items()}
        for kind in ("features", "patches", "each", "files")
    }
    return Manifests(
        values(base), named["features"], named["patches"], named["each"], named["files"]
    )


def stack_file(folder: Path, text: str) -> StackFile:
    """Write a stack file with this spec, and read it."""
    path = folder / "stack.yaml"
    lines = ["apiVersion: stackctl.dev/v1alpha1", "kind: Stack", "metadata: {name: ml}", "spec:"]
    path.write_text("\n".join([*lines, *indented(text)]), encoding="utf-8")
    return read_stack_file(path)


def profiles(folder: Path, **specs: str) -> Catalogue:
    """Write profiles with these specs, and read them with the components of the small catalogue."""
    (folder / "profiles").mkdir()
    for name, text in specs.items():
        lines = [
            "apiVersion: stackctl.dev/v1alpha1",
            "kind: Profile",
            f"metadata: {{name: {name}}}",
        ]
        path = folder / "profiles" / f"{name}.yaml"
        path.write_text("\n".join([*lines, "spec:", *indented(text)]), encoding="utf-8")
    return Catalogue(read_profiles([folder]), catalogue().components)


def indented(text: str) -> list[str]:
    """Indent a YAML text to be the value of a key."""
    return [f"  {line}" for line in dedent(text).strip().splitlines()]


def find(bundle: Bundle, kind: str, name: str) -> Manifest:
    """Return the one object of a bundle with this kind and name."""
    (found,) = (
        manifest
        for _, manifest in bundle.objects.values()
        if manifest["kind"] == kind and manifest["metadata"]["name"] == name
    )
    return found
