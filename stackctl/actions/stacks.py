"""Which stacks there are, which of them a command means, and where its record is."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from stackctl.actions.status import status
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.cluster.record.missing_record import none_recorded, record_lost
from stackctl.errors import ConflictError, Forbidden, ReleaseError, UsageError, headline
from stackctl.model.catalogue.envelope import LABEL, LABEL_HELP
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import StackSummary
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
    meant = stacks_meant(name, stack_file, connection, namespace)
    if len(meant) > 1:
        raise _several(meant, connection)
    return meant[0]


def stacks_meant(
    name: str | None,
    stack_file: Path | None,
    connection: Connection,
    namespace: str | None = None,
) -> Sequence[StackId]:
    """Return the stack that is meant, or all that are meant as much as each other.

    Raises:
        ReleaseError: none is named, and none is there.
        UsageError: what is named cannot be the name of one.
    """
    file = read_stack_file(stack_file) if stack_file is not None and name is None else None
    name = name or (file.name if file else None)
    namespace = namespace or (file.record.namespace if file else None)
    _require_names(name, namespace)
    if name is not None and namespace is not None:
        return [StackId(name, namespace)]
    known = recorded(connection, name, namespace)
    if not known and name is None:
        raise none_recorded(connection)
    return _at_home(known, connection) or [StackId(name or "", namespace or RECORD_NAMESPACE)]


def _require_names(name: str | None, namespace: str | None) -> None:
    """Refuse what would mean something else in an address, or in what is looked for."""
    for what, text in (("a stack", name), ("the namespace of a record", namespace)):
        if text is not None and not re.fullmatch(LABEL, text):
            raise UsageError(f'{what} cannot be called "{text}": expected {LABEL_HELP}')


def stacks(connection: Connection, namespace: str | None = None) -> tuple[StackSummary, ...]:
    """List the stacks on a cluster, and say in a line of each what is wrong with it.

    Raises:
        ReleaseError: there are objects of a stack whose record is gone, and no other stack.
    """
    known = recorded(connection, None, namespace)
    if not known and (lost := record_lost(connection)) is not None:
        raise lost
    return tuple(_assessed(connection, stack, max(known[stack])) for stack in known)


def assessed(connection: Connection, meant: Sequence[StackId]) -> tuple[StackSummary, ...]:
    """Look at several stacks, and say in a line of each what is wrong with it."""
    return tuple(_assessed(connection, stack) for stack in meant)


def _assessed(connection: Connection, stack: StackId, newest: int = 0) -> StackSummary:
    try:
        found = status(stack, connection)
    except (ReleaseError, ConflictError) as error:
        return StackSummary(stack, newest, None, message=headline(error))
    release, trouble = found.release, found.trouble
    return StackSummary(stack, release.revision, release, bool(found.locked_by), trouble)


def recorded(
    connection: Connection, name: str | None = None, namespace: str | None = None
) -> Known:
    """Find the stacks recorded on the cluster; with few rights, where they are to be expected.

    Raises:
        Forbidden: we may look nowhere.
    """
    client = connection.client
    _require_names(None, namespace)
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
    candidates = _at_home(known, connection)
    if len(candidates) > 1:
        raise _several(candidates, connection)
    return candidates[0]


def _at_home(known: Known, connection: Connection) -> list[StackId]:
    """Choose those in the context's namespace, else all; what smoke tests left is none of them."""
    home = connection.client.access.namespace
    real = [stack for stack in known if not stack.is_smoke] or list(known)
    return [stack for stack in real if stack.namespace == home] or real


def _several(candidates: Sequence[StackId], connection: Connection) -> UsageError:
    if len({stack.name for stack in candidates}) > 1:
        hint = f"name one: {' or '.join(f'--stack {each}' for each in candidates[:_NAMED])}"
    else:
        spaces = (f"{FLAG} {each.namespace}" for each in candidates[:_NAMED])
        hint = f"say where its record is: {' or '.join(spaces)}"
    return UsageError(
        f"several stacks on {connection.info.context}: {', '.join(map(_placed, candidates))}",
        hint=hint,
    )


def _placed(stack: StackId) -> str:
    return f"{stack} (record in {stack.namespace})"
