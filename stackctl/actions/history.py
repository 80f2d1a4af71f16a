"""Look back: the revisions of a stack, what each applied, and what going back would change.

Going back is `rollback`; nothing is written in here.
"""

from stackctl.actions.compose import StackRequest
from stackctl.actions.placing import compose_placed
from stackctl.actions.planning import look, require_cluster
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.cluster.record.missing_record import absent
from stackctl.cluster.workers import workers
from stackctl.model.compose.bundle import Bundle
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.comparison import compare
from stackctl.model.plan.plan import Plan
from stackctl.model.release.history import Revision, revisions
from stackctl.model.release.release import Release
from stackctl.model.run.events import Notice, Notify
from stackctl.model.run.outcome import TargetInfo


def history(
    stack: StackId, connection: Connection, notify: Notify | None = None
) -> tuple[Revision, ...]:
    """Read every revision that is kept and what it changed, oldest first.

    Raises:
        ReleaseError: the stack was never deployed here, or, with nobody to tell, one cannot be
            read.
    """
    tell = None if notify is None else (lambda text: notify(Notice(text)))
    found = releases.history(connection.client, stack, tell)
    if not found:
        raise absent(connection, stack)
    return revisions(found)


def recorded(stack: StackId, connection: Connection) -> Release:
    """Read the newest revision.

    Raises:
        ReleaseError: the stack was never deployed here.
    """
    found = releases.current(connection.client, stack)
    if found is None:
        raise absent(connection, stack)
    return found.release


def bundle_of(stack: StackId, revision: int, connection: Connection) -> Bundle:
    """Read what a revision applied.

    Raises:
        ReleaseError: there is no such revision.
    """
    return releases.bundle_of(connection.client, releases.read(connection.client, stack, revision))


def diff_revision(
    stack: StackId, revision: int, connection: Connection, notify: Notify
) -> tuple[Plan, TargetInfo]:
    """Show what going back to a revision would change; nothing is written."""
    bundle = bundle_of(stack, revision, connection)
    with workers(connection.stop) as pool:
        return look(connection, stack, bundle, notify, pool).plan, connection.info


def diff_release(request: StackRequest, connection: Connection) -> tuple[Plan, TargetInfo]:
    """Compare what would be deployed with what was: two bundles, whatever the cluster holds."""
    composed = compose_placed(request, connection)
    require_cluster(composed.cluster_uid, connection.info)
    before = releases.bundle_of(connection.client, recorded(composed.stack, connection))
    return compare(before, composed.bundle, composed.stack), connection.info


def diff_revisions(
    stack: StackId, revision: int, connection: Connection
) -> tuple[Plan, TargetInfo]:
    """Compare an earlier revision with the newest: what its bundle would change in that one's."""
    after = bundle_of(stack, revision, connection)
    before = releases.bundle_of(connection.client, recorded(stack, connection))
    return compare(before, after, stack), connection.info
