"""Say how a stack stands; nothing is written."""

from stackctl.cluster.change.session import workers
from stackctl.cluster.connection import Connection
from stackctl.cluster.status.health import assess_stack
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.events import Notify
from stackctl.model.run.outcome import StackStatus


def status(stack: StackId, connection: Connection, notify: Notify) -> StackStatus:
    """Compare a stack's record with the cluster."""
    with workers(connection.stop) as pool:
        return assess_stack(connection, stack, notify, pool)
