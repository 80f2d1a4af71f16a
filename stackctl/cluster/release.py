"""Gives objects back: they stay on the cluster as they are and are no longer ours.

Which objects that are is decided in the plan.
"""

from stackctl.cluster.apply import Outcome
from stackctl.cluster.session import Session
from stackctl.errors import NotFound
from stackctl.model.events import ObjectDone
from stackctl.model.objects import Manifest
from stackctl.model.plan import Action, Change, Plan
from stackctl.model.takeover import letting_go


def release(session: Session, plan: Plan, outcome: Outcome) -> None:
    """Take our labels and claims off what somebody else looks after from now on."""
    changes = [change for change in plan.changes if change.action is Action.RELEASE]
    for change in session.pool.map(lambda each: _release(session, each), changes):
        outcome.pruned.add(change.ref)
        session.notify(ObjectDone(change.component, change.ref, "released"))


def _release(session: Session, change: Change) -> Change:
    ref, discovery = change.ref, session.connection.discovery
    session.begin(ref)
    found = discovery.find(ref.group, ref.kind)
    if found is None or change.live is None:
        return change  # its kind is gone, and so is the object
    path = found.path(ref.namespace, ref.name)
    live: Manifest | None = session.connection.client.get(path, metadata_only=True)
    if live is not None and live["metadata"].get("uid") == change.live["metadata"].get("uid"):
        try:
            session.connection.client.patch(path, letting_go(live), kind="json")
        except NotFound:
            return change
    return change
