"""Gives objects back: they stay on the cluster as they are and are no longer ours.

Which objects that are is decided in the plan.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from stackctl.cluster.change.apply_object import ATTEMPTS
from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.change.session import Session
from stackctl.errors import ConflictError, Forbidden, Invalid, NotFound, NotServed, StaleWrite
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.managed_fields import disowning_patch
from stackctl.model.ownership.ownership import own_entry
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.run.events import Notice, ObjectDone


def disown(session: Session, plan: Plan, outcome: Outcome) -> None:
    """Take our labels and claims off what somebody else looks after from now on."""
    changes = [change for change in plan.changes if change.action is Action.RELEASE]
    for change in session.pool.map(lambda each: _disown(session, each), changes):
        outcome.pruned.add(change.ref)
        session.notify(ObjectDone(change.component, change.ref, change.action))


def _disown(session: Session, change: Change) -> Change:
    if change.live is not None:
        disown_object(session, change.ref, change.live)
    return change


def disown_object(session: Session, ref: Ref, seen: Mapping[str, Any]) -> None:
    """Take our labels and claims off one object, if it is still the one that was seen."""
    session.begin(ref)
    found = session.connection.discovery.address(ref.group, ref.kind)
    if found is None:
        raise NotServed(f"{ref}: its kind is not served any more", status=404)
    path = found.path(ref.namespace, ref.name)
    client = session.connection.client
    for _ in range(ATTEMPTS):
        live = client.get(path, metadata_only=True)
        if live is None or live["metadata"].get("uid") != seen["metadata"].get("uid"):
            return
        with suppress(NotFound, StaleWrite, Invalid):  # a test that fails is answered with 422
            client.patch(path, disowning_patch(live, session.sender.stack), kind="json")
            return
    raise ConflictError(f"{ref}: cannot be given back, somebody writes to it all the time")


def disown_namespaces(session: Session, namespaces: Iterable[Ref]) -> None:
    """Take all that we wrote on namespaces of others off them."""
    client, stack = session.connection.client, session.sender.stack
    for ref in namespaces:
        session.begin(ref)
        path = f"/api/v1/namespaces/{ref.name}"
        try:
            live = client.get(path, metadata_only=True)
            entry = own_entry(live, stack) if live is not None else None
            if live is not None and entry is not None:
                # Applying nothing takes away what nobody but us wants.
                metadata = {"name": ref.name, "uid": live["metadata"]["uid"]}
                nothing = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
                client.apply(path, nothing, manager=entry["manager"])
        except (NotFound, StaleWrite):
            continue  # it is gone, or another one
        except Forbidden as refusal:
            session.notify(Notice(f"{refusal}; what we wrote on {ref} stays there"))
