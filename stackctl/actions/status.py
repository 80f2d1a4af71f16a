"""Say how a stack stands; nothing is written."""

from dataclasses import replace

from stackctl.cluster.connection import Connection
from stackctl.cluster.status.health import assess_stack
from stackctl.cluster.workers import workers
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import StackStatus
from stackctl.sources.files import is_here


def status(stack: StackId, connection: Connection) -> StackStatus:
    """Compare a stack's record with the cluster, whether or not what made it is here."""
    with workers(connection.stop) as pool:
        found = assess_stack(connection, stack, pool)
    missing = tuple(each for each in found.release.sources if not is_here(each))
    return replace(found, made_elsewhere=missing)
