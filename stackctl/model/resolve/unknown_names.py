"""Names in a profile or a stack file that nobody knows, where the file is not right otherwise.

Of a file that is, `resolve` tells them, with all that it knows then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackctl.model.catalogue.component import Component
from stackctl.model.catalogue.parameters import parameters_of
from stackctl.model.shapes.decode import At, Problem, as_map
from stackctl.model.shapes.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What profiles and components are called, as far as their files are."""

    profiles: frozenset[str] = field(default_factory=frozenset)
    # With what can be set of each, where that is known: parameters, features.
    components: Mapping[str, Component | None] = field(default_factory=dict)


def unknown_names(raw: Any, known: KnownNames) -> Iterator[Problem]:
    """Yield the names in what a file holds, as far as it has the shape, that nobody has."""
    spec = as_map(as_map(raw).get("spec"))
    yield from _profiles(spec, known.profiles)
    for part in ("components", "adjust"):
        for name, choice in as_map(spec.get(part)).items():
            at: At = ("spec", part, name)
            if component := known.components.get(name):
                yield from _settings(at, component, as_map(choice))
            elif name not in known.components and not as_map(choice).get("source"):
                yield _unknown(at, "component", name, known.components)


def _settings(at: At, component: Component, choice: Mapping[str, Any]) -> Iterator[Problem]:
    there = {"parameters": parameters_of(component), "features": component.spec.features}
    for key, known in there.items():
        for name in as_map(choice.get(key)):
            if name not in known:
                what = f"{component.name} has no such {key[:-1]}{did_you_mean(name, known)}"
                yield Problem((*at, key, name), what)


def _profiles(spec: Mapping[str, Any], known: frozenset[str]) -> Iterator[Problem]:
    for key in ("profile", "extends"):
        if isinstance(name := spec.get(key), str):
            for each in name.split("+"):
                yield from _profile(("spec", key), each, known)
    mixins = spec.get("mixins")
    for index, name in enumerate(mixins if isinstance(mixins, list) else ()):
        yield from _profile(("spec", "mixins", index), name, known)


def _profile(at: At, name: Any, known: frozenset[str]) -> Iterator[Problem]:
    if isinstance(name, str) and name and name not in known:
        yield _unknown(at, "profile", name, known)


def _unknown(at: At, what: str, name: Any, known: Iterable[str]) -> Problem:
    return Problem(at, f"no {what} is called {name}{did_you_mean(str(name), sorted(known))}")
