"""Which source a component has in the end, and the values of its chart, each with its origin.

Values are laid over each other as Helm lays files of values: maps merge, lists and texts replace,
and a null stays, for it takes out what the chart itself says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stackctl.model.catalogue.component import Component, ComponentSpec
from stackctl.model.catalogue.profile import Lines, Origin, origin_of
from stackctl.model.catalogue.source import Source, overlaid, source_problems
from stackctl.model.resolve.profile_chain import Layer

if TYPE_CHECKING:
    from stackctl.model.catalogue.profile import Choice

Said = Iterable[tuple["Choice", Layer]]
Key = tuple[str, ...]


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


def choose_source(component: Component, said: Said, problems: list[str]) -> ChosenSource | None:
    """Lay what files say of a source over what component.yaml says; what is wrong is added."""
    name, own = component.name, component.spec.source
    file = component.file
    found = own
    base, origin = file, origin_of(file, component.lines, ("spec", "source"))
    values = _values(own)
    layers = [ValuesLayer(values, file, component.lines, _OWN)] if values else []
    for choice, layer in said:
        at: tuple[str, ...] = ("components", name, "source")
        if choice.source is not None:
            if choice.source.located:
                base, layers = layer.path, _kept(layers, found, choice.source)
            found = overlaid(found or Source(), choice.source)
            origin = layer.origin(*at)
        if values := _values(choice.source):
            where: tuple[str, ...] = ("spec", *at, "chart", "values")
            layers.append(ValuesLayer(values, layer.path, layer.lines, where))
        if choice.values:
            where = ("spec", "components", name, "values")
            layers.append(ValuesLayer(choice.values, layer.path, layer.lines, where))
    if own is None and component.folder and found is not None and found.located:
        problems.append(
            f"{origin}: spec.components.{name}.source: {name} has manifests of its own: "
            "give what comes from elsewhere a name of its own"
        )
        return None
    if found is None or not found.located:
        problems += _homeless(name, said)
        return None
    wrong = list(source_problems(found))
    if not found.chart:
        wrong_values = [layer.origin(()) for layer in layers]
        problems += [
            f"{each}: {name} comes from no chart: it has no values" for each in wrong_values
        ]
    said_in = f"{origin}: spec.components.{name}.source"
    problems += [f"{said_in}.{each}" if each.at else f"{said_in}: {each}" for each in wrong]
    return ChosenSource(found, base, origin, tuple(layers), own=found.chart == _bare(own))


_OWN = ("spec", "source", "chart", "values")


def _bare(source: Source | None) -> Any:
    return overlaid(Source(), source).chart if source else None


def _values(source: Source | None) -> Mapping[str, Any]:
    return source.chart.values if source is not None and source.chart is not None else {}


def _kept(layers: list[ValuesLayer], old: Source | None, new: Source) -> list[ValuesLayer]:
    """Keep the values where the same chart comes from elsewhere; not where it is no chart."""
    return layers if new.chart and (old is None or old.chart) else []


def _homeless(name: str, said: Said) -> Iterator[str]:
    """Say of values and versions of charts that the component comes from no chart."""
    for choice, layer in said:
        for key in ("source", "values"):
            if getattr(choice, key):
                where = layer.origin("components", name, key)
                yield f"{where}: spec.components.{name}.{key}: {name} comes from no chart"
