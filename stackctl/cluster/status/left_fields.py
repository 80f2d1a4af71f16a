"""Fields that the last run left to others: what is in them now, of the few objects that have any.

Which those are is recorded; what is left to whom is decided in `model.ownership`.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from stackctl.cluster.connection import Connection
from stackctl.errors import AccessDenied
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.field_sets import value_at
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.plan.plan import HeldValue
from stackctl.model.release.release import Entry, LeftField, as_recorded

_MASKED = "<masked"


def still_left(
    connection: Connection, entries: Iterable[Entry]
) -> dict[Ref, tuple[HeldValue, ...]]:
    """Read what is in fields that were left to others, where it is not what was wanted."""
    found = {}
    for entry in entries:
        if entry.left and (live := _read(connection, entry.ref)) is not None:
            found[entry.ref] = tuple(
                held
                for each in entry.left
                if as_recorded((held := _held(each, live)).live) != each.wanted
            )
    return found


def _read(connection: Connection, ref: Ref) -> Manifest | None:
    """Read an object; None where it is gone, or not for us to see."""
    resource = connection.discovery.find(ref.group, ref.kind)
    if resource is None:
        return None
    with suppress(AccessDenied):
        return connection.client.get(resource.path(ref.namespace, ref.name))
    return None


def _held(left: LeftField, live: Manifest) -> HeldValue:
    wanted = _value(left.wanted)
    # What was masked when it was recorded is not shown of the cluster either.
    secret = live.get("kind") == "Secret" or (isinstance(wanted, str) and _MASKED in wanted)
    now = "<masked>" if secret else value_at(live, left.field)
    return HeldValue(left.manager, left.field, Verdict.YIELD, wanted=wanted, live=now)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # only its beginning is recorded
