"""Fields that a server filled in beside a choice and that are in the way of another one.

Nobody owns such a field, so no apply that leaves it out takes it away: `rollingUpdate` stays
beside `type: RollingUpdate` when that becomes `Recreate`. Claimed first, it goes with the apply.
In items of lists a field is sent as empty instead: whoever else holds it is named by the server.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.field_sets import claimed, overlap

Names = tuple[str, ...]
_INDEX = re.compile(r"\[[^\]]*\]")


def in_the_way(
    live: Manifest, manifest: Manifest, causes: Sequence[Mapping[str, str]]
) -> tuple[Names, ...]:
    """Return the fields for which a server refuses an object that does not even name them.

    None where it refuses anything else as well, or where anybody owns a part of one.
    """
    found: list[Names] = []
    for cause in causes:
        field = _field(cause.get("field", ""))
        if not field or not _is_filled_in(live, manifest, field):
            return ()
        found.append(field)
    return tuple(dict.fromkeys(found))


def claim_of(live: Manifest, fields: Sequence[Names]) -> dict[str, Any]:
    """Write a claim to fields as they stand, as an entry of managedFields has it."""
    claim: dict[str, Any] = {}
    for field in fields:
        inner = claim
        for name in field[:-1]:
            inner = inner.setdefault(f"f:{name}", {})
        inner[f"f:{field[-1]}"] = _parts(paths.get(live, field))
    return claim


def chosen_anew(after: Manifest, manifest: Manifest, fields: Sequence[Names]) -> Manifest:
    """Put what a manifest chooses in place of the choices that fields were filled in beside."""
    for field in fields:
        beside = field[:-1]
        there = paths.get(after, beside, {}) or {}
        kept = {key: value for key, value in there.items() if key != field[-1]}
        after = paths.put(after, beside, kept | paths.get(manifest, beside))
    return after


def without_choices(manifest: Manifest, fields: Sequence[Names]) -> Manifest:
    """Leave out of a manifest the choices that fields were filled in beside."""
    for beside in {field[:-1] for field in fields}:
        manifest = paths.remove(manifest, beside)
    return manifest


def emptied(
    live: Manifest, manifest: Manifest, causes: Sequence[Mapping[str, str]]
) -> Manifest | None:
    """Say of items of lists, where a server refuses what they choose, what they no longer are.

    None where there is nothing to say. `volumes[0].configMap` beside an `emptyDir` that is there:
    whether that is nobody's or another's, it is to go, and it is for the server to say whose.
    """
    result = manifest
    for cause in causes:
        names = tuple(_INDEX.sub("", cause.get("field", "")).split("."))
        if "[" in cause.get("field", ""):
            result = _emptied(live, result, names[:-1])
    return result if result != manifest else None


def _emptied(live: Any, wanted: Any, names: Names) -> Any:
    """Set what is only there to null in every value of a name, item by item of the same name."""
    if isinstance(live, list) and isinstance(wanted, list):
        there = {each["name"]: each for each in live if isinstance(each, dict) and "name" in each}
        return [
            _emptied(there[each["name"]], each, names)
            if isinstance(each, dict) and each.get("name") in there
            else each
            for each in wanted
        ]
    if not (isinstance(live, dict) and isinstance(wanted, dict)):
        return wanted
    if not names:
        gone = {key: None for key in live if key not in wanted}
        return wanted | gone if {*wanted} - {*live} else wanted
    if names[0] not in live or names[0] not in wanted:
        return wanted
    inner = _emptied(live[names[0]], wanted[names[0]], names[1:])
    return wanted | {names[0]: inner}


def _is_filled_in(live: Manifest, manifest: Manifest, field: Names) -> bool:
    """Tell a field that is there, beside something chosen now, and by nobody's will."""
    chosen = paths.get(manifest, field[:-1], None)
    there = paths.exists(live, field) and not paths.exists(manifest, field)
    own = claimed(live["metadata"].get("managedFields") or ())
    return (
        isinstance(chosen, dict)
        and there
        and not overlap(own, [tuple(f"f:{name}" for name in field)])
    )


def _field(text: str) -> Names:
    """Read a field as a server names it; nothing of one that is in a list."""
    return () if "[" in text or "." not in text else tuple(text.split("."))


def _parts(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {}
    return {".": {}} | {f"f:{name}": _parts(item) for name, item in value.items()}
