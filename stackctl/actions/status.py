"""Say how a stack stands; nothing is written."""

from stackctl.cluster.connection import Connection
from stackctl.cluster.health import assess_stack
from stackctl.cluster.session import workers
from stackctl.model.events import Notify
from stackctl.model.outcome import StackStatus
from stackctl.model.stack_id import StackId


def status(stack: StackId, connection: Connection, notify: Notify) -> StackStatus:
    """Compare a stack's record with the cluster."""
    with workers(connection.stop) as pool:
        return assess_stack(connection, stack, notify, pool)
