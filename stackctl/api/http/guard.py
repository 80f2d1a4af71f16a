"""Ends waiting for the other end: when it takes too long, and when nobody wants it any more.

A read that blocks notices neither a deadline nor a stop, and the pauses that a socket's own
timeout is for never come where one byte trickles in after the other. So one thread looks after
everything that is open, while there is anything, and shuts the connection under whoever waits.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

LOOK_SECONDS = 0.1

T = TypeVar("T")


class Wire(Protocol):
    """What has a socket, once it is connected."""

    sock: socket.socket | None


@dataclass(slots=True)
class Hold:
    """One wait; the connection that it goes over is known once there is one."""

    over: Callable[[], bool]
    wire: Wire | None = None
    answer: "BaseHTTPResponse | None" = None
    cut: bool = False
    _opened: "Future[None] | None" = None

    def open(self, connect: Callable[[], None], close: Callable[[], None]) -> None:
        """Connect, or stop waiting for that; what is too late is closed again.

        Names are looked up, and connections and TLS agreed on, where nothing can be woken.
        """
        opened = self._opened = Future()

        def attempt() -> None:
            try:
                connect()
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                _settle(opened.set_exception, error)
            else:
                if not _settle(opened.set_result, None):
                    close()

        threading.Thread(target=attempt, name="connect", daemon=True).start()
        opened.result()

    def end(self) -> None:
        """Wake whoever reads; it may have ended by itself in this moment."""
        self.cut = True
        if self._opened is not None:
            _settle(self._opened.set_exception, TimeoutError("nobody waits for it any more"))
        with suppress(OSError, RuntimeError, ValueError):
            if self.answer is not None:
                self.answer.shutdown()
            elif self.wire is not None and self.wire.sock is not None:
                # Not the TLS socket's own method: whoever still reads would get ciphertext.
                socket.socket.shutdown(self.wire.sock, socket.SHUT_RDWR)


def _settle(settle: Callable[[T], None], value: T) -> bool:
    """Say how it ended; False where that was said before."""
    try:
        settle(value)
    except InvalidStateError:
        return False
    return True


class Guard:
    """Looks after everything that is waited for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, Hold] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, over: Callable[[], bool]) -> Iterator[Hold]:
        """Make waiting end soon after `over` says so."""
        hold = Hold(over)
        self._begin(hold)
        try:
            yield hold
        finally:
            self._end(hold)

    @contextmanager
    def reading(self, answer: "BaseHTTPResponse", stop: threading.Event) -> Iterator[None]:
        """Make reading end soon after `stop` is set; afterwards the connection is closed."""
        hold = Hold(stop.is_set, answer=answer)
        self._begin(hold)
        try:
            yield
        finally:
            self._end(hold)
            answer.close()

    def _begin(self, hold: Hold) -> None:
        with self._lock:
            self._open[id(hold)] = hold
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="guard", daemon=True)
                self._thread.start()

    def _end(self, hold: Hold) -> None:
        with self._lock:
            del self._open[id(hold)]

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                if not self._open:
                    self._thread = None
                    return
                for hold in self._open.values():
                    if hold.over():
                        hold.end()
