"""Which fields of an object are not what was applied to it: their values, by whom, and when.

The API server takes a field out of our entry in managedFields as soon as anybody writes another
value to it, or takes it away. That an object has drifted at all is told by `plan.drifted`, from
metadata alone; this takes the object, and what was applied to it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackctl.model.catalogue.component import Place
from stackctl.model.compose.diff import MISSING, Difference, differences
from stackctl.model.objects import paths
from stackctl.model.objects.merge import OverlayError, overlay, patched
from stackctl.model.objects.refs import FIELD_MANAGER, Manifest
from stackctl.model.ownership.conflict_policy import spelled
from stackctl.model.ownership.field_sets import Fields
from stackctl.model.ownership.ownership import Verdict, own_entry, verdict
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Drift

NOBODY = ""  # whoever took a field away holds nothing by which the server would remember them


def drift_of(
    live: Manifest, applied: Manifest, stack: StackId, secrets: Sequence[Place] = ()
) -> tuple[Drift, ...] | None:
    """Compare an object with what was applied; a drift for each manager that changed something.

    What a controller holds is not drift. None: no value differs, so that only who holds the
    fields has changed.
    """
    own = (own_entry(live, stack) or {}).get("fieldsV1") or {}
    found: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    differing = False
    for each in differences(_restored(live, applied), live, secrets):
        path = paths.parse(each.path)
        if each.old == MISSING or _claims(own, path, live):
            continue
        differing = True
        holder = _holder(live, path, stack)
        field, through = spelled(each.path), holder.subresource
        if verdict(live["kind"], field, holder.manager, through) is not Verdict.YIELD:
            found[holder.manager, holder.time].append(each)
    if not differing:
        return None
    return tuple(
        Drift(manager, time, tuple(each.path for each in fields), tuple(fields))
        for (manager, time), fields in found.items()
    )


def refusing(kind: str, drifts: Iterable[Drift]) -> frozenset[str]:
    """Choose, of those who changed an object, who has to be taken over for it to be put back."""
    return frozenset(
        each.manager
        for each in drifts
        for path in each.fields
        if each.manager and verdict(kind, spelled(path), each.manager) is Verdict.REFUSE
    )


def _restored(live: Manifest, applied: Manifest) -> Manifest:
    """Lay what was applied over an object."""
    try:
        return patched(live, applied)
    except OverlayError:
        merged: Manifest = overlay(live, applied)
        return merged


@dataclass(frozen=True, order=True, slots=True)
class _Holder:
    """Who wrote to a field last, when, and through what."""

    time: str = ""
    manager: str = NOBODY
    subresource: str = ""


def _holder(live: Manifest, path: paths.Path, stack: StackId) -> _Holder:
    entries = (
        _Holder(*(str(each.get(key) or "") for key in ("time", "manager", "subresource")))
        for each in live["metadata"].get("managedFields") or ()
        if each.get("manager") not in (stack.manager, FIELD_MANAGER)
        and _claims(each.get("fieldsV1") or {}, path, live)
    )
    return max(entries, default=_Holder())


def _claims(fields: Fields, path: paths.Path, live: Any) -> bool:
    """Tell whether a set of fields has one, or the whole that it is in, or a part of it."""
    for step in path:
        if not fields:
            return True  # the whole is claimed
        live = _part(live, step)
        inner = _inside(fields, step, live)
        if inner is None:
            return False
        fields = inner
    return True


def _part(value: Any, step: paths.Step) -> Any:
    """Go one step into an object; nothing where it does not go on."""
    match step, value:
        case str(), dict():
            return value.get(step)
        case paths.Match(key, wanted), list():
            parts = (each for each in value if isinstance(each, dict))
            return next((each for each in parts if str(each.get(key)) == wanted), None)
    return None


def _inside(fields: Mapping[str, Any], step: paths.Step, item: Any) -> Mapping[str, Any] | None:
    match step:
        case str():
            return fields.get(f"f:{step}")
        case paths.Match(key, value):
            # The server may tell items by other keys than we: ports by number and protocol.
            keys = item if isinstance(item, dict) else {key: value}
            for name, inner in fields.items():
                if name.startswith("k:") and _fits(json.loads(name[2:]), keys):
                    return dict(inner)
        case int() if any(name.startswith("v:") for name in fields):
            return {}  # of a set, which is told by its values
    return None


def _fits(named: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    return all(str(item.get(key)) == str(value) for key, value in named.items())
