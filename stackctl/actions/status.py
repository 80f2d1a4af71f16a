"""Say how a stack stands; nothing is written."""

from stackctl.cluster.connection import Connection
from stackctl.cluster.status.health import assess_stack
from stackctl.cluster.workers import workers
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import StackStatus


def status(stack: StackId, connection: Connection) -> StackStatus:
    """Compare a stack's record with the cluster."""
    with workers(connection.stop) as pool:
        return assess_stack(connection, stack, pool)
