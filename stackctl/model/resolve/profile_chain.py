"""Which profiles make up a profile, base first: what it extends, its mixins, itself.

What their settings come to when laid over each other is `resolve`'s part.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import Catalogue
from stackctl.model.catalogue.profile import Choice, Lines, Origin, Profile, StackFile, origin_of
from stackctl.model.shapes.suggest import did_you_mean

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file contributes: a profile of the chain, or the stack file."""

    path: str
    components: Mapping[str, Choice | None]
    settings: Mapping[str, Any]
    requires: Mapping[str, Any]
    lines: Lines

    def origin(self, *at: str | int) -> Origin:
        """Return where a path below `spec` is written, or what encloses it."""
        return origin_of(self.path, self.lines, ("spec", *at))


def layer_of(file: Profile | StackFile) -> Layer:
    """Take what a file contributes."""
    requires = file.requires if isinstance(file, Profile) else {}
    return Layer(file.path, file.components, file.settings, requires, file.lines)


def chain_of(catalogue: Catalogue, name: str) -> tuple[Profile, ...]:
    """Return the profiles a profile consists of, base first, each once.

    Raises:
        ConfigError: one is missing, extends itself, or two mixins set one key.
    """
    chain: dict[str, Profile] = {}
    for profile in reversed(_ancestry(catalogue, catalogue.profile(name))):
        mixins = [_mixin(catalogue, profile, mixin) for mixin in profile.mixins]
        _agree(profile, mixins)
        for part in (*mixins, profile):
            chain.setdefault(part.name, part)
    return tuple(chain.values())


def _ancestry(catalogue: Catalogue, profile: Profile) -> list[Profile]:
    """Follow `extends`, the profile itself first."""
    found = [profile]
    while (parent := found[-1].extends) is not None:
        child = found[-1]
        where = layer_of(child).origin("extends")
        if parent not in catalogue.profiles:
            known = did_you_mean(parent, catalogue.profiles)
            raise ConfigError(f"{where}: spec.extends: no profile is called {parent}{known}")
        names = [each.name for each in found]
        if parent in names:
            path = " → ".join([*names[names.index(parent) :], parent])
            raise ConfigError(f"{where}: spec.extends: a profile cannot extend itself: {path}")
        found.append(catalogue.profiles[parent])
    return found


def _mixin(catalogue: Catalogue, profile: Profile, name: str) -> Profile:
    where = layer_of(profile).origin("mixins", profile.mixins.index(name))
    if name not in catalogue.profiles:
        known = did_you_mean(name, catalogue.profiles)
        raise ConfigError(f"{where}: spec.mixins: no profile is called {name}{known}")
    mixin = catalogue.profiles[name]
    if mixin.extends or mixin.mixins:
        raise ConfigError(
            f"{where}: spec.mixins: {name} builds on other profiles, a mixin stands alone",
            hint=f"make {profile.name} extend {name}, or take extends and mixins out of it",
        )
    return mixin


def _agree(profile: Profile, mixins: list[Profile]) -> None:
    """Refuse two mixins that set one key: neither of them is the stronger."""
    problems = []
    for first, second in combinations(mixins, 2):
        theirs = set(_keys(second))
        for key in _keys(first):
            clash = next((other for other in theirs if _overlap(key, other)), None)
            if clash:
                ours, others = layer_of(first).origin(*key), layer_of(second).origin(*clash)
                problems.append(f"{ours}: spec.{'.'.join(key)}: set in {others} as well")
    if problems:
        raise ConfigError.listing(
            f"the mixins of profile {profile.name} disagree:",
            problems,
            hint=f"set the key in {profile.path}, and in one mixin at most",
        )


def _overlap(one: Key, other: Key) -> bool:
    """Tell whether two keys are the same, or one lies inside the other."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _keys(profile: Profile) -> Iterator[Key]:
    """Yield every key a profile sets."""
    for name, choice in profile.components.items():
        yield from ((("components", name, *key)) for key in _choice_keys(choice))
    yield from _leaves(profile.settings, ("settings",))
    yield from _leaves(profile.requires, ("requires",))
    if profile.record.namespace is not None:
        yield ("record", "namespace")


def _choice_keys(choice: Choice | None) -> Iterator[Key]:
    if choice is None:
        yield ()
        return
    for name in ("version", "mode"):
        if getattr(choice, name) is not None:
            yield (name,)
    yield from (("parameters", key) for key in choice.parameters)
    yield from (("features", key) for key in choice.features)


def _leaves(value: Any, at: Key) -> Iterator[Key]:
    if not isinstance(value, dict):
        yield at
        return
    for key, item in value.items():
        yield from _leaves(item, (*at, key))
