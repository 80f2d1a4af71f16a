"""Which stack of a cluster a command means."""

from pathlib import Path

from stackctl.cluster import releases
from stackctl.cluster.absent import none_recorded
from stackctl.cluster.connection import Connection
from stackctl.errors import UsageError
from stackctl.model.stack_id import StackId
from stackctl.sources.files import read_stack_file


def choose_stack(name: str | None, stack_file: Path | None, connection: Connection) -> StackId:
    """Take the name that was given, else the stack file's, else the only stack there is."""
    if name is not None:
        return StackId(name)
    if stack_file is not None:
        return StackId(read_stack_file(stack_file).name)
    known = releases.stacks(connection.client)
    if not known:
        raise none_recorded(connection)
    if len(known) > 1:
        raise UsageError(
            f"several stacks on {connection.info.context}: {', '.join(map(str, known))}",
            hint=f"name one: --stack {known[0]}",
        )
    return known[0]
