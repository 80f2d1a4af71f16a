"""Until when requests may go on: a run's deadline, after it the last words, and a user's stop.

One value for all threads of a client, so that nothing has to be passed to whoever asks something.
What is cut off by it is for `guard`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

REASONS_SECONDS = 5.0  # after the deadline, to find out why something is not ready
CLOSING_SECONDS = 10.0  # at least, for the outcome and the lock, once the work is over
GRACE_SECONDS = 2.0  # after Ctrl-C, for what was on its way: its answer may still be recorded
HASTY_SECONDS = 10.0  # and for everything

FOR_EVER = float("inf")
Clock = Callable[[], float]


class Limits:
    """The time there is; to be used from many threads."""

    def __init__(self, now: Clock, stop: threading.Event) -> None:
        self._now = now
        self._stop = stop
        self._until = FOR_EVER
        self._stopped: float | None = None

    @contextmanager
    def within(self, until: float) -> Iterator[None]:
        """Let no request go on beyond a deadline, for as long as the block runs."""
        before = self._until
        self._until = min(before, until + REASONS_SECONDS)
        try:
            yield
        finally:
            self._until = before

    def conclude(self) -> None:
        """Leave at least some time for the last words, from now on until the block ends."""
        self._until = max(self._until, self._now() + CLOSING_SECONDS)

    @property
    def until(self) -> float:
        """The end of all requests, as it is known by now."""
        stopped = self._stopped_at()
        return self._until if stopped is None else min(self._until, stopped + HASTY_SECONDS)

    @property
    def up(self) -> bool:
        """There is no time left."""
        return self._now() >= self.until

    def over(self, end: float, *, late: bool) -> bool:
        """Say whether to wait no longer for what was to take until `end`.

        What began after the stop is meant to be said all the same.
        """
        stopped = None if late else self._stopped_at()
        now = self._now()
        return now >= min(end, self.until) or (
            stopped is not None and now >= stopped + GRACE_SECONDS
        )

    def _stopped_at(self) -> float | None:
        """Say when the stop was first noticed, by the clock that everything else goes by."""
        if self._stopped is None and self._stop.is_set():
            self._stopped = self._now()
        return self._stopped
