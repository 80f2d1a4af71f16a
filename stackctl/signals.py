"""The signals that ask us to stop, heard at once; what they do is for whoever handles them."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object]

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TERMINATED = 143  # the exit code of a command that was not stopped by its user
TOLD: list[int] = []  # the signals, Ctrl-C apart, that have asked this command to stop
_WAKE = signal.SIGURG  # means nothing to anybody here
_WAKE_SECONDS = 0.1


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
def handling(numbers: Iterable[signal.Signals], handler: Handler) -> Iterator[None]:
    """Let signals be handled so while the block runs; another thread than the main gets none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def heard(numbers: Iterable[signal.Signals]) -> tuple[signal.Signals, ...]:
    """Choose the signals to act on: not those a parent ignores (nohup, a background job)."""
    return tuple(number for number in numbers if signal.getsignal(number) != signal.SIG_IGN)


@contextmanager
def waking() -> Iterator[None]:
    """Make the main thread, which this is, hear of every signal at once while the block runs."""
    waker = _Waker()
    handler = signal.signal(_WAKE, waker.answer)
    written = signal.set_wakeup_fd(waker.writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(written)
        waker.close()
        signal.signal(_WAKE, handler)
