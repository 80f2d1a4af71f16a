"""Which stack of a cluster a command means, and which profile that one was made of."""

from pathlib import Path

from stackctl.cluster import releases
from stackctl.cluster.connection import Connection
from stackctl.errors import ReleaseError, UsageError
from stackctl.sources.files import read_stack_file


def recorded_profile(stack: str, connection: Connection) -> str:
    """Return the profile a stack was last deployed with.

    Raises:
        ReleaseError: there is no such stack here.
    """
    recorded = releases.current(connection.client, stack)
    if recorded is None:
        raise ReleaseError(f"stack {stack}: not on {connection.info.context}")
    return recorded.release.profile


def choose_stack(name: str | None, stack_file: Path | None, connection: Connection) -> str:
    """Take the name that was given, else the stack file's, else the only stack there is."""
    if name is not None:
        return name
    if stack_file is not None:
        return read_stack_file(stack_file).name
    known = releases.stacks(connection.client)
    if not known:
        raise ReleaseError(
            f"no stack on {connection.info.context}", hint="stackctl deploy --profile NAME"
        )
    if len(known) > 1:
        raise UsageError(
            f"several stacks on {connection.info.context}: {', '.join(known)}",
            hint=f"name one: --stack {known[0]}",
        )
    return known[0]
