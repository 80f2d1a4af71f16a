"""Looking again until something is there, time is up or the user stops."""

import threading

import pytest

from stackctl.api.polling import NotYet, Wakeup, once, until
from stackctl.errors import Interrupted, NotReadyError


class Clock:
    """Time that passes only while somebody waits, and who is asked to wait."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        """Return the time."""
        return self.seconds

    def wait(self, seconds: float) -> bool:
        """Let time pass."""
        self.pauses.append(seconds)
        self.seconds += seconds
        return False


NOT_YET = NotYet(2.0, late=lambda: NotReadyError("late"), stopped="stopped")


def test_what_is_found_is_returned():
    """The last look's answer is the answer, whatever it is."""
    clock, looks = Clock(), iter([NOT_YET, NOT_YET, None])
    assert until(lambda: next(looks), deadline=10, now=clock.now, wait=clock.wait) is None
    assert clock.pauses == [2.0, 2.0]


def test_the_last_look_is_at_the_deadline():
    """The last pause ends when time is up; then it is looked once more before giving up."""
    clock, looks = Clock(), []

    def look() -> NotYet:
        looks.append(clock.now())
        return NOT_YET

    with pytest.raises(NotReadyError, match="late"):
        until(look, deadline=5, now=clock.now, wait=clock.wait)
    assert looks == [0, 2, 4, 5]


def test_a_stop_ends_the_pause():
    """Who is told to stop does not look again."""
    stop = threading.Event()
    stop.set()
    looks = iter([NOT_YET])
    with pytest.raises(Interrupted, match="stopped"):
        until(lambda: next(looks), deadline=5, now=Clock().now, wait=stop.wait)


def test_only_news_is_told():
    """The same words are told again after others."""
    told: list[str] = []
    tell = once(told.append)
    for text in ("a", "a", "b", "b", "a"):
        tell(text)
    assert told == ["a", "b", "a"]


def test_a_change_before_the_pause_is_not_slept_through():
    """What changes between the look and the pause ends the pause at once."""
    wakeup = Wakeup(lambda _: True)
    wakeup.ring()
    assert not wakeup.wait(60, threading.Event())
