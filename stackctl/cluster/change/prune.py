"""Remove what left the bundle, after everything in it is ready.

The same rules as in a teardown protect users' data: what must not go stays, stays recorded, and
is reported.
"""

from concurrent.futures import Executor
from dataclasses import replace

from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.change.removal import Removal, remove
from stackctl.cluster.change.session import Session
from stackctl.cluster.connection import Connection
from stackctl.cluster.look.removal_impact import look
from stackctl.model.objects.refs import Ref
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.plan.removal import batches, spared
from stackctl.model.release.release import Provenance
from stackctl.model.run.events import Notice


def spare(connection: Connection, plan: Plan, made: Provenance, pool: Executor) -> Plan:
    """Return a plan without the prunes of what must not go."""
    stays = _staying(connection, plan, made, pool)
    if not stays:
        return plan

    def spared(change: Change) -> Change:
        if change.ref not in stays:
            return change
        return replace(change, action=Action.UNCHANGED, reason=f"stays: {stays[change.ref]}")

    return replace(plan, changes=tuple(spared(change) for change in plan.changes))


def prune(session: Session, plan: Plan, made: Provenance, outcome: Outcome) -> None:
    """Delete the plan's prunes in reverse order; fill in what is gone."""
    changes = _prunes(plan)
    if not changes:
        return
    # Looked at again: users' objects may have come since the plan was made.
    stays = _staying(session.connection, plan, made, session.pool)
    for ref, why in stays.items():
        session.notify(Notice(f"{ref} stays: {why}"))
    going = [change.ref for change in changes if change.ref not in stays]
    live = {each.ref: each.live for each in changes if each.ref not in stays and each.live}
    components = {change.ref: change.component for change in changes}
    remove(session, Removal(live, components), batches(going))
    outcome.pruned.update(going)


def _prunes(plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.action is Action.PRUNE]


def _staying(
    connection: Connection, plan: Plan, made: Provenance, pool: Executor
) -> dict[Ref, str]:
    refs = [change.ref for change in _prunes(plan)]
    if not refs:
        return {}
    survey = look(connection, plan.stack, refs, (), pool)
    return {each.ref: each.why for each in spared(refs, survey, made=made)}
