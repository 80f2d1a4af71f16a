"""What Ctrl-C and its like do while a command is at a cluster.

What a run still does when it is stopped is for `cluster`; how it is told, for whoever catches it.
"""

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from stackctl.signals import STOPPING, handling, waking


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
    with handling(taken, heard), waking():
        yield stops
