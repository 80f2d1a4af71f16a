"""Go back to what an earlier revision applied, by the same line as a deploy."""

import time
from collections.abc import Sequence
from dataclasses import replace

from stackctl.actions.execute_plan import Agree, Clock, DeployOptions, bring_about
from stackctl.actions.plan_file import planned_revision
from stackctl.actions.planning import look
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.cluster.record.lock import await_free
from stackctl.cluster.record.shards import unrestorable
from stackctl.cluster.workers import workers
from stackctl.errors import ReleaseError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.model.run.events import Notice, Notify
from stackctl.model.run.outcome import DeployOutcome

_GOOD = (ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED)


def rollback(
    stack: StackId,
    revision: int | None,
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: DeployOptions,
    now: Clock = time.monotonic,
) -> DeployOutcome:
    """Apply a recorded bundle again and prune what it did not have.

    Raises:
        ReleaseError: there is no such revision, or none to go back to.
        ConflictError: a definition would go back to a schema that loses stored objects.
    """
    began = now()
    await_free(connection.client, stack, options.wait_lock, connection.stop, notify)
    known = releases.history(connection.client, stack, lambda text: notify(Notice(text)))
    if revision is not None and all(each.revision != revision for each in known):
        releases.read(connection.client, stack, revision)  # says why it is not known
    if revision is None and options.plan is not None and not options.dry_run:
        revision = planned_revision(options.plan)
    wanted = _chosen(stack, known, revision)
    for each in known[known.index(wanted) + 1 : -1] if revision is None else ():
        if each.status in _GOOD:
            notify(Notice(str(unrestorable(each))))
    bundle = releases.bundle_of(connection.client, wanted)
    with workers(connection.stop) as pool:
        intent = look(connection, stack, bundle, notify, pool)
        intent = replace(
            intent,
            pending=ReleaseStatus.PENDING_ROLLBACK,
            command=f"rollback {wanted.revision}",
            sets=wanted.sets,
            secret_sets=releases.secret_sets(connection.client, wanted),
        )
        outcome = bring_about(
            intent, connection, pool, agree=agree, notify=notify, options=options, now=now
        )
    return replace(outcome, seconds=now() - began)


def _chosen(stack: StackId, known: Sequence[Release], revision: int | None) -> Release:
    """Take the revision that was named, else the last good one before the current."""
    if revision is not None:
        found = [each for each in known if each.revision == revision]
    else:
        found = [each for each in known[:-1] if each.status in _GOOD and each.restorable]
    if not found:
        there = ", ".join(str(each.revision) for each in known if each.restorable) or "none"
        what = f"revision {revision}" if revision is not None else "earlier revision that was good"
        raise ReleaseError(f"stack {stack}: no {what} (there: {there})", hint="stackctl history")
    return found[-1]
