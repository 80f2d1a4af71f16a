"""A teardown that was agreed to: lock, record the intent, delete in order, scan, forget the record.

What goes was found by `scope`; how objects are deleted and waited for is for `removal`.
"""

from collections.abc import Sequence

from stackctl.cluster.change.disown import disown_namespaces, disown_object
from stackctl.cluster.change.removal import Removal, remove
from stackctl.cluster.change.session import Session, hold_stack
from stackctl.cluster.context import RunContext
from stackctl.cluster.look import lookup
from stackctl.cluster.record import recording, releases
from stackctl.cluster.record.event_recorder import EventRecorder
from stackctl.cluster.record.lock import Claim, Lock
from stackctl.cluster.teardown import residue
from stackctl.cluster.teardown.scope import TeardownScope
from stackctl.cluster.wait.targets import Target
from stackctl.errors import ApplyError, Interrupted, OutOfTime, Unreachable
from stackctl.model.objects.refs import Ref
from stackctl.model.plan.removal import RemovalBatch, RemovalPhase, batches
from stackctl.model.release.release import uninstalling
from stackctl.model.run.events import Step, Subject

CLAIM = "PersistentVolumeClaim"
GO_ON = "run the same command again to go on"


def carry_out(run: RunContext, scope: TeardownScope, claim: Claim) -> residue.Scan:
    """Remove what is in scope, and the record with it once nothing is left; return what is.

    Raises:
        LockedError: another run is on, or took over.
        ApplyError, Interrupted: recorded; running again resumes.
    """
    stack = scope.stack
    with hold_stack(run, stack, "Teardown", claim) as (session, lock, recorder):
        _begin(run, scope, claim, lock, recorder)
        record_goes = _attempt(session, scope, lock)
        run.notify(Step("looking for residue"))
        gone = (*scope.going, *scope.unseen)
        left = residue.scan(run.connection, run.pool, stack, gone, scope.kept)
        if left.found:
            recorder.residue(each.ref for each in left.found)
        to_forget = not (left.found or record_goes)
        if to_forget:
            lock.confirm()
            recording.forget(run.client, stack)
    if to_forget:
        residue.remove_record_namespace(run, stack, session.deadline)
    return left


def _begin(
    run: RunContext, scope: TeardownScope, claim: Claim, lock: Lock, recorder: EventRecorder
) -> None:
    """Record that the stack is being removed, if nobody has done anything since it was planned."""
    releases.require_latest(run.client, scope.stack, scope.recorded)
    begun = uninstalling(scope.recorded.release)
    recording.write(run.client, scope.recorded, begun, run.pool)
    run.notify(Subject(str(scope.stack), begun.revision))
    note = f"revision {begun.revision}, by {claim.holder}"
    recorder.begin(begun.revision, note, lock.time)


def _attempt(session: Session, scope: TeardownScope, lock: Lock) -> bool:
    """Remove everything; tell whether the record went at the same time as the last of it."""
    try:
        return _remove_all(session, scope, lock)
    except KeyboardInterrupt:
        session.abandoned.set()
        raise Interrupted(f"stack {scope.stack}: teardown interrupted", hint=GO_ON) from None
    except (OutOfTime, Unreachable) as error:
        raise ApplyError(
            f"stack {scope.stack}: not everything was removed: {error}", hint=GO_ON
        ) from error


def _remove_all(session: Session, scope: TeardownScope, lock: Lock) -> bool:
    # What stays is not even known to what removes.
    removal = Removal({ref: scope.live[ref] for ref in scope.going}, scope.components)
    order = batches(scope.going)
    if scope.delete_data:
        _remove_data(session, scope, [ref for ref in scope.data if ref.kind != CLAIM])
    for ref, live in scope.taken.items():
        disown_object(session, ref, live)
    disown_namespaces(session, scope.shared)
    remove(session, removal, [each for each in order if each.phase < RemovalPhase.DEFINITIONS])
    if scope.delete_data:
        _remove_data(session, scope, [ref for ref in scope.data if ref.kind == CLAIM])
    residue.remove_leftovers(session, scope.leftovers)
    residue.clean_nodes(session, scope.node_managers)
    last = [each for each in order if each.phase >= RemovalPhase.DEFINITIONS]
    return bool(remove(session, removal, last, lambda: _dismiss_record(session, scope, lock)))


def _remove_data(session: Session, scope: TeardownScope, refs: Sequence[Ref]) -> None:
    """Delete users' instances while their controllers run, or claims once no Pod holds them."""
    live = lookup.read(session.connection, refs, session.pool)
    data = RemovalBatch(RemovalPhase.DATA, tuple(live))
    remove(session, Removal(live, scope.components), [data])


def _dismiss_record(session: Session, scope: TeardownScope, lock: Lock) -> list[Target]:
    """Begin to delete the record's namespace with the last objects, where nothing else is in it.

    Kubernetes takes its time over namespaces. Once the last ones are being deleted there is
    nothing left to resume: whoever comes next finds them by their label, if they hang.
    """
    if scope.unseen:
        return []  # the record says what is to be looked for
    record = residue.dismiss_record(session.connection, session.pool, scope.stack)
    if record is None:
        return []
    lock.leave()
    return [record]
