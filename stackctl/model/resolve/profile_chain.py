"""Which profiles make up a profile, base first: what it extends, its mixins, itself.

What their settings come to when laid over each other is `resolve`'s part.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
    adjust: Mapping[str, Choice] = field(default_factory=dict)  # of components that are there
    accepts: Mapping[str, Any] = field(default_factory=dict)

    def origin(self, *at: str | int) -> Origin:
        """Return where a path below `spec` is written, or what encloses it.

        What is said of a component may be said in `adjust` as well.
        """
        instead = ("spec", "adjust", *at[1:])
        found = instead if at[0] == "components" and instead in self.lines else ("spec", *at)
        return origin_of(self.path, self.lines, found)


def layer_of(file: Profile | StackFile) -> Layer:
    """Take what a file contributes."""
    requires = file.requires if isinstance(file, Profile) else {}
    adjust = file.adjust if isinstance(file, Profile) else {}
    parts = file.components, file.settings, requires, file.lines, adjust, file.accepts
    return Layer(file.path, *parts)


def chain_of(
    catalogue: Catalogue, name: str, stack: StackFile | None = None
) -> tuple[Profile, ...]:
    """Return the profiles a profile consists of, base first, each once.

    `NAME+MIXIN+MIXIN` lays mixins over a profile; a stack file may be what names them.

    Raises:
        ConfigError: one is missing, extends itself, or two mixins set one key.
    """
    first, *more = name.split("+")
    file = layer_of(stack) if stack and stack.profile == name else None
    if file and first not in catalogue.profiles:
        known = did_you_mean(first, catalogue.profiles)
        raise ConfigError(
            f"{file.origin('profile')}: spec.profile: no profile is called {first}{known}",
            hint="stackctl profiles lists them; --catalog DIR adds those of your own",
        )
    chain: dict[str, Profile] = {}
    for profile in reversed(_ancestry(catalogue, catalogue.profile(first))):
        found = [
            _mixin(catalogue, mixin, f"{layer_of(profile).origin('mixins', index)}: spec.mixins: ")
            for index, mixin in enumerate(profile.mixins)
        ]
        _agree(f"profile {profile.name}", found, f"set the key in {profile.path}")
        for part in (*found, profile):
            chain.setdefault(part.name, part)
    said = _saying_mixins(file, len(more)) if file else [f"profile {name}: "] * len(more)
    laid = [_mixin(catalogue, *each) for each in zip(more, said, strict=True)]
    _agree(f"profile {name}", laid, "set the key in a profile or stack file")
    for part in laid:
        if part.name in chain:
            raise ConfigError(f"profile {name}: {part.name} is part of it already")
        chain[part.name] = part
    return tuple(chain.values())


def _saying_mixins(file: Layer, count: int) -> list[str]:
    """Name the place of each mixin in a stack file: behind a plus in `profile`, or in `mixins`."""
    listed = sum(at[:2] == ("spec", "mixins") and len(at) == 3 for at in file.lines)
    places = [(file.origin("profile"), "profile")] * (count - listed)
    places += [(file.origin("mixins", index), "mixins") for index in range(listed)]
    return [f"{origin}: spec.{key}: " for origin, key in places]


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


def _mixin(catalogue: Catalogue, name: str, where: str) -> Profile:
    if name not in catalogue.profiles:
        known = did_you_mean(name, catalogue.profiles)
        raise ConfigError(f"{where}no profile is called {name}{known}")
    mixin = catalogue.profiles[name]
    if mixin.extends or mixin.mixins:
        raise ConfigError(
            f"{where}{name} builds on other profiles, a mixin stands alone",
            hint=f"extend {name} in a profile of your own, or take extends and mixins out of it",
        )
    return mixin


def _agree(whose: str, mixins: list[Profile], instead: str) -> None:
    """Refuse two mixins that set one key: neither of them is the stronger."""
    problems = []
    for first, second in combinations(mixins, 2):
        theirs = set(_keys(second))
        for key in _keys(first):
            clash = next((other for other in theirs if _overlap(key, other)), None)
            if clash:
                ours, others = _origin(first, key), _origin(second, clash)
                problems.append(f"{ours}: spec.{_shown(key)}: set in {others} as well")
    if problems:
        raise ConfigError.listing(
            f"the mixins of {whose} disagree:",
            problems,
            hint=f"{instead}, and in one mixin at most",
        )


def _origin(profile: Profile, key: Key) -> Origin:
    """Return where a key is written; one of a patch begins with the place of the patch."""
    if key[2:3] != ("patches",):
        return layer_of(profile).origin(*key)
    choices = (profile.components.get(key[1]), profile.adjust.get(key[1]))
    patches = (pair for each in choices if each for pair in enumerate(each.patches))
    for index, patch in patches:
        if key[3] == _titled(patch):
            return layer_of(profile).origin(*key[:3], index, *_indexed(patch, key[4:]))
    return layer_of(profile).origin(*key[:3])


def _indexed(value: Any, key: Key) -> Iterator[str | int]:
    """Turn the steps of a key into those of a path: elements of lists are counted there."""
    for step in key:
        if isinstance(value, list):
            index = next(i for i, item in enumerate(value) if _element(item) == step)
            value = value[index]
            yield index
        else:
            value = value[step]
            yield step


def _shown(key: Key) -> str:
    return ".".join(key)


def _overlap(one: Key, other: Key) -> bool:
    """Tell whether two keys are the same, or one lies inside the other."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _keys(profile: Profile) -> Iterator[Key]:
    """Yield every key a profile sets."""
    for name, choice in (*profile.components.items(), *profile.adjust.items()):
        yield from ((("components", name, *key)) for key in _choice_keys(choice))
    yield from _leaves(profile.settings, ("settings",))
    yield from _leaves(profile.requires, ("requires",))
    yield from _leaves(profile.accepts, ("accepts",))
    if profile.record.namespace is not None:
        yield ("record", "namespace")


def _choice_keys(choice: Choice | None) -> Iterator[Key]:
    if choice is None:
        yield ()
        return
    for name in ("version", "mode"):
        if getattr(choice, name) is not None:
            yield (name,)
    if choice.source is not None:
        yield ("source",)
    yield from _leaves(choice.values, ("values",)) if choice.values else ()
    for name in ("parameters", "features", "attributes"):
        yield from _leaves(getattr(choice, name), (name,))
    for patch in choice.patches:
        yield from _patch_leaves(patch, ("patches", _titled(patch)))


def _titled(patch: Any) -> str:
    """Name the object that a patch is of."""
    metadata = patch.get("metadata") or {}
    whole = (patch.get("kind"), metadata.get("namespace"), metadata.get("name"))
    return "/".join(str(part) for part in whole if part)


_IDENTITY = frozenset({("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")})


def _patch_leaves(value: Any, at: Key) -> Iterator[Key]:
    """Yield what a patch sets; elements that have a name are laid over each other by it."""
    if at[2:] in _IDENTITY:
        return
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _patch_leaves(item, (*at, key))
    elif isinstance(value, list) and value and all(map(_element, value)):
        for item in value:
            named = {key: each for key, each in item.items() if key not in _NAMES}
            yield from _patch_leaves(named, (*at, _element(item)))
    else:
        yield at


_NAMES = ("name", "mountPath", "containerPort")  # by which Kubernetes tells elements apart


def _element(item: Any) -> str:
    """Return what an element of a list is called; empty where it has no name."""
    found = item if isinstance(item, dict) else {}
    return next((str(found[key]) for key in _NAMES if key in found), "")


def _leaves(value: Any, at: Key) -> Iterator[Key]:
    if not isinstance(value, Mapping):
        yield at
        return
    for key, item in value.items():
        yield from _leaves(item, (*at, key))
