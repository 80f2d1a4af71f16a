"""What `--set` says: which parameter gets which value, as texts, and what of that may be shown.

Whether a component has such a parameter, and what the text means, is for `resolve`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Parameters whose values are not repeated, by what they are called.
_SECRET = re.compile(
    r"pass(word|wd|phrase)|secret|token|credential|(api|access|private).?key", re.I
)
HIDDEN = "<masked>"


@dataclass(frozen=True, slots=True)
class Kept:
    """What `--set` said up to a revision, and what holds on where it is not said anew."""

    revision: int
    sets: Mapping[str, str]

    def beside(self, texts: Iterable[str]) -> dict[str, str]:
        """Leave out what is said anew."""
        again = laid(texts)
        return {key: self.sets[key] for key in laid(texts, self.sets) if key not in again}


def laid(texts: Iterable[str], over: Mapping[str, str] | None = None) -> dict[str, str]:
    """Take `component.path=value` apart; later beats earlier, and a whole map all keys of it."""
    found = dict(over or {})
    for text in texts:
        key, _, value = text.partition("=")
        found = {k: v for k, v in found.items() if k != key and not k.startswith(f"{key}.")}
        found[key] = value
    return found


def shown(sets: Mapping[str, str]) -> dict[str, str]:
    """Hide the values of parameters that are called like secrets."""
    return {key: HIDDEN if secretive(key) else value for key, value in sets.items()}


def spoken(sets: Mapping[str, str]) -> str:
    """Write what is set as one would type it, secrets hidden."""
    return ", ".join(f"{key}={value}" for key, value in shown(sets).items())


def secretive(key: str) -> bool:
    """Tell a parameter that is called like a secret."""
    return _SECRET.search(key) is not None
