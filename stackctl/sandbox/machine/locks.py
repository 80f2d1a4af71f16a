"""Lets one run at a time change a sandbox or the cache; on this machine, between processes."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stackctl.api.polling import NotYet, once, until
from stackctl.errors import LockedError
from stackctl.model.run.events import Notify, Step

_POLL = 0.1
_PATIENCE = 900.0  # a build takes minutes


@contextmanager
def locked(
    path: Path,
    what: str,
    notify: Notify,
    *,
    patience: float = _PATIENCE,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Hold a lock file for the block; waits for another holder and says so."""

    def tell() -> None:
        notify(Step(f"waiting for another stackctl{_holder(path)} that works on {what}"))

    def late() -> LockedError:
        text = f"another stackctl{_holder(path)} still works on {what}"
        return LockedError(text, hint="wait for it, or stop it")

    tell_once = once(tell)

    def take() -> int | NotYet:
        descriptor = _take(path)
        if descriptor is not None:
            return descriptor
        tell_once()
        return NotYet(_POLL, late)

    descriptor = until(take, deadline=now() + patience, now=now)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _take(path: Path) -> int | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not _is_at(descriptor, path):  # the last holder removed the file while we opened it
        os.close(descriptor)
        return None
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        pid = path.read_text()
    except OSError:
        return ""
    return f" (process {pid})" if pid else ""
