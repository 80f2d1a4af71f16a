"""How many applies are under way at once: as many as the server answers as fast as a few.

On a long wire it is the wire that takes the time, and more of them cost nothing; where the server
takes it, more of them only wait in another place. Nothing in here has a clock or sends anything.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST = 16  # what every API server takes
LEAST = 2  # where it asks us to slow down
MOST = 48
RISEN = 1.2  # times the best, up to which answers count as fast as ever
SLOW = 1.4  # and from which on as slow
LOOK_SECONDS = 0.1  # how late it may be noticed that nobody waits any more


class Pace:
    """The number of requests that may be under way; to be used from many threads."""

    def __init__(self) -> None:
        self.limit = FIRST
        self._under_way = 0
        self._best = 0.0  # seconds, the mean of a round of answers; 0: none was had
        self._seconds = 0.0
        self._answers = 0
        self._refused = 0  # answers of the present round that asked us to slow down
        self._full = False  # somebody had to wait in this round: more would have been sent
        self._free = threading.Condition()

    @contextmanager
    def turn(self, require_time: Callable[[], None]) -> Iterator[None]:
        """Let the block send one request, as soon as it may.

        Raises:
            StackError: what `require_time` raises while there is no turn yet.
        """
        with self._free:
            while self._under_way >= self.limit:
                self._full = True
                self._free.wait(LOOK_SECONDS)
                if self._under_way >= self.limit:
                    require_time()
            self._under_way += 1
        try:
            yield
        finally:
            with self._free:
                self._under_way -= 1
                self._free.notify()

    def answered(self, seconds: float) -> None:
        """Take note of an answer, and how long it took."""
        with self._free:
            self._seconds += seconds
            self._answers += 1
            if self._answers >= self.limit:
                self._adapt(self._seconds / self._answers)

    def refused(self) -> None:
        """Take note that the server asked us to slow down: half as many, once in a round."""
        with self._free:
            self._refused += 1
            if self._refused == 1:
                self.limit = max(LEAST, self.limit // 2)

    def _adapt(self, mean: float) -> None:
        """End a round: more while answers come as fast as ever, fewer where they do not."""
        full, refused = self._full, self._refused
        self._seconds, self._answers, self._refused, self._full = 0.0, 0, 0, False
        self._best = min(self._best or mean, mean)
        if refused or not full:
            return
        if mean <= RISEN * self._best or self.limit < FIRST:
            self.limit = min(MOST, self.limit + max(1, self.limit // 2))
            self._free.notify_all()
        elif mean > SLOW * self._best:
            self.limit = max(FIRST, self.limit - self.limit // 4)
