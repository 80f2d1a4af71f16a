"""What Ctrl-C and its like do while a command is at a cluster.

What a run still does when it is stopped is for `cluster`; how it is told, for whoever catches it.
"""

import _thread
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WAKE = signal.SIGURG  # means nothing to anybody here
_WAKE_SECONDS = 0.1


@dataclass(slots=True)
class Stops:
    """What was heard from a user who wants to stop, and what to do when they insist."""

    count: int = 0
    hurry: Callable[[], None] = lambda: None


@contextmanager
def stopping(stop: threading.Event) -> Iterator[Stops]:
    """Let threads know of Ctrl-C and its like at once, before anybody waits for their end.

    A Ctrl-C after that waits for nothing at all.
    """
    before = {number: signal.getsignal(number) for number in STOPPING}
    stops = Stops()

    def heard(number: int, frame: FrameType | None) -> None:
        # By another thread: this one may hold the very lock that an event is set under.
        _thread.start_new_thread(stop.set, ())
        stops.count += 1
        if number == signal.SIGINT and stops.count > 1:
            stops.hurry()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    taken = [number for number, handler in before.items() if callable(handler)]
    for number in taken:
        signal.signal(number, heard)
    try:
        with _waking():
            yield stops
    finally:
        for number in taken:
            signal.signal(number, before[number])


class _Waker:
    """Wakes the main thread when a signal has come to another one.

    Handlers run in the main thread alone. The kernel may give a signal to any thread, and then
    the main one learns nothing of it for as long as it waits for something: only a signal that is
    its own ends its sleep.
    """

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self._main = threading.get_ident()
        self._awake = False  # no event: its lock may be held where a handler comes in between
        self._over = False
        self._thread = threading.Thread(target=self._wake, name="signals", daemon=True)
        self._thread.start()

    def answer(self, *_: object) -> None:
        """Note that the main thread handles signals; this is the handler of the waking one."""
        self._awake = True

    def close(self) -> None:
        """End it."""
        self._over = True
        os.close(self.writer)
        self._thread.join()
        os.close(self._reader)

    def _wake(self) -> None:
        while came := os.read(self._reader, 1):
            if came[0] == _WAKE:
                continue
            self._awake = False
            while not (self._awake or self._over):
                signal.pthread_kill(self._main, _WAKE)
                time.sleep(_WAKE_SECONDS)


@contextmanager
def _waking() -> Iterator[None]:
    waker = _Waker()
    handler = signal.signal(_WAKE, waker.answer)
    written = signal.set_wakeup_fd(waker.writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(written)
        waker.close()
        signal.signal(_WAKE, handler)
