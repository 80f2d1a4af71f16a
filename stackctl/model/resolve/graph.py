"""Who needs whom: capabilities tie the components of a stack together, and order them.

`requires` must be met by somebody, `after` waits for whoever is there, `conflicts` tolerates
nobody. What a feature needs or provides counts while it is on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from stackctl.model.catalogue.component import Component, Mode
from stackctl.model.resolve.selection import Chosen

# component → the components it needs, each with the capability it needs it for
Edges = Mapping[str, Mapping[str, str]]


def provided(chosen: Chosen) -> frozenset[str]:
    """Return the capabilities a component brings, with the features that are on."""
    spec = chosen.component.spec
    own = set(spec.provides)
    return frozenset(own.union(*(spec.features[name].provides for name in chosen.features)))


def required(chosen: Chosen) -> frozenset[str]:
    """Return the capabilities a component cannot do without; none when somebody else runs it."""
    if chosen.mode is Mode.EXTERNAL:
        return frozenset()
    spec = chosen.component.spec
    own = set(spec.requires)
    return frozenset(own.union(*(spec.features[name].needs for name in chosen.features)))


def reached(start: Iterable[str], leads: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """Return names with all that they lead to, and those lead to in turn."""
    found: set[str] = set()
    open_ = [*start]
    while open_:
        if (name := open_.pop()) not in found:
            found.add(name)
            open_ += leads(name)
    return frozenset(found)


def edges(components: Iterable[Chosen]) -> Edges:
    """Tie each component to those that provide what it requires, or would rather wait for."""
    components = list(components)
    providers: dict[str, list[str]] = {}
    for part in components:
        for capability in provided(part):
            providers.setdefault(capability, []).append(part.component.name)
    return {part.component.name: _needs(part, providers) for part in components}


def _needs(part: Chosen, providers: Mapping[str, list[str]]) -> dict[str, str]:
    name = part.component.name
    after = () if part.mode is Mode.EXTERNAL else part.component.spec.after
    wires = (wire for setting in part.parameters.values() for wire in setting.wires)
    wired = {wire.provider: wire.attribute for wire in wires if wire.provider != name}
    return wired | {
        provider: capability
        for capability in sorted(required(part).union(after))
        for provider in providers.get(capability, ())
        if provider != name and name not in providers.get(capability, ())
    }


def problems(
    components: Sequence[Chosen],
    known: Mapping[str, Component],
    left_out: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Yield which capabilities are missing, who clashes with whom, which needs go in a circle.

    Components that were left out are given with where that is said.
    """
    for part in components:
        yield from _unmet(part, components, known, left_out or {})
        yield from _clashes(part, components)
    if cycle := _cycle(edges(components)):
        yield f"these components wait for each other: {cycle}"


def _unmet(
    part: Chosen,
    components: Iterable[Chosen],
    known: Mapping[str, Component],
    left_out: Mapping[str, str],
) -> Iterator[str]:
    there = frozenset().union(*map(provided, components))
    for capability in sorted(required(part) - there):
        missing = [
            name for name in left_out if name in known and capability in known[name].spec.provides
        ]
        for name in missing:
            yield (
                f"{left_out[name]}, but {part.component.name} requires {capability} of it: "
                "if somebody else runs it, write mode: external"
            )
        if missing:
            continue
        yield (
            f"{part.component.name} requires {capability}, which nothing in the stack provides"
            f"{_who_could(capability, known)}"
        )


def _who_could(capability: str, known: Mapping[str, Component]) -> str:
    """Name the components, and the features, that provide a capability."""
    ways = [f"add {name}" for name, part in known.items() if capability in part.spec.provides]
    ways += [
        f"turn on {name}.features.{feature}"
        for name, part in known.items()
        for feature, spec in part.spec.features.items()
        if capability in spec.provides
    ]
    return f": {' or '.join(sorted(ways))}" if ways else ", and no component known does"


def _clashes(part: Chosen, components: Iterable[Chosen]) -> Iterator[str]:
    for other in components:
        if other is part:
            continue
        for capability in sorted(provided(other).intersection(part.component.spec.conflicts)):
            yield (
                f"{part.component.name} cannot share a cluster with {other.component.name}, "
                f"which provides {capability}: take one of them out"
            )


def ordered(components: Iterable[Chosen]) -> tuple[Chosen, ...]:
    """Sort components so that needs come first, by name where nothing else decides."""
    by_name = {part.component.name: part for part in components}
    sorter = TopologicalSorter(edges(by_name.values()))
    sorter.prepare()
    ready: list[str] = []
    result = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        name = ready.pop(0)
        result.append(by_name[name])
        sorter.done(name)
    return tuple(result)


def _cycle(graph: Edges) -> str:
    """Write one circle of needs with the capabilities that tie it, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]  # each before what needs it, the first again at the end
        circle = found[:0:-1]
        first = circle.index(min(circle))
        circle = [*circle[first:], *circle[: first + 1]]
        steps = (f" → {two} ({graph[one][two]})" for one, two in pairwise(circle))
        return circle[0] + "".join(steps)
    return ""
