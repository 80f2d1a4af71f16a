"""Until when requests may go on."""

import threading

import pytest

from stackctl.api.http.limits import (
    CLOSING_SECONDS,
    FOR_EVER,
    GRACE_SECONDS,
    HASTY_SECONDS,
    REASONS_SECONDS,
    Allowance,
    Limits,
)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 100.0
        self.stop = threading.Event()
        self.limits = Limits(lambda: self.time, self.stop)


def test_without_a_deadline_nothing_is_cut_off():
    """A command that only reads has no deadline; each of its requests has an end of its own."""
    clock = Clock()
    assert clock.limits.until() == FOR_EVER
    assert not clock.limits.over(101.0, late=False)
    clock.time = 101.0
    assert clock.limits.over(101.0, late=False)


def test_a_deadline_holds_for_the_block_and_leaves_time_to_say_why():
    """What is not ready at the deadline is still asked for its reasons."""
    clock = Clock()
    with clock.limits.within(120.0):
        clock.time = 120.0
        assert not clock.limits.up()
        clock.time = 120.0 + REASONS_SECONDS
        assert clock.limits.up()
        assert clock.limits.over(FOR_EVER, late=False)
    assert not clock.limits.up()


def test_an_inner_deadline_never_moves_the_outer_one():
    """Waiting for a lock may take longer than the work, and not the other way round."""
    clock = Clock()
    with clock.limits.within(120.0):
        with clock.limits.within(500.0):
            assert clock.limits.until() == 120.0 + REASONS_SECONDS
        with clock.limits.within(110.0):
            assert clock.limits.until() == 110.0 + REASONS_SECONDS
        assert clock.limits.until() == 120.0 + REASONS_SECONDS


def test_the_last_words_have_a_time_of_their_own():
    """However late it is, the outcome can be written; where there was more time, it is kept."""
    clock = Clock()
    with clock.limits.within(120.0):
        clock.limits.conclude()
        assert clock.limits.until() == 120.0 + REASONS_SECONDS
    with clock.limits.within(120.0):
        clock.time = 200.0
        assert clock.limits.up(writing=True)
        clock.limits.conclude()
        assert clock.limits.until() == clock.limits.until(writing=True) == 200.0 + CLOSING_SECONDS


def test_the_last_words_come_once():
    """The outcome and the lock share one time, instead of each having its own."""
    clock = Clock()
    with clock.limits.within(120.0):
        clock.time = 200.0
        clock.limits.conclude()
        clock.time = 205.0
        clock.limits.conclude()
        assert clock.limits.until() == 200.0 + CLOSING_SECONDS


def test_nothing_is_changed_after_the_deadline():
    """The moment after it is for asking why something is not ready."""
    clock = Clock()
    with clock.limits.within(120.0):
        clock.time = 120.0
        assert clock.limits.up(writing=True)
        assert clock.limits.over(FOR_EVER, late=False, writing=True)
        assert not clock.limits.over(FOR_EVER, late=False)


def test_looking_counts_and_the_question_does_not():
    """What the looking has left is for the work."""
    clock = Clock()
    clock.limits.look_within(Allowance(60.0))
    clock.time += 10.0
    with clock.limits.pausing():
        clock.time += 1000.0
    assert not clock.limits.up()
    assert clock.limits.end_look(60.0) == pytest.approx(50.0)
    clock.time += 100.0
    assert not clock.limits.up()  # what follows has a deadline of its own


def test_waiting_for_somebody_else_moves_the_deadline():
    """The time of a run is for its own work, not for that of another which has the lock."""
    clock = Clock()
    with clock.limits.within(120.0):
        with clock.limits.pausing():
            clock.time += 1000.0
        assert clock.limits.left == pytest.approx(20.0)
        assert not clock.limits.up(writing=True)


def test_looking_ends_when_its_time_is_up():
    """And nothing is left for work then."""
    clock = Clock()
    clock.limits.look_within(Allowance(60.0))
    clock.time += 61.0
    assert clock.limits.up()
    assert clock.limits.end_look(60.0) == 0.0


def test_without_a_bound_on_looking_all_the_time_is_for_the_work():
    """Nobody has counted."""
    assert Clock().limits.end_look(60.0) == 60.0


def test_a_stop_ends_looking_at_once():
    """Nothing was changed, so nothing has to be recorded."""
    clock = Clock()
    clock.limits.look_within(Allowance(60.0))
    assert not clock.limits.over(500.0, late=False)
    clock.stop.set()
    assert clock.limits.over(500.0, late=False)
    assert clock.limits.over(500.0, late=True)


def test_who_gives_up_waits_for_nothing():
    """Not even for the last words."""
    clock = Clock()
    with clock.limits.within(120.0):
        clock.limits.give_up()
        clock.limits.conclude()
        assert clock.limits.up()
        assert clock.limits.over(500.0, late=True)


def test_a_stop_leaves_a_moment_to_what_was_on_its_way():
    """And a little longer to what is begun after it: that is what is to be recorded."""
    clock = Clock()
    clock.stop.set()
    assert not clock.limits.over(500.0, late=False)
    clock.time += GRACE_SECONDS
    assert clock.limits.over(500.0, late=False)
    assert not clock.limits.over(500.0, late=True)
    clock.time = 100.0 + HASTY_SECONDS
    assert clock.limits.over(500.0, late=True)
