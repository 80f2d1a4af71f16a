"""What `--set` says: which parameter gets which value, as texts, and what of that may be shown.

Whether a component has such a parameter, and what the text means, is for `resolve`.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stackctl.model.catalogue.component import Component
from stackctl.model.catalogue.parameters import parameters_of, parsed
from stackctl.model.catalogue.profile import Choice
from stackctl.model.catalogue.source import Source
from stackctl.model.resolve.chosen_source import SOURCE, asked_source
from stackctl.secrets import HIDDEN, secretive


@dataclass(frozen=True, slots=True)
class KeptOverrides:
    """What `--set` said up to a revision, and what holds on where it is not said anew."""

    revision: int
    sets: Mapping[str, str]
    hidden: frozenset[str] = frozenset()  # keys of what was recorded apart, for it is secret

    def except_for(self, texts: Iterable[str]) -> dict[str, str]:
        """Leave out what is said anew."""
        again = merge(texts)
        return {key: self.sets[key] for key in merge(texts, self.sets) if key not in again}

    def without(self, keys: Container[str]) -> "KeptOverrides":
        """Leave out what does not hold on."""
        return replace(self, sets={k: v for k, v in self.sets.items() if k not in keys})

    def only(self, keys: Container[str]) -> dict[str, str]:
        """Choose some of it; of what is secret, that it is set."""
        hidden = shown(self.sets, self.hidden)
        return {key: value for key, value in hidden.items() if key in keys}


def component_of(key: str) -> str:
    """Return the component that a key is of, such as spark-operator.workers."""
    return key.partition(".")[0]


def merge(texts: Iterable[str], over: Mapping[str, str] | None = None) -> dict[str, str]:
    """Take `component.path=value` apart; later beats earlier, and a whole map all keys of it."""
    before = [f"{key}={value}" for key, value in (over or {}).items()]
    split = (text.partition("=") for text in standing([*before, *texts]))
    return {key: value for key, _, value in split}


def standing(texts: Iterable[str]) -> list[str]:
    """Leave out what something later beats, by the same rule."""
    found: list[str] = []
    for text in texts:
        key = text.partition("=")[0]
        found = [each for each in found if not _beats(key, each.partition("=")[0])]
        found.append(text)
    return found


def _beats(key: str, other: str) -> bool:
    return other == key or other.startswith(f"{key}.")


def chosen_by(components: Mapping[str, Component], texts: Iterable[str]) -> dict[str, Choice]:
    """Say what overrides say, which have been found right, as a file says it."""
    parameters: dict[str, dict[str, Any]] = {}
    features: dict[str, dict[str, bool]] = {}
    sources: dict[str, Source] = {}
    for key, text in merge(texts).items():
        name, _, path = key.partition(".")
        first, _, rest = path.partition(".")
        if first == "features":
            features.setdefault(name, {})[rest] = text == "true"
            continue
        if path == SOURCE:
            if (source := asked_source(text)) is not None:
                sources[name] = source
            continue
        there = parameters.setdefault(name, {})
        if rest:
            laid = {rest: None if text == "null" else text}
            there[first] = {**(there.get(first) or {}), **laid}
        else:
            there[first] = parsed(parameters_of(components[name])[first], text)
    return {
        name: Choice(
            source=sources.get(name),
            parameters=parameters.get(name, {}),
            features=features.get(name, {}),
        )
        for name in sorted({*parameters, *features, *sources})
    }


def shown(sets: Mapping[str, str], secret: Container[str] = ()) -> dict[str, str]:
    """Hide the values of parameters that are secret, or called so."""
    return {
        key: HIDDEN if key in secret or secretive(key) else value for key, value in sets.items()
    }


def spoken(sets: Mapping[str, str], secret: Container[str] = ()) -> str:
    """Write what is set as one would type it, secrets hidden."""
    return ", ".join(f"{key}={value}" for key, value in shown(sets, secret).items())
