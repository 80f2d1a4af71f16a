"""Write down what a stack is made of, and see that it is made of just that again."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from stackctl import __version__
from stackctl.actions.compose import (
    Composed,
    StackRequest,
    compose_stack,
    record_namespace,
    spoken,
)
from stackctl.errors import ConfigError, ConflictError
from stackctl.files import exists, write_readable
from stackctl.model.catalogue.lock_file import LockDocument
from stackctl.model.release.locking import FromCharts, LockDifference, lock_differences, lock_of
from stackctl.model.shapes.decode import encoded
from stackctl.sources import yaml
from stackctl.sources.files import read_lock

_HERE = Path("stack.lock.yaml")
_HEAD = """\
# Written by stackctl lock. `stackctl deploy --locked` refuses to deploy anything else.
"""


@dataclass(frozen=True, slots=True)
class LockOutcome:
    """A lock that was written, and what it says now that it did not before."""

    path: Path
    lock: LockDocument
    differences: tuple[LockDifference, ...]
    new: bool


def lock_path(stack_file: Path | None) -> Path:
    """Name the lock of a stack: beside its file, or where the command is typed."""
    return stack_file.with_name(f"{stack_file.stem}.lock.yaml") if stack_file else _HERE


def lock(request: StackRequest, path: Path) -> LockOutcome:
    """Write the lock of a stack; what is no lock of this stack is not replaced.

    Raises:
        StackError: as of `compose_stack`.
        ConfigError: what is there is no lock, or it cannot be written.
        ConflictError: it is the lock of another stack.
    """
    now = lock_now(compose_stack(request))
    before = read_lock(path) if exists(path) else None
    if before is not None:
        require_lock_of(before, now, path)
    differences = lock_differences(before, now) if before is not None else ()
    if before != now:
        try:
            write_readable(path, (_HEAD + yaml.dump(encoded(now))).encode())
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return LockOutcome(path, now, differences, before is None)


def require_lock_of(lock: LockDocument, now: LockDocument, path: Path) -> None:
    """Refuse the lock of another stack.

    Raises:
        ConflictError: it is.
    """
    if lock.metadata.name != now.metadata.name:
        raise ConflictError(
            f"{path} is the lock of stack {lock.metadata.name}, not {now.metadata.name}",
            hint=f"name another file: --lock-file {now.metadata.name}.lock.yaml",
        )


def require_locked(request: StackRequest, path: Path, composed: Composed) -> None:
    """Refuse what is not exactly what was locked.

    A lock knows no cluster. What was composed for one is composed again as for a lock where that
    may be something else: what charts and folders make of a cluster is no other version of
    anything, nor is the namespace of a tenant's record.

    Raises:
        ConflictError: with everything that differs.
        ConfigError: there is no lock, or it is none.
    """
    locked = written_lock(request, path)
    there = composed.stack.namespace == record_namespace(request, composed.selection)
    as_locked = composed if there and not composed.for_target else compose_stack(request)
    found = lock_differences(locked, lock_now(as_locked))
    if found:
        raise ConflictError(
            "\n".join([f"this is not what {path} says:", *(f"  {each}" for each in found)]),
            hint=f"go back to what is locked; or, if this is meant: {_again(request, path)}",
        )


def written_lock(request: StackRequest, path: Path) -> LockDocument:
    """Read the lock of a stack, which has to be there.

    Raises:
        ConfigError: there is no lock, or it is none.
    """
    if not exists(path):
        raise ConfigError(f"{path}: there is no lock", hint=f"{_again(request, path)} writes it")
    return read_lock(path)


def _again(request: StackRequest, path: Path) -> str:
    said = f"stackctl {spoken('lock', replace(request, only=(), take_over=()))}"
    return (
        said
        if path == lock_path(request.stack_file)
        else f"{said} --lock-file {shlex.quote(str(path))}"
    )


def lock_now(composed: Composed) -> LockDocument:
    """Return the lock of what was composed."""
    charts = FromCharts(composed.charts, composed.generated)
    return lock_of(composed.bundle, composed.stack, __version__, charts)
