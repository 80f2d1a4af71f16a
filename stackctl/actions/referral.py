"""Which command goes on where objects are not this stack's: said with what was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

from stackctl.actions.compose import Composed, StackRequest
from stackctl.errors import AnothersStack, ConflictError, NotAdopted
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.foreign_objects import adoption, upgrade_command


@contextmanager
def referring(request: StackRequest, composed: Composed) -> Iterator[None]:
    """Where the objects are somebody else's, name the command that does what was asked for.

    Raises:
        ConflictError: they are.
    """
    try:
        yield
    except AnothersStack as error:
        other = StackId(error.stack, error.namespace) if error.namespace else StackId(error.stack)
        command = upgrade_command(other, _said(request, composed))
        raise ConflictError(str(error), hint=f"to change that stack: {command}") from error
    except NotAdopted as error:
        words = [*_said(request, composed), *_place(request)]
        raise ConflictError(str(error), hint=adoption(error.components, words)) from error


def _place(request: StackRequest) -> Iterator[str]:
    """Repeat which stack was meant, where it was said."""
    if request.stack:
        yield from ("--stack", request.stack)
    if request.record:
        yield from ("--record-namespace", request.record)


def _said(request: StackRequest, composed: Composed) -> Iterator[str]:
    """Repeat what was asked for, secrets left out: those have to be typed again."""
    if request.stack_file:
        yield from ("-f", str(request.stack_file))
    else:
        yield from ("--profile", composed.bundle.profile)
    for folder in request.catalogs:
        yield from ("--catalog", str(folder))
    for each in request.sets:
        key = each.partition("=")[0]
        yield from ("--set", each if key in composed.sets else f"{key}=…")
