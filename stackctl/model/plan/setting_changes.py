"""Which settings are behind what would change: read at their places, before and after.

So it is seen what a parameter comes to in the cluster, whoever set it, and whatever is recorded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stackctl.model.catalogue.component import Place
from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.parameters import text_of
from stackctl.model.compose.bind import Binder, PlaceError, active
from stackctl.model.compose.embedded import Codec, Formats, formats
from stackctl.model.compose.object_set import Objects
from stackctl.model.objects.paths import MISSING
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.plan import Action, Change, Plan, SettingChange
from stackctl.model.resolve.confidential import confidential
from stackctl.model.resolve.selection import Chosen
from stackctl.secrets import HIDDEN

_CHANGED = frozenset({Action.UPDATE, Action.RECREATE})


def setting_changes(
    plan: Plan, components: Iterable[Chosen], *, yaml: Codec
) -> tuple[SettingChange, ...]:
    """Name each setting whose value in the cluster would be another one."""
    changes: dict[str, list[Change]] = {}
    for change in plan.changes:
        if change.action in _CHANGED and change.differences:
            changes.setdefault(change.component, []).append(change)
    known = formats(yaml)
    return tuple(
        each
        for chosen in components
        if chosen.mode is not Mode.EXTERNAL
        for each in _of(chosen, changes.get(chosen.component.name, ()), known)
    )


def feature_changes(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[SettingChange, ...]:
    """Name the features and sources of which something else is said now: they have no place."""
    named = (key.partition(".") for key in {**before, **after})
    return tuple(
        SettingChange(component, name, before.get(key, ""), after.get(key, ""))
        for component, _, name in named
        if (name.startswith("features.") or name == "source")
        and before.get(key := f"{component}.{name}") != after.get(key)
    )


def _of(chosen: Chosen, changes: Sequence[Change], known: Formats) -> Iterator[SettingChange]:
    if not changes:
        return
    before = _binder(chosen, [each.live for each in changes], known)
    after = _binder(chosen, [each.result for each in changes], known)
    for name, parameter in chosen.component.spec.parameters.items():
        secret = confidential(name, parameter)
        places = active(parameter.places, chosen.features)
        read = ((_read(before, place), _read(after, place), place) for place in places)
        texts = (_texts(old, new, place, secret=secret) for old, new, place in read if old != new)
        # A place that is gone and an empty one say the same of a setting: that it is unset.
        differing = next((pair for pair in texts if secret or pair[0] != pair[1]), None)
        if differing is not None:
            yield SettingChange(chosen.component.name, name, *differing, _wire(chosen, name))


def _wire(chosen: Chosen, name: str) -> str:
    setting = chosen.parameters.get(name)
    wires = setting.wires if setting else ()
    return ", ".join(f"{each.attribute} of {each.provider}" for each in wires)


def _binder(chosen: Chosen, manifests: Iterable[Manifest | None], known: Formats) -> Binder:
    there = (each for each in manifests if each is not None)
    return Binder(Objects(chosen.namespace, there), known)


def _read(binder: Binder, place: Place) -> Any:
    """Return what a place says; nothing, where there is no such place, or it is beyond reading."""
    try:
        return binder.read(place)
    except PlaceError:
        return MISSING


def _texts(old: Any, new: Any, place: Place, *, secret: bool) -> tuple[str, str]:
    if secret:
        return (HIDDEN, HIDDEN)
    return _text(old, place), _text(new, place)


def _text(value: Any, place: Place) -> str:
    """Write a value as `--set` takes it, nothing for what is not there."""
    return "" if value is MISSING or value is None else text_of(value, place.join)
