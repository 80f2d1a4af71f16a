"""Look back: the revisions of a stack, and what each applied.

Going back is `rollback`; what that would change is for `diff`.
"""

from stackctl.cluster.connection import Connection
from stackctl.cluster.record import indexes, releases
from stackctl.cluster.record.missing_record import absent, none_readable
from stackctl.model.compose.bundle import Bundle
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.history import Revision, revisions
from stackctl.model.release.release import Release
from stackctl.model.run.events import Notice, Notify


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
        raise none_readable(connection, stack)
    if tell is not None:
        held = releases.kept(connection.client, stack)
        newest = found[-1].revision
        if gone := releases.newest_gone(connection.client, stack, newest, held):
            tell(str(indexes.gone(stack, gone)))
    return revisions(found)


def newest(stack: StackId, connection: Connection) -> Release:
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
        ReleaseError: there is no such revision, or no such stack here.
    """
    if not releases.latest(connection.client, stack):
        raise absent(connection, stack)
    return releases.bundle_of(connection.client, releases.read(connection.client, stack, revision))
