"""Tells again, every few seconds, which step is on, so that nobody takes a long one for dead."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from stackctl.model.run.events import Event, Notify, Step

BEAT_SECONDS = 4.0


@contextmanager
def repeating(
    notify: Notify,
    beat: float = BEAT_SECONDS,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Notify]:
    """Give what tells events, and the last step again and again until the end of the block.

    What is left of a step shrinks from one time to the next.
    """
    pulse = _Pulse(notify, now)
    done = threading.Event()

    def go_on() -> None:
        while not done.wait(beat):
            pulse.again()

    thread = threading.Thread(target=go_on, name="pulse", daemon=True)
    thread.start()
    try:
        yield pulse.tell
    finally:
        done.set()
        thread.join()


class _Pulse:
    """The last step that was told, and when."""

    def __init__(self, notify: Notify, now: Callable[[], float]) -> None:
        self._notify = notify
        self._now = now
        self._lock = threading.Lock()
        self._last: tuple[Step, float] | None = None

    def tell(self, event: Event) -> None:
        """Tell an event."""
        with self._lock:
            if isinstance(event, Step):
                self._last = event, self._now()
            self._notify(event)

    def again(self) -> None:
        """Tell the last step once more."""
        with self._lock:
            if self._last is not None:
                step, told = self._last
                left = step.left and max(step.left - (self._now() - told), 1.0)
                self._notify(replace(step, left=left))
