"""Until when requests may go on: the time to look, a run's deadline, the last words, a stop.

One value for all threads of a client, so that nothing has to be passed to whoever asks something.
What is cut off by it is for `guard`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stackctl.errors import MORE_TIME

REASONS_SECONDS = 5.0  # after the deadline, to find out why something is not ready
CLOSING_SECONDS = 10.0  # at least, for the outcome and the lock, once the work is over
GRACE_SECONDS = 2.0  # after Ctrl-C, for what was on its way: its answer may still be recorded
HASTY_SECONDS = 10.0  # and for everything, as long as there are answers

FOR_EVER = float("inf")
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Allowance:
    """How long looking at a cluster may take."""

    seconds: float
    remedy: str = MORE_TIME  # what gives more time, if anything does


class Limits:
    """The time there is; to be used from many threads."""

    def __init__(self, now: Clock, stop: threading.Event) -> None:
        self._now = now
        self._stop = stop
        self._until = FOR_EVER  # of requests that only ask
        self._work = FOR_EVER  # of those that change something
        self._looking: float | None = None  # until when, while nothing is being changed
        self._concluded = False
        self._given_up = False
        self._stopped: float | None = None
        self.remedy = MORE_TIME

    def look_within(self, allowance: Allowance) -> None:
        """Bound the looking from now on; a stop ends it at once, for nothing is lost by that."""
        self._looking = self._now() + allowance.seconds
        self.remedy = allowance.remedy

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Let the time of the block not count: somebody else takes it."""
        began = self._now()
        try:
            yield
        finally:
            taken = self._now() - began
            self._until += taken
            self._work += taken
            if self._looking is not None:
                self._looking += taken

    def end_look(self, most: float) -> float:
        """End the looking; return how much of the time there is, `most`, it has left."""
        until, self._looking = self._looking, None
        return most if until is None else max(0.0, min(most, until - self._now()))

    @property
    def left(self) -> float:
        """The seconds until the deadline of the work."""
        return self._work - self._now()

    @property
    def looking(self) -> bool:
        """Nothing is being changed, so that nothing has to be brought to an end."""
        return self._looking is not None

    @contextmanager
    def within(self, until: float) -> Iterator[None]:
        """Let no request go on beyond a deadline, for as long as the block runs.

        Why something is not ready may still be asked for a moment after it.
        """
        before = self._until, self._work, self._concluded
        self._until = min(self._until, until + REASONS_SECONDS)
        self._work = min(self._work, until)
        self._concluded = False
        try:
            yield
        finally:
            self._until, self._work, self._concluded = before

    def conclude(self) -> None:
        """Leave at least some time for the last words, from now on; once in a block."""
        if not self._concluded:
            self._concluded = True
            end = self._now() + CLOSING_SECONDS
            self._until, self._work = max(self._until, end), max(self._work, end)

    def give_up(self) -> None:
        """Wait for nothing any more, the last words included; takes no lock."""
        self._given_up = True

    def until(self, *, writing: bool = False) -> float:
        """Return the end of all requests of a sort, as it is known by now."""
        if self._given_up:
            return -FOR_EVER
        looking, stopped = self._looking, self._stopped_at()
        until = min(self._until, self._work) if writing else self._until
        until = until if looking is None else min(until, looking)
        if stopped is None:
            return until
        return min(until, stopped + HASTY_SECONDS if looking is None else stopped)

    def up(self, *, writing: bool = False) -> bool:
        """Return whether no time is left."""
        return self._now() >= self.until(writing=writing)

    def over(self, end: float, *, late: bool, writing: bool = False) -> bool:
        """Return whether to wait no longer for what was to take until `end`.

        What began after the stop is meant to be said all the same.
        """
        stopped = None if late else self._stopped_at()
        now = self._now()
        return now >= min(end, self.until(writing=writing)) or (
            stopped is not None and now >= stopped + GRACE_SECONDS
        )

    def _stopped_at(self) -> float | None:
        """Return when the stop was first noticed, by the clock that everything else goes by."""
        if self._stopped is None and self._stop.is_set():
            self._stopped = self._now()
        return self._stopped
