"""How many requests are under way, by how the server answers."""

import threading

import pytest

from stackctl.api.http.pace import FIRST, LEAST, MOST, Pace
from stackctl.errors import Interrupted


def go_on() -> None:
    """There is time."""


def a_round(pace: Pace, seconds: float, *, full: bool = True) -> int:
    """Answer as many requests as may be under way; return how many may be from then on."""
    pace._full = full
    for _ in range(pace.limit):
        with pace.turn(go_on):
            pace.answered(seconds)
    return pace.limit


def test_more_are_sent_while_answers_come_as_fast():
    """Up to a bound."""
    pace = Pace()
    found = [a_round(pace, 0.04) for _ in range(6)]
    assert found == sorted(found)
    assert (found[0] > FIRST, found[-1]) == (True, MOST)


def test_no_more_are_sent_where_answers_take_longer_with_them():
    """And fewer where they take much longer, though never fewer than every server takes."""
    pace = Pace()
    more = a_round(pace, 0.010)
    assert a_round(pace, 0.013) == more
    fewer = [a_round(pace, 0.050) for _ in range(6)]
    assert fewer == sorted(fewer, reverse=True)
    assert (fewer[0] < more, fewer[-1]) == (True, FIRST)


def test_no_more_are_sent_where_nobody_had_to_wait():
    """What was never tried says nothing about how fast more would be answered."""
    pace = Pace()
    assert [a_round(pace, 0.01, full=False) for _ in range(3)] == [FIRST] * 3


def test_a_server_that_asks_for_less_gets_less():
    """Half as many, once for all that were under way; and more again when it takes them."""
    pace = Pace()
    for _ in range(FIRST):
        pace.refused()
    assert pace.limit == FIRST // 2
    a_round(pace, 0.01)
    for _ in range(10):
        pace.refused()
        a_round(pace, 0.01)
    assert pace.limit == LEAST
    for _ in range(20):
        a_round(pace, 0.01)
    assert pace.limit == MOST


def test_as_many_as_may_be_are_under_way():
    """The next begins when one ends."""
    pace, begun, end = Pace(), threading.Semaphore(0), threading.Event()
    most, now, counting = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal most, now
        with pace.turn(go_on):
            with counting:
                now += 1
                most = max(most, now)
            begun.release()
            end.wait(20)
            with counting:
                now -= 1

    threads = [threading.Thread(target=work, daemon=True) for _ in range(FIRST + 5)]
    for each in threads:
        each.start()
    for _ in range(FIRST):
        assert begun.acquire(timeout=20)
    end.set()
    for each in threads:
        each.join(20)
    assert most == FIRST


def test_who_has_no_time_does_not_wait_for_a_turn():
    """A deadline and a stop are noticed there as well; and the turn is nobody's then."""
    pace = Pace()
    pace.limit = 1

    def stopped() -> None:
        raise Interrupted("stopped")

    with pace.turn(go_on), pytest.raises(Interrupted), pace.turn(stopped):
        pass
    with pace.turn(stopped):
        pass
