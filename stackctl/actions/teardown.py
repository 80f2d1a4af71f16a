"""Take a stack off its cluster again, completely, without taking users' data along."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

from stackctl import __version__
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import RunContext, running
from stackctl.cluster.record import recording, recovery, releases
from stackctl.cluster.record.lock import await_free, locked
from stackctl.cluster.record.missing_record import absent, lost
from stackctl.cluster.record.releases import Recorded
from stackctl.cluster.teardown import residue
from stackctl.cluster.teardown.scope import look
from stackctl.cluster.teardown.teardown import carry_out
from stackctl.errors import AccessDenied, ConflictError, LaterFormat, ReleaseError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Plan
from stackctl.model.plan.removal import Survey
from stackctl.model.run.events import Notice, Notify, Step, Subject
from stackctl.model.run.outcome import Residue, TargetInfo, TeardownOutcome

Agree = Callable[[Plan, TargetInfo], bool]


def teardown(
    stack: StackId,
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: RunOptions,
) -> TeardownOutcome:
    """Show, ask, delete in the safe order, wait, scan, and forget the record.

    Raises:
        ReleaseError: there is no such stack here.
        ConflictError: users' objects would be lost; each is named and nothing was touched.
        AccessDenied: users' objects could be lost, and we may not look for them.
    """
    with running(connection, notify) as run:
        notify(Subject(str(stack)))
        await_free(run.client, stack, options.wait_lock, run.stop, notify)
        notify(Step("looking at the cluster"))
        recorded = _recorded(run, stack, options)
        if recorded is None or residue.record_leaves(run.client, stack):
            options = _left(run, options)
            with _limited(run, options):
                return _sweep(run, stack, options)
        scope = look(
            run, stack, recorded, keep_crds=options.keep_crds, delete_data=options.delete_data
        )
        for ref, why in scope.unseen.items():
            notify(Notice(f"{ref} is not looked at, and stays on record: {why}"))
        _require_choice(scope.found, options)
        _require_sight(scope.found, options)
        kept = tuple(Residue(each.ref, each.why) for each in scope.kept)
        outcome = TeardownOutcome(run.info, scope.plan, kept=kept, dry_run=options.dry_run)
        if options.dry_run:
            return replace(outcome, seconds=run.seconds)
        with run.client.pausing():
            agreed = agree(scope.plan, run.info)
        if not agreed:
            return replace(outcome, agreed=False)
        options = _left(run, options)
        with _limited(run, options):
            left = carry_out(run, scope, options.claim)
        unseen = (*left.unseen, *_unseen_data(scope.found, options), *scope.unknown)
        kept = (*kept, *left.copies)
        return replace(outcome, residue=left.found, kept=kept, unseen=unseen, seconds=run.seconds)


def _left(run: RunContext, options: RunOptions) -> RunOptions:
    """Take what the looking has left of the time."""
    return replace(options, timeout=run.client.end_look(options.timeout))


def _limited(run: RunContext, options: RunOptions) -> AbstractContextManager[None]:
    """Bound all that is done from here on, as far as it is for us to do."""
    return run.client.within(run.now() + options.timeout)


def _recorded(run: RunContext, stack: StackId, options: RunOptions) -> Recorded | None:
    """Read what the stack owns, or find it out where no record says so."""
    try:
        recorded = releases.current(run.client, stack)
        if recorded is not None and not _newest_gone(run, recorded):
            return recorded
    except LaterFormat:
        raise
    except ReleaseError:
        pass  # what was wrong is in the message of what is found out
    return recovery.rebuild(run.connection, stack, run.pool, by=options.holder, tool=__version__)


def _newest_gone(run: RunContext, recorded: Recorded) -> int:
    """Tell whether there was a newer revision, which knew what else the stack has made."""
    release, held = recorded.release, releases.kept(run.client, recorded.release.stack)
    return releases.newest_gone(run.client, release.stack, release.revision, held)


def _sweep(run: RunContext, stack: StackId, options: RunOptions) -> TeardownOutcome:
    """Remove what runs that were killed at their very beginning or end left of a record."""
    client = run.client
    there, newest = releases.traces(client, stack), releases.latest(client, stack)
    outcome = TeardownOutcome(run.info, Plan(stack, "", ()), dry_run=options.dry_run)
    if not options.dry_run:
        if there and not residue.record_leaves(client, stack):
            with locked(client, stack, options.claim, run.stop, run.notify):
                releases.require_newest(client, stack, newest)
                recording.forget(client, stack)
        deadline = run.now() + client.left
        was_going, left = residue.await_going(run, stack, deadline)
        there = there or was_going
        residue.remove_record_namespace(run, stack, deadline)
        if left:
            raise lost(run.connection, stack, left)
    if not there:
        raise absent(run.connection, stack)
    scanned = residue.scan(run.connection, run.pool, stack)
    found, unseen = scanned.found, scanned.unseen
    return replace(outcome, residue=found, kept=scanned.copies, unseen=unseen)


def _require_choice(found: Survey, options: RunOptions) -> None:
    if options.keep_crds or options.delete_data:
        return
    lines = [f"  {ref}" for refs in found.instances.values() for ref in refs]
    if lines:
        raise ConflictError(
            "\n".join(["users' objects would be lost with their definitions:", *lines]),
            hint="--keep-crds leaves them and their definitions, --delete-data deletes them first",
        )


def _require_sight(found: Survey, options: RunOptions) -> None:
    """Refuse to delete definitions whose objects we may not look for."""
    if options.keep_crds:
        return
    hidden = [ref for ref in found.hidden if ref.kind == "CustomResourceDefinition"]
    if hidden:
        lines = [f"  {ref}: {found.hidden[ref]}" for ref in hidden]
        raise AccessDenied(
            "\n".join(["definitions may not be deleted unseen:", *lines]),
            hint="--keep-crds leaves them and all that they define",
        )


def _unseen_data(found: Survey, options: RunOptions) -> Iterator[str]:
    """Yield where users' data may have been left because we may not look for it."""
    if options.delete_data:
        for ref, why in found.hidden.items():
            if ref.kind == "Namespace":
                yield f"data in {ref.name}: {why}"
