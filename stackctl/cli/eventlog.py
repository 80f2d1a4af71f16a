"""Writes the events of a run into a file, one JSON document for each line.

What the documents hold is `model.eventrecord`'s.
"""

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from stackctl.errors import Interrupted, StackError, UsageError
from stackctl.model.eventrecord import envelope, record
from stackctl.model.events import Event
from stackctl.secrets import SECRETS


class EventLog:
    """A file that is added to from any thread; readable for its owner alone."""

    def __init__(self, path: Path, command: str, context: str = "") -> None:
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._declined = False
        self._target = {"context": context} if context else {}
        self._file = _open(path)
        self._write(envelope("started", _now(), command=command))

    def event(self, event: Event) -> None:
        """Add one event."""
        self._write(record(event, _now()))

    def declined(self) -> None:
        """Take note that the plan was shown and not agreed to."""
        self._declined = True

    def close(self, error: BaseException | None = None) -> None:
        """Add how the run ended."""
        ending = _ending(error)
        if self._declined and error is None:
            ending = {"outcome": "declined"}
        self._write(
            envelope(
                "finished",
                _now(),
                seconds=round(time.monotonic() - self._begun, 3),
                **ending,
            )
        )
        self._file.close()

    def _write(self, document: dict[str, Any]) -> None:
        line = json.dumps(SECRETS.masked(document | self._target), ensure_ascii=False) + "\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()


def _ending(error: BaseException | None) -> dict[str, Any]:
    if error is None:
        return {"outcome": "succeeded"}
    if isinstance(error, KeyboardInterrupt | Interrupted):
        return {"outcome": "interrupted", "exitCode": Interrupted.exit_code}
    code = error.exit_code if isinstance(error, StackError) else StackError.exit_code
    return {"outcome": "failed", "exitCode": code, "message": str(error)}


def _open(path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise UsageError(f"--events {path}: {error.strerror}") from error
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
