"""Which source a component has in the end, and the values of its chart, each with its origin.

Values are laid over each other as Helm lays files of values: maps merge, lists and texts replace,
and a null stays, for it takes out what the chart itself says.

A component with manifests of its own, whose component.yaml names the chart that they follow, may be
switched to that chart: `--source NAME=chart:VERSION`, or `source: {chart: …}` in a file.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stackctl.model.catalogue.component import Chart, Component, ComponentSpec
from stackctl.model.catalogue.profile import DEFAULT, Lines, Origin, origin_of
from stackctl.model.catalogue.source import ChartSource, Source, overlaid, source_problems
from stackctl.model.resolve.profile_chain import Layer

if TYPE_CHECKING:
    from stackctl.model.catalogue.profile import Choice

Said = Iterable[tuple["Choice", Layer]]
Key = tuple[str, ...]

SOURCE = "source"  # what `--set NAME.source=…` and `--source NAME=…` say
MANIFESTS, CHART = "manifests", "chart"
_ASKED = re.compile(rf"{MANIFESTS}|{CHART}(?::(?P<version>[^\s:]+))?|null")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of a component's source, now or in an earlier run."""

    text: str  # manifests, chart, chart:VERSION; null takes back what was said before
    origin: Origin
    name: str  # how it is called in messages

    @property
    def chart(self) -> bool:
        """Whether it is for the chart."""
        return self.text.partition(":")[0] == CHART

    @property
    def version(self) -> str:
        """The version it names."""
        return self.text.partition(":")[2]


def asked_source(text: str) -> Source | None:
    """Say as a file does what the command line says: a chart, in a version or as it is."""
    kind, _, version = text.partition(":")
    return Source(chart=ChartSource(version=version)) if kind == CHART else None


@dataclass(frozen=True, slots=True)
class ValuesLayer:
    """Values that one file gives to a chart."""

    values: Mapping[str, Any]
    file: str
    lines: Lines = field(default_factory=dict, compare=False, repr=False)
    at: tuple[str | int, ...] = ()  # where in the file they are

    def origin(self, key: Key) -> Origin:
        """Return where a value is written, or what encloses it."""
        return origin_of(self.file, self.lines, (*self.at, *key))


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """A source with everything decided."""

    source: Source  # its chart's own `values` are in the layers
    base: str  # the file that says where it is: relative paths start from its folder
    origin: Origin
    layers: tuple[ValuesLayer, ...] = ()  # earliest first
    own: bool = True  # as component.yaml has it: nobody chose another chart or version
    instead: bool = False  # it stands in for manifests of the component's own

    @property
    def values(self) -> dict[str, Any]:
        """What the layers come to."""
        result: dict[str, Any] = {}
        for layer in self.layers:
            result = laid_over(result, layer.values)
        return result


def laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay values over values: maps merge, anything else replaces, a null too."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(value, dict) and isinstance(old, dict)
        result[key] = laid_over(old or {}, value) if both else value
    return result


def by_profile(name: str, said: Said) -> Component | None:
    """Make a component of what files say that is in no catalogue; None where none has a source."""
    located = [(choice, layer) for choice, layer in said if choice.source and choice.source.located]
    if not located:
        return None
    spec = ComponentSpec(version="", namespace=name)
    return Component(name, f"from {located[-1][1].path}", spec, folder="")


def choose_source(
    component: Component, said: Said, problems: list[str], asked: Asked | None = None
) -> ChosenSource | None:
    """Lay what files and the command line say of a source over what component.yaml says.

    What is wrong is added to the problems.
    """
    said = list(said)
    if asked is not None and not _ASKED.fullmatch(asked.text):
        problems.append(f"{asked.name}: expected manifests, chart or chart:VERSION")
        return None
    followed = _followed(component)
    if asked is not None and asked.text == MANIFESTS:
        if followed or not _sourced(component, said):
            return None  # values that files have for the chart wait
        problems.append(f"{asked.name}: {component.name} has no manifests of its own")
        return None
    wanted = asked if asked is not None and asked.chart else None
    switched = wanted or any(choice.source and choice.source.chart for choice, _ in said)
    if followed is not None and switched:
        start = ChosenSource(Source(chart=followed), component.file, DEFAULT, instead=True)
    else:
        origin = origin_of(component.file, component.lines, ("spec", "source"))
        values = _values(component.spec.source)
        layers = (ValuesLayer(values, component.file, component.lines, _OWN),) if values else ()
        start = ChosenSource(component.spec.source or Source(), component.file, origin, layers)
    return _chosen(component, said, start, wanted, problems)


def _chosen(
    component: Component,
    said: Said,
    start: ChosenSource,
    wanted: Asked | None,
    problems: list[str],
) -> ChosenSource | None:
    name = component.name
    found = _with_files(name, said, start)
    over = asked_source(wanted.text) if wanted is not None else None
    if wanted is not None and wanted.version and over is not None:
        found = replace(found, source=overlaid(found.source, over), origin=wanted.origin)
    elif wanted is not None and found.origin == DEFAULT:
        found = replace(found, origin=wanted.origin)
    source, origin = found.source, found.origin
    if not found.instead and component.spec.source is None and component.folder and source.located:
        problems.append(
            f"{origin}: spec.components.{name}.source: {name} has manifests of its own: "
            "give what comes from elsewhere a name of its own"
        )
        return None
    if not source.located:
        problems += _homeless(name, said)
        problems += [f"{wanted.name}: {name} comes from no chart"] if wanted else []
        return None
    if wanted is not None and (source.chart is None or (source.chart.path and wanted.version)):
        problems.append(f"{wanted.name}: {name} comes from {source}, which has no other version")
    if not source.chart:
        problems += [
            f"{layer.origin(())}: {name} comes from no chart: it has no values"
            for layer in found.layers
        ]
    at = f"{origin}: spec.components.{name}.source"
    problems += [f"{at}.{each}" if each.at else f"{at}: {each}" for each in source_problems(source)]
    return replace(found, own=not found.instead and source.chart == _bare(component.spec.source))


def _with_files(name: str, said: Said, start: ChosenSource) -> ChosenSource:
    """Lay what files say of a source over what there is of it."""
    found, base, origin, layers = start.source, start.base, start.origin, [*start.layers]
    for choice, layer in said:
        at: tuple[str, ...] = ("components", name, "source")
        if choice.source is not None:
            if choice.source.located:
                base, layers = layer.path, _kept(layers, found, choice.source)
            found = overlaid(found, choice.source)
            origin = layer.origin(*at)
        if values := _values(choice.source):
            where: tuple[str, ...] = ("spec", *at, "chart", "values")
            layers.append(ValuesLayer(values, layer.path, layer.lines, where))
        if choice.values:
            where = ("spec", "components", name, "values")
            layers.append(ValuesLayer(choice.values, layer.path, layer.lines, where))
    return replace(start, source=found, base=base, origin=origin, layers=tuple(layers))


def _followed(component: Component) -> ChartSource | None:
    """Return the chart that a component's own manifests follow, if it has both."""
    upstream = component.spec.upstream
    if component.spec.source is not None or not component.folder or upstream is None:
        return None
    return followed_chart(upstream.chart) if upstream.chart else None


def followed_chart(chart: Chart) -> ChartSource:
    """Say where the chart is that manifests follow."""
    if chart.repository.startswith("oci://"):
        place = f"{chart.repository.rstrip('/')}/{chart.name}"
        return ChartSource(oci=place, version=chart.version)
    return ChartSource(repository=chart.repository, name=chart.name, version=chart.version)


def _sourced(component: Component, said: Said) -> bool:
    """Tell whether anything but the component's folder has its objects."""
    own = component.spec.source is not None or not component.folder
    return own or any(choice.source is not None and choice.source.located for choice, _ in said)


_OWN = ("spec", "source", "chart", "values")


def _bare(source: Source | None) -> Any:
    return overlaid(Source(), source).chart if source else None


def _values(source: Source | None) -> Mapping[str, Any]:
    return source.chart.values if source is not None and source.chart is not None else {}


def _kept(layers: list[ValuesLayer], old: Source, new: Source) -> list[ValuesLayer]:
    """Keep the values where the same chart comes from elsewhere; not where it is no chart."""
    return layers if new.chart and (old.chart or not old.located) else []


def _homeless(name: str, said: Said) -> Iterator[str]:
    """Say of values and versions of charts that the component comes from no chart."""
    for choice, layer in said:
        for key in ("source", "values"):
            if getattr(choice, key):
                where = layer.origin("components", name, key)
                yield f"{where}: spec.components.{name}.{key}: {name} comes from no chart"
