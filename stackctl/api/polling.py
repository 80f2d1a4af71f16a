"""Looking again and again until something is there, time is up, or the user stops.

What is looked for, and what it means that it is not there, is for the callers.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from stackctl.errors import Interrupted, StackError
from stackctl.model.objects.refs import Manifest

GATHER_SECONDS = 0.03  # changes come in bursts: one look at the whole burst is enough
SPARING = 50  # times as long as a look takes nothing is looked at
LONGEST_SECONDS = 1.0  # that a change has to wait, however long looks take
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NotYet:
    """A look in vain: when to look again, and what it means to do so no longer."""

    pause: float
    late: Callable[[], StackError]  # what to raise when time is up
    stopped: str = ""  # what to say when the user stops


class Wakeup:
    """Ends a pause early, at every change that is wanted."""

    def __init__(self, wants: Callable[[Manifest], bool]) -> None:
        self.wants = wants
        self.gather = GATHER_SECONDS
        self._changed = threading.Event()

    def spare(self, seconds: float) -> None:
        """Look more rarely where a look takes long: most of the time belongs to what is seen."""
        self.gather = min(max(GATHER_SECONDS, SPARING * seconds), LONGEST_SECONDS)

    def ring(self) -> None:
        """Say that something changed."""
        self._changed.set()

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Return after a change or after some time; True when `stop` is set."""
        if not stop.wait(min(self.gather, seconds)):
            self._changed.wait(seconds)
            self._changed.clear()
        return stop.is_set()


def until(
    look: Callable[[], T | NotYet],
    *,
    deadline: float,
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], bool | None] = time.sleep,
) -> T:
    """Look until something is found and return it; `wait` lets seconds pass.

    Raises:
        StackError: time is up; what the last look had to say to that.
        Interrupted: the user stopped: `wait` returned True.
    """
    while isinstance(found := look(), NotYet):
        left = deadline - now()
        if left <= 0:
            raise found.late()
        if wait(min(found.pause, left)):
            raise Interrupted(found.stopped)
    return found


def once(tell: Callable[..., None]) -> Callable[..., None]:
    """Tell only what differs from what was told last."""
    last: tuple[Any, ...] | None = None

    def tell_news(*news: Any) -> None:
        nonlocal last
        if news != last:
            last = news
            tell(*news)

    return tell_news
