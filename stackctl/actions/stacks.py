"""Which stack of a cluster a command means, and the namespace its record is in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.cluster.record.missing_record import none_recorded
from stackctl.errors import Forbidden, UsageError
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.sources.files import read_stack_file

FLAG = "--record-namespace"
_NAMED = 3
Known = Mapping[StackId, Sequence[int]]  # the revisions of each


def choose_stack(
    name: str | None,
    stack_file: Path | None,
    connection: Connection,
    namespace: str | None = None,
) -> StackId:
    """Take what was given, else what the stack file says, else the only stack there is.

    Raises:
        UsageError: several are meant as much as each other.
    """
    file = read_stack_file(stack_file) if stack_file is not None and name is None else None
    name = name or (file.name if file else None)
    namespace = namespace or (file.record.namespace if file else None)
    if name is not None and namespace is not None:
        return StackId(name, namespace)
    known = recorded(connection, name, namespace)
    if not known and name is None:
        raise none_recorded(connection)
    return only(known, connection) if known else StackId(name or "", namespace or RECORD_NAMESPACE)


def recorded(
    connection: Connection, name: str | None = None, namespace: str | None = None
) -> Known:
    """Find the stacks recorded on the cluster; with few rights, where they are to be expected.

    Raises:
        Forbidden: we may look nowhere.
    """
    client = connection.client
    if namespace is not None:
        return releases.places(client, namespace, name)
    try:
        return releases.places(client, name=name)
    except Forbidden:
        places = dict.fromkeys((client.access.namespace, RECORD_NAMESPACE))
    found: dict[StackId, Sequence[int]] = {}
    refusals = []
    for place in places:
        try:
            found |= releases.places(client, place, name)
        except Forbidden as error:
            refusals.append(error)
    if len(refusals) == len(places):
        raise refusals[-1]
    return found


def only(known: Known, connection: Connection) -> StackId:
    """Choose the one in the context's namespace, else the only one.

    Raises:
        UsageError: there are several.
    """
    home = connection.client.access.namespace
    candidates = [stack for stack in known if stack.namespace == home] or list(known)
    if len(candidates) == 1:
        return candidates[0]
    if len({stack.name for stack in candidates}) > 1:
        hint = f"name one: {' or '.join(f'--stack {each}' for each in candidates[:_NAMED])}"
    else:
        spaces = (f"{FLAG} {each.namespace}" for each in candidates[:_NAMED])
        hint = f"say where its record is: {' or '.join(spaces)}"
    raise UsageError(
        f"several stacks on {connection.info.context}: {', '.join(map(_placed, candidates))}",
        hint=hint,
    )


def _placed(stack: StackId) -> str:
    return f"{stack} (record in {stack.namespace})"
