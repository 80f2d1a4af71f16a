"""Refuses definitions that would make stored objects unreadable."""

from collections.abc import Iterable
from concurrent.futures import Executor

from stackctl.cluster.connection import Connection
from stackctl.errors import ConflictError
from stackctl.model.definitions import lost
from stackctl.model.objects import Manifest, ref_of
from stackctl.model.plan import Action, Plan


def require_safe(connection: Connection, plan: Plan, pool: Executor) -> None:
    """Look at every definition that the plan changes.

    Raises:
        ConflictError: objects would be lost; each reason is named and nothing was touched.
    """
    wanted = [
        change.desired
        for change in plan.changes
        if change.ref.kind == "CustomResourceDefinition"
        and change.action is not Action.CREATE
        and change.action is not Action.UNCHANGED
        and change.desired is not None
    ]
    reasons = [
        reason
        for each in pool.map(lambda crd: _reasons(connection, crd), wanted)
        for reason in each
    ]
    if reasons:
        raise ConflictError("\n".join(["stored objects would be lost:", *reasons]))


def _reasons(connection: Connection, wanted: Manifest) -> Iterable[str]:
    live = connection.client.get(connection.discovery.path_of(wanted))
    return [f"  {ref_of(wanted)}: {reason}" for reason in lost(live, wanted)] if live else []
