"""Components from their folders: component.yaml, and the manifests layer by layer.

How a file of ours is decoded is `reading`'s part; whether the layers fit is the model's.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stackctl.errors import ConfigError
from stackctl.model.check import validate_component
from stackctl.model.component import Component, Manifests
from stackctl.model.componentfile import ComponentFile
from stackctl.model.documents import Codec
from stackctl.model.masking import values_of
from stackctl.model.normalise import flatten
from stackctl.model.objects import Manifest
from stackctl.secrets import SECRETS
from stackctl.sources import folders, yaml
from stackctl.sources.reading import bytes_of, decoded, located, no_object, read_all, require_name

YAML = Codec(yaml.load, yaml.dump)


def read_components(roots: Iterable[Path]) -> Mapping[str, Component]:
    """Read the component.yaml of every component; manifests are left alone.

    Raises:
        ConfigError: with what is wrong with any of them.
    """
    return read_all((path for root in roots for path in folders.component_files(root)), _component)


def _component(path: Path) -> Component:
    file, _, _ = decoded(path, ComponentFile)
    require_name(path, file.metadata.name, path.parent.name)
    folder = str(path.parent.absolute())
    return Component(file.metadata.name, file.metadata.description, file.spec, folder)


def read_manifests(component: Component) -> Manifests:
    """Read every layer of a component's folder and check it against component.yaml.

    Raises:
        ConfigError: with every fault of the files and of what they come to.
    """
    manifests = _manifests(Path(component.folder))
    problems = validate_component(component, manifests, yaml=YAML)
    if problems:
        path = Path(component.folder) / "component.yaml"
        (document,) = yaml.load_all(bytes_of(path), positions=True)
        raise ConfigError.listing(
            f"component {component.name} is not right:",
            located(path, document.lines, problems),
        )
    return manifests


def _manifests(folder: Path) -> Manifests:
    """Read the layers of a folder."""
    layers: dict[tuple[str, str], list[Manifest]] = {}
    problems: list[str] = []
    for path in folders.layer_files(folder):
        layer = _layer(path.relative_to(folder).parts)
        if layer is None:
            problems.append(
                f"{folders.shown(path)}: belongs to no layer: expected base/, features/NAME/, "
                "features/NAME/patches/, each/PARAMETER/ or smoke/"
            )
            continue
        try:
            layers.setdefault(layer, []).extend(_objects(path))
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
    )


def _named(
    layers: Mapping[tuple[str, str], list[Manifest]], kind: str
) -> dict[str, tuple[Manifest, ...]]:
    return {name: tuple(objects) for (each, name), objects in layers.items() if each == kind}


def _layer(parts: tuple[str, ...]) -> tuple[str, str] | None:
    """Say which layer a file belongs to by the folders it lies in."""
    match parts:
        case ("base", _):
            return "base", ""
        case ("features" | "each" as kind, name, _):
            return kind, name
        case ("features", name, "patches", _):
            return "patches", name
        case ("smoke", _):
            return "files", "/".join(parts)
    return None


def _objects(path: Path) -> Iterator[Manifest]:
    """Read the objects of a file; the items of a List count one by one."""
    name = folders.shown(path)
    problems = []
    for document in yaml.load_all(bytes_of(path), name):
        for manifest in flatten([document.value]):
            SECRETS.learn(values_of([manifest]))  # before anything is said of it
            if what := no_object(manifest):
                problems.append(f"{name}:{document.line}: {what}")
            else:
                yield manifest
    if problems:
        raise ConfigError.listing(f"{name} is not right:", problems)
