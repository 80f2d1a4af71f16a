"""Remove what left the bundle, after everything in it is ready.

The same rules as in a teardown protect users' data: what must not go stays, stays recorded, and
is reported.
"""

from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.change.removal import Removal, remove
from stackctl.cluster.change.session import Session
from stackctl.cluster.look.sparing import prunes, staying
from stackctl.model.plan.plan import Plan
from stackctl.model.plan.removal import batches
from stackctl.model.release.release import Provenance
from stackctl.model.run.events import Notice


def prune(session: Session, plan: Plan, made: Provenance, outcome: Outcome) -> None:
    """Delete the plan's prunes in reverse order; fill in what is gone."""
    changes = prunes(plan)
    if not changes:
        return
    # Looked at again: users' objects may have come since the plan was made.
    stays = staying(session.connection, plan, made, session.pool)
    for ref, why in stays.items():
        session.notify(Notice(f"{ref} stays: {why}"))
    going = [change.ref for change in changes if change.ref not in stays]
    live = {each.ref: each.live for each in changes if each.ref not in stays and each.live}
    components = {change.ref: change.component for change in changes}
    remove(session, Removal(live, components), batches(going))
    outcome.pruned.update(going)
