"""Go back to what an earlier revision applied, by the same line as a deploy."""

from collections.abc import Sequence

from stackctl.actions.execute_plan import Agree, execute_plan
from stackctl.actions.plan_file import planned_revision, planned_take_over
from stackctl.actions.planning import last_good, look_back
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import RunContext, running
from stackctl.cluster.record import releases
from stackctl.cluster.record.lock import await_free
from stackctl.cluster.record.missing_record import none_readable
from stackctl.cluster.record.shards import unrestorable
from stackctl.errors import ReleaseError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release
from stackctl.model.run.events import Notice, Notify, Subject
from stackctl.model.run.outcome import DeployOutcome


def rollback(
    stack: StackId,
    revision: int | None,
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: RunOptions,
    take_over: Sequence[str] = (),
) -> DeployOutcome:
    """Apply a recorded bundle again and prune what it did not have.

    `take_over` names whose fields are taken; of a plan that is kept, it says so itself.

    Raises:
        ReleaseError: there is no such stack here, no such revision, or none to go back to.
        ConflictError: a definition would go back to a schema that loses stored objects.
    """
    with running(connection, notify) as run:
        notify(Subject(str(stack)))
        await_free(run.client, stack, options.wait_lock, run.stop, notify)
        known = releases.history(run.client, stack, lambda text: notify(Notice(text)))
        if not known:
            raise none_readable(connection, stack)
        if revision is not None and all(each.revision != revision for each in known):
            releases.read(run.client, stack, revision)  # says why it is not known
        if revision is None and options.plan is not None and not options.dry_run:
            revision = planned_revision(options.plan)
        if options.plan is not None and not options.dry_run:
            take_over = planned_take_over(options.plan, take_over)
        wanted, lost = _chosen(stack, known, _earlier(run, stack, known), revision)
        for each in lost:
            notify(Notice(str(unrestorable(each))))
        return execute_plan(
            run,
            look_back(run, stack, wanted, trying=options.trying, take_over=take_over),
            agree,
            options,
        )


def _earlier(run: RunContext, stack: StackId, known: Sequence[Release]) -> Sequence[Release]:
    """Leave out what is there now; where its record is gone, all that is known was before it."""
    held = releases.kept(run.client, stack)
    gone = releases.newest_gone(run.client, stack, known[-1].revision, held)
    return known if gone else known[:-1]


def _chosen(
    stack: StackId, known: Sequence[Release], earlier: Sequence[Release], revision: int | None
) -> tuple[Release, list[Release]]:
    """Take the revision that was named, else the last good one of the earlier ones."""
    lost: list[Release] = []
    if revision is not None:
        found = next((each for each in known if each.revision == revision), None)
    else:
        found, lost = last_good(earlier)
    if found is None:
        there = ", ".join(str(each.revision) for each in known if each.restorable) or "none"
        what = f"revision {revision}" if revision is not None else "earlier revision that was good"
        raise ReleaseError(f"stack {stack}: no {what} (there: {there})", hint="stackctl history")
    return found, lost
