"""Look at components for what is wrong with them, and for what somebody will be sorry for."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stackctl.errors import ConfigError
from stackctl.files import is_file, is_folder
from stackctl.model.catalogue.component import Component, Manifests
from stackctl.model.lint.finding import LintFinding
from stackctl.model.lint.lint import Look, lint
from stackctl.model.objects.normalise import flatten
from stackctl.model.objects.refs import Manifest
from stackctl.sources import folders
from stackctl.sources.components import YAML, read_component, read_layers
from stackctl.sources.files import read_catalogue
from stackctl.sources.kubernetes_schemas import KubernetesSchemas
from stackctl.sources.positions import Position, Positions


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding with the line it is about, and the reason somebody has for it; none: mend it."""

    component: str
    finding: LintFinding
    position: Position
    reason: str


@dataclass(frozen=True, slots=True)
class Linted:
    """What was looked at, and what there is to say about it."""

    components: tuple[str, ...]
    versions: tuple[int, ...]  # of Kubernetes 1, whose schemas were looked at
    remarks: tuple[Remark, ...]
    partly: tuple[str, ...] = ()  # components that have a source: what that makes is not here

    @property
    def open(self) -> tuple[Remark, ...]:
        """The remarks that nobody has a reason for."""
        return tuple(each for each in self.remarks if not each.reason)


def lint_components(
    wanted: Sequence[str], catalogs: Sequence[Path] = (), *, schemas: bool = True
) -> Linted:
    """Look at components, by name or by folder; at all there are, where none is named.

    Raises:
        ConfigError: there is none of a name, or a file of one cannot be read.
        UsageError: the schemas of Kubernetes are wanted, and not installed.
    """
    components = list(_chosen(wanted, catalogs))
    layers = [read_layers(each) for each in components]

    def definitions() -> Iterator[Manifest]:
        yield from _of_others(components, catalogs)
        for manifests in layers:
            yield from _objects(manifests)

    known = KubernetesSchemas(definitions) if schemas else None
    look = known.faults if known else None
    remarks = [
        remark
        for component, manifests in zip(components, layers, strict=True)
        for remark in sorted(_remarks(component, manifests, look), key=lambda each: each.position)
    ]
    names = tuple(each.name for each in components)
    partly = tuple(each.name for each in components if each.spec.source is not None)
    return Linted(names, known.minors if known else (), tuple(remarks), partly)


def _chosen(wanted: Sequence[str], catalogs: Sequence[Path]) -> Iterator[Component]:
    known = read_catalogue(catalogs).components
    if not wanted:
        yield from known.values()
    for each in wanted:
        if each in known:
            yield known[each]
        else:
            yield _in_folder(each, catalogs)


def _in_folder(text: str, catalogs: Sequence[Path]) -> Component:
    folder = Path(text)
    if not is_folder(folder):
        return read_catalogue(catalogs).component(text)  # says which there are
    if not is_file(folder / "component.yaml"):
        raise ConfigError(
            f"{folders.shown(folder)}: no component: it has no component.yaml",
            hint=f"stackctl component new NAME --from {folders.shown(folder)}",
        )
    return read_component(folder.resolve())


def _of_others(chosen: Sequence[Component], catalogs: Sequence[Path]) -> Iterator[Manifest]:
    """Yield the objects of the catalogue's other components, whose kinds those chosen may use."""
    names = {each.name for each in chosen}
    for name, component in read_catalogue(catalogs).components.items():
        if name not in names:
            with suppress(ConfigError):  # told to who looks at that component
                yield from _objects(read_layers(component))


def _objects(manifests: Manifests) -> Iterator[Manifest]:
    for layer in (manifests.base, *manifests.features.values()):
        yield from flatten(layer)


def _remarks(component: Component, manifests: Manifests, look: Look | None) -> Iterator[Remark]:
    positions = Positions(component)
    for judged in lint(component, manifests, yaml=YAML, schemas=look):
        found = judged.finding
        at = (
            positions.of_component(found.path)
            if found.object is None
            else positions.of_object(found.object, found.path)
        )
        yield Remark(component.name, found, at, judged.reason)
