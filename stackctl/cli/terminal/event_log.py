"""Writes the events of a run into a file, one JSON document for each line.

What the documents hold is `model.run.event_record`'s.
"""

import errno
import json
import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from stackctl.cli.terminal.ending import ending
from stackctl.errors import Interrupted, StackError, UsageError
from stackctl.model.run.event_record import INTERRUPTED, envelope, record
from stackctl.model.run.events import Event, Subject
from stackctl.secrets import SECRETS

_OUTCOMES = {0: "succeeded", 1: "declined"}  # by the exit code of a run without an error


class EventLog:
    """A file that is added to from any thread; readable for its owner alone."""

    def __init__(self, path: Path, command: str, context: str = "", run: str = "") -> None:
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._code = 0
        self._about: dict[str, Any] = {"run": run} | ({"context": context} if context else {})
        self._path = path
        self._file = _open(path)
        self.lost = ""  # why what happened after some moment could not be written
        self._write(envelope("started", _now(), command=command))
        if self.lost:
            self._close()
            raise UsageError(self.lost)

    def event(self, event: Event) -> None:
        """Add one event."""
        if isinstance(event, Subject):
            revision = {"revision": event.revision} if event.revision else {}
            self._about = self._about | {"stack": event.stack} | revision
            if not revision:
                return
        self._write(record(event, _now()))

    def exits(self, code: int) -> None:
        """Take note of the exit code of a run that ends without an error."""
        self._code = code

    def close(self, error: BaseException | None = None) -> None:
        """Add how the run ended."""
        spent = round(time.monotonic() - self._begun, 3)
        ending = {"outcome": _OUTCOMES.get(self._code, "failed"), "exitCode": self._code}
        if error is not None:
            ending = _failure(error)
        self._write(envelope("finished", _now(), seconds=spent, **ending))
        self._close()

    def _write(self, document: dict[str, Any]) -> None:
        line = json.dumps(SECRETS.masked(document | self._about), ensure_ascii=False) + "\n"
        with self._lock:
            if self.lost:
                return
            try:
                self._file.write(line)
                self._file.flush()
            except OSError as error:  # the run that is told of goes on
                self.lost = f"--events {self._path}: {error.strerror}"

    def _close(self) -> None:
        with suppress(OSError):  # what could not be written is still in its buffer
            self._file.close()


def _failure(error: BaseException) -> dict[str, Any]:
    if isinstance(error, KeyboardInterrupt | Interrupted):
        code = ending(error, Interrupted.exit_code)
        return {"outcome": INTERRUPTED, "exitCode": code}
    code = error.exit_code if isinstance(error, StackError) else StackError.exit_code
    return {"outcome": "failed", "exitCode": code, "message": str(error)}


def _open(path: Path) -> TextIO:
    try:
        # Whoever opens a pipe without a reader waits for one for ever.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        what = "nobody reads this pipe" if error.errno == errno.ENXIO else error.strerror
        raise UsageError(f"--events {path}: {what}") from error
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
