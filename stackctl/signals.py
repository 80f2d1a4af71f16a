"""The signals that ask us to stop, heard at once; what they do is for whoever handles them."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
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
