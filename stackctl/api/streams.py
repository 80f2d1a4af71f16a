"""Ends answers that are read as they come when the run that reads them is stopped."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from stackctl.api.transport import translated

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

LOOK_SECONDS = 0.1
PART = 1 << 16


class Streams:
    """The answers being read; one thread looks after all of them, while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, tuple[BaseHTTPResponse, threading.Event]] = {}
        self._guard: threading.Thread | None = None

    @contextmanager
    def held(self, answer: "BaseHTTPResponse", stop: threading.Event) -> Iterator[None]:
        """Make reading end soon after `stop` is set; afterwards the connection is closed."""
        with self._lock:
            self._open[id(answer)] = (answer, stop)
            if self._guard is None:
                self._guard = threading.Thread(target=self._look, name="streams", daemon=True)
                self._guard.start()
        try:
            yield
        finally:
            with self._lock:
                del self._open[id(answer)]
            answer.close()

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                if not self._open:
                    self._guard = None
                    return
                for answer, stop in self._open.values():
                    if stop.is_set():
                        # It may have ended by itself in this moment.
                        with suppress(OSError, RuntimeError, ValueError):
                            answer.shutdown()


def lines_of(answer: "BaseHTTPResponse") -> Iterator[bytes]:
    """Read an answer line by line, as it comes.

    Raises:
        TransportFault: the connection was lost.
    """
    rest = b""
    while part := _next_part(answer):
        *lines, rest = (rest + part).split(b"\n")
        yield from lines


def _next_part(answer: "BaseHTTPResponse") -> bytes:
    with translated():
        return answer.read1(PART)
