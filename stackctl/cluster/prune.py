"""Remove what left the bundle, after everything in it is ready.

The same rules as in a teardown protect users' data: what must not go stays, stays recorded, and
is reported.
"""

from stackctl.cluster.apply import Outcome
from stackctl.cluster.removal import Removal, remove
from stackctl.cluster.session import Session
from stackctl.cluster.survey import look
from stackctl.model.events import Notice
from stackctl.model.plan import Action, Plan
from stackctl.model.removal import phases, spared


def prune(session: Session, plan: Plan, outcome: Outcome) -> None:
    """Delete the plan's prunes in reverse order; fill in what is gone."""
    changes = [change for change in plan.changes if change.action is Action.PRUNE]
    if not changes:
        return
    refs = [change.ref for change in changes]
    survey = look(session.connection, plan.stack, refs, (), session.pool)
    stays = spared(refs, survey, created=set(refs))
    for each in stays:
        session.notify(Notice(f"{each.ref} stays: {each.why}"))
    kept = {each.ref for each in stays}
    going = [ref for ref in refs if ref not in kept]
    live = {change.ref: change.live for change in changes if change.live is not None}
    components = {change.ref: change.component for change in changes}
    remove(session, Removal(live, components, "pruned"), phases(going))
    outcome.pruned.update(going)
