"""Components from their folders: component.yaml, and the manifests layer by layer.

How a file of ours is decoded is `reading`'s part; whether the layers fit is the model's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.component import Component, Manifests
from stackctl.model.catalogue.component_file import ComponentFile
from stackctl.model.catalogue.profile import Lines
from stackctl.model.catalogue.source import Source
from stackctl.model.compose.check import validate_component
from stackctl.model.compose.embedded import Codec
from stackctl.model.compose.object_check import ObjectFault
from stackctl.model.objects.kinds import defined
from stackctl.model.objects.masking import values_of
from stackctl.model.objects.normalise import normalised, placed
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.shapes.decode import At, Problem
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.secrets import SECRETS
from stackctl.sources import folders, yaml
from stackctl.sources.reading import (
    bytes_of,
    decoded,
    located,
    read_all,
    require_name,
    within,
)

YAML = Codec(yaml.load, yaml.dump)


def read_components(roots: Iterable[Path]) -> Mapping[str, Component]:
    """Read the component.yaml of every component; manifests are left alone.

    Raises:
        ConfigError: with what is wrong with any of them.
    """
    return read_all((path for root in roots for path in folders.component_files(root)), _component)


def _component(path: Path) -> Component:
    file, _, lines = decoded(path, ComponentFile)
    require_name(path, file.metadata.name, path.parent.name)
    folder = str(path.parent.absolute())
    return Component(
        file.metadata.name,
        file.metadata.description,
        file.spec,
        folder,
        lines=lines,
        path=folders.shown(path),
    )


def read_component(folder: Path) -> Component:
    """Read the component.yaml of one folder, wherever that lies.

    Raises:
        ConfigError: there is none, or it is not right.
    """
    return _component(folder / "component.yaml")


def read_layers(component: Component) -> Manifests:
    """Read every layer of a component's folder; whether they fit component.yaml is not looked at.

    Raises:
        ConfigError: with every fault of the files.
    """
    return _manifests(Path(component.folder), component.spec.source)


def read_objects(path: Path) -> list[Manifest]:
    """Read the objects of a file; the items of a List count one by one.

    Raises:
        ConfigError: it is not right; every fault is listed.
    """
    return _objects(path, patch=False)


def read_manifests(component: Component) -> Manifests:
    """Read every layer of a component's folder and check it against component.yaml.

    Raises:
        ConfigError: with every fault of the files and of what they come to.
    """
    manifests = _manifests(Path(component.folder), component.spec.source)
    problems = validate_component(component, manifests, yaml=YAML)
    if problems:
        lines = [*_in_component_file(component, problems), *_in_manifests(component, problems)]
        raise ConfigError.listing(f"component {component.name} is not right:", lines)
    return manifests


def _in_component_file(
    component: Component, problems: Sequence[Problem | ObjectFault]
) -> list[str]:
    """Write the problems that lie in component.yaml with their lines."""
    path = Path(component.file)
    (document,) = yaml.load_all(bytes_of(path), positions=True)
    return located(path, document.lines, [each for each in problems if isinstance(each, Problem)])


def _in_manifests(component: Component, problems: Sequence[Problem | ObjectFault]) -> Iterator[str]:
    """Write the faults of objects with the lines of the manifests that have them."""
    faults = [each for each in problems if isinstance(each, ObjectFault)]
    origins = _origins(component) if faults else {}
    for ref, at, what in faults:
        path, lines, start = origins.get(ref, (Path(component.folder), {}, ()))
        yield from located(path, lines, [Problem((*start, *at), f"{ref}: {what}")])


def _origins(component: Component) -> dict[Ref, tuple[Path, Lines, At]]:
    """Find out in which file, and where in it, each object comes from, by a second reading."""
    namespace = component.spec.namespace
    documents = [
        (path, document)
        for path in folders.layer_files(Path(component.folder), component.spec.source)
        for document in yaml.load_all(bytes_of(path), positions=True)
    ]
    items = [(path, doc, *each) for path, doc in documents for each in placed(doc.value)]
    scopes = defined(item for *_, item in items)
    found: dict[Ref, tuple[Path, Lines, At]] = {}
    for path, document, at, item in items:
        found.setdefault(ref_of(normalised(item, namespace, scopes)), (path, document.lines, at))
    return found


def _manifests(folder: Path, source: Source | None) -> Manifests:
    """Read the layers of a folder; what belongs to its source is none of them."""
    layers: dict[tuple[str, str], list[Manifest]] = {}
    problems: list[str] = []
    for path in folders.layer_files(folder, source):
        layer = _layer(path.relative_to(folder).parts)
        if layer is None:
            problems.append(
                f"{folders.shown(path)}: belongs to no layer: expected base/, features/NAME/, "
                "features/NAME/patches/, each/PARAMETER/, smoke/ or smoke/FEATURE/"
            )
            continue
        try:
            objects = _objects(path, patch=layer[0] == "patches")
            layers.setdefault(layer, []).extend(objects)
        except ConfigError as error:
            problems += error.problems or [str(error)]
    if problems:
        raise ConfigError.listing(f"the manifests in {folders.shown(folder)}:", problems)
    return Manifests(
        base=tuple(layers.get(("base", ""), ())),
        features=_named(layers, "features"),
        patches=_named(layers, "patches"),
        each=_named(layers, "each"),
        files=_named(layers, "files"),
        unread=tuple(map(folders.shown, folders.other_files(folder))),
    )


def _named(
    layers: Mapping[tuple[str, str], list[Manifest]], kind: str
) -> dict[str, tuple[Manifest, ...]]:
    return {name: tuple(objects) for (each, name), objects in layers.items() if each == kind}


def _layer(parts: tuple[str, ...]) -> tuple[str, str] | None:
    """Return which layer a file belongs to by the folders it lies in."""
    match parts:
        case ("base", _):
            return "base", ""
        case ("features" | "each" as kind, name, _):
            return kind, name
        case ("features", name, "patches", _):
            return "patches", name
        case ("smoke", _) | ("smoke", _, _):
            return "files", "/".join(parts)
    return None


def _objects(path: Path, *, patch: bool) -> list[Manifest]:
    """Read the objects of a file; the items of a List count one by one."""
    name, content = folders.shown(path), bytes_of(path)
    found = [list(placed(document.value)) for document in yaml.load_all(content, name)]
    # Before anything is said of them.
    SECRETS.learn(values_of(manifest for items in found for _, manifest in items))
    problems = [_misshapen(items, patch=patch) for items in found]
    if any(problems):
        raise ConfigError.listing(f"{name} is not right:", _placed(path, content, problems))
    return [manifest for items in found for _, manifest in items]


def _misshapen(items: Iterable[tuple[At, Any]], *, patch: bool) -> list[Problem]:
    return [each for at, item in items for each in within(at, object_problems(item, patch=patch))]


def _placed(path: Path, content: bytes, problems: Iterable[Iterable[Problem]]) -> list[str]:
    """Write the problems of each document with their lines, which only a second reading tells."""
    documents = yaml.load_all(content, positions=True)
    return [
        text
        for document, found in zip(documents, problems, strict=True)
        for text in located(path, document.lines, found)
    ]
