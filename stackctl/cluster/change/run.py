"""One run on a stack: lock, record the intent, apply and wait, prune, record the result.

The plan comes in decided and agreed. Whatever happens in here, the record names every object
that was made: it is written before the first change and corrected after the last.
"""

from contextlib import suppress
from dataclasses import replace

from stackctl.api.client import Client
from stackctl.cluster.change import revision
from stackctl.cluster.change.apply import carry_out
from stackctl.cluster.change.disown import disown
from stackctl.cluster.change.intent import RunIntent
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.change.prune import prune
from stackctl.cluster.change.session import Session, hold_stack, observe_stack
from stackctl.cluster.context import RunContext
from stackctl.cluster.record import recording, releases
from stackctl.cluster.record.lock import Claim, Lock
from stackctl.cluster.record.releases import Recorded
from stackctl.errors import (
    ApplyError,
    ClusterError,
    Interrupted,
    LockedError,
    NotReadyError,
    StackError,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import INTERRUPTED, Release, ReleaseStatus
from stackctl.model.run.events import Notice, Notify, Step, Subject
from stackctl.model.run.failure_policy import OnFailure


def execute(run: RunContext, intent: RunIntent, options: RunOptions) -> tuple[Outcome, Release]:
    """Carry out a plan from the lock to the record.

    Raises:
        LockedError: another run is on, or took over.
        ApplyError, NotReadyError, Interrupted: recorded; running again resumes.
    """
    with run.client.within(run.now() + options.timeout):
        return _execute(run, intent, options)


def await_ready(run: RunContext, intent: RunIntent, options: RunOptions) -> Outcome:
    """Wait, as a run does, until everything of a plan that changes nothing is ready.

    Raises:
        Interrupted: the user stopped.
        ClusterError: it cannot be seen.
    """
    # What is not proven unchanged would be written once more; here nothing is.
    still = tuple(replace(change, stamp=False) for change in intent.plan.changes)
    plan, outcome = replace(intent.plan, changes=still), Outcome()
    with (
        run.client.within(run.now() + options.timeout),
        observe_stack(run, intent.stack, rules=intent.bundle.rules) as session,
    ):
        carry_out(session, intent.bundle, plan, options.on_failure, outcome, intent.only)
        if session.abandoned.is_set():
            raise Interrupted(f"stack {intent.stack}: {INTERRUPTED}; nothing was changed")
        run.client.conclude()
    return outcome


def _execute(run: RunContext, intent: RunIntent, options: RunOptions) -> tuple[Outcome, Release]:
    client, claim, outcome = run.client, options.claim, Outcome()
    run.notify(Step("taking the lock"))
    held = hold_stack(
        run, intent.stack, intent.verb, claim, wait=options.wait, rules=intent.bundle.rules
    )
    with held as (session, lock, recorder):
        begun = _begin(run, intent, claim, lock)
        recorder.begin(begun.release.revision, _announced(begun.release), lock.time)
        error = _attempt(session, intent, options.on_failure, outcome)
        client.conclude()
        release = _finish(client, intent, begun, outcome, error, lock)
        if intent.recorded is not None:  # of the first revision none is old
            _tidy(client, intent.stack, run.notify)
        if error is not None:
            raise _recorded(error, release)
    return outcome, release


def _begin(run: RunContext, intent: RunIntent, claim: Claim, lock: Lock) -> Recorded:
    """Record what the run is about to do, if nobody has done anything since it was planned."""
    kept = run.pool.submit(releases.kept, run.client, intent.stack)
    releases.require_latest(run.client, intent.stack, intent.recorded, kept)
    release = revision.pending(intent, run.info.cluster_uid, claim.holder, lock.stamp())
    begun = recording.begin(
        run.client,
        release,
        intent.bundle.components,
        run.pool,
        intent.secret_sets,
        held=kept.result(),
    )
    _close_dead_run(run.client, intent.recorded, release)
    run.notify(Subject(str(intent.stack), release.revision))
    return begun


def _close_dead_run(client: Client, recorded: Recorded | None, release: Release) -> None:
    """Record of a run that died how it ended, so that it cannot say anything else any more."""
    if recorded is not None and recorded.release.status.pending:
        note = f"ended without a word; revision {release.revision} goes on from it"
        ended = replace(recorded.release, status=ReleaseStatus.FAILED, message=note)
        with suppress(LockedError):  # it has said so itself, at the last moment
            recording.update(client, recorded, ended)


def _attempt(
    session: Session, intent: RunIntent, on_failure: OnFailure, outcome: Outcome
) -> StackError | None:
    """Apply, wait and prune; return what went wrong so that it can be recorded first."""
    try:
        carry_out(session, intent.bundle, intent.plan, on_failure, outcome, intent.only)
        if session.abandoned.is_set():
            return _interrupted(intent)
        # A failed apply prunes nothing, and neither does one that is not ready.
        if error := outcome.error():
            return error
        disown(session, intent.plan, outcome)
        prune(session, intent.plan, intent.made, outcome)
    except KeyboardInterrupt:
        session.abandoned.set()
        return _interrupted(intent)
    except ClusterError as error:  # after changes that were made
        return ApplyError(str(error), hint=error.hint)
    except StackError as error:
        return error
    return None


def _interrupted(intent: RunIntent) -> Interrupted:
    return Interrupted(
        f"stack {intent.stack}: {INTERRUPTED}; what was done is recorded",
        hint="run the same command again to go on",
    )


def _finish(
    client: Client,
    intent: RunIntent,
    begun: Recorded,
    outcome: Outcome,
    error: StackError | None,
    lock: Lock,
) -> Release:
    """Record how the run ended, and what it really made, if the lock is still ours.

    Raises:
        StackError: it cannot be recorded; the pending revision names every object it has made.
    """
    try:
        lock.confirm()
        release = revision.finished(begun.release, intent, outcome, error, lock.stamp())
        recording.update(client, begun, release)
    except ClusterError as trouble:
        raise _unrecorded(error, begun.release, trouble) from trouble
    return release


def _unrecorded(error: StackError | None, pending: Release, trouble: ClusterError) -> StackError:
    """Return the error of a run whose end is not recorded; all that it made is, as pending."""
    good = f"stack {pending.stack}: everything is applied, and that"
    done = f"{error}\nhow it ended" if error else good
    if isinstance(error, Interrupted):
        done = f"stack {pending.stack}: interrupted, and how far it came"
    kind = type(error) if isinstance(error, Interrupted | NotReadyError) else ApplyError
    return kind(
        f"{done} could not be recorded: {trouble}\nrevision {pending.revision} stays "
        f"{pending.status}, with every object it has made",
        hint=(error and error.hint)
        or "when the cluster takes writes again, the same command records it",
    )


def _tidy(client: Client, stack: StackId, notify: Notify) -> None:
    """Remove old revisions; where that fails, the next run does it."""
    try:
        recording.tidy(client, stack)
    except ClusterError as refusal:
        notify(Notice(f"stack {stack}: old revisions could not be removed: {refusal}"))


def _recorded(error: StackError, release: Release) -> StackError:
    """Add to what went wrong that it is recorded."""
    if type(error) not in (ApplyError, NotReadyError):
        return error
    note = f"revision {release.revision} is recorded as failed; nothing was pruned"
    return type(error)(f"{error}\n{note}", hint=error.hint)


def _announced(release: Release) -> str:
    command = f": {release.command}" if release.command else ""
    return f"revision {release.revision}, profile {release.profile}, by {release.by}{command}"
