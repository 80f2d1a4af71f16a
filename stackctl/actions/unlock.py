"""Take a stack's lock away from a run that will not give it back."""

from collections.abc import Callable

from stackctl.cluster.connection import Connection
from stackctl.cluster.record import lock
from stackctl.errors import LockedError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import HeldLock, Unlocked


def unlock(
    stack: StackId, connection: Connection, *, agree: Callable[[HeldLock], bool]
) -> Unlocked:
    """Ask, knowing who holds the lock, and break it.

    A run that is alive notices before long, begins nothing more and fails; what it had begun is
    half done until the next deploy.

    Raises:
        LockedError: somebody else took the lock in the meantime.
    """
    client = connection.client
    hold = lock.find(client, stack)
    if hold is None:
        return Unlocked(connection.info, None)
    with client.pausing():
        agreed = agree(hold)
    if not agreed:
        return Unlocked(connection.info, hold, agreed=False)
    client.end_look()
    if not lock.break_lock(client, hold) and (other := lock.held_by(client, stack)):
        raise LockedError(f"stack {stack}: locked by {other} by now")
    return Unlocked(connection.info, hold)
