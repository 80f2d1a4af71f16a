"""Until when requests may go on."""

import threading

from stackctl.api.http.limits import (
    CLOSING_SECONDS,
    FOR_EVER,
    GRACE_SECONDS,
    HASTY_SECONDS,
    REASONS_SECONDS,
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
    assert clock.limits.until == FOR_EVER
    assert not clock.limits.over(101.0, late=False)
    clock.time = 101.0
    assert clock.limits.over(101.0, late=False)


def test_a_deadline_holds_for_the_block_and_leaves_time_to_say_why():
    """What is not ready at the deadline is still asked for its reasons."""
    clock = Clock()
    with clock.limits.within(120.0):
        clock.time = 120.0
        assert not clock.limits.up
        clock.time = 120.0 + REASONS_SECONDS
        assert clock.limits.up
        assert clock.limits.over(FOR_EVER, late=False)
    assert not clock.limits.up


def test_an_inner_deadline_never_moves_the_outer_one():
    """Waiting for a lock may take longer than the work, and not the other way round."""
    clock = Clock()
    with clock.limits.within(120.0):
        with clock.limits.within(500.0):
            assert clock.limits.until == 120.0 + REASONS_SECONDS
        with clock.limits.within(110.0):
            assert clock.limits.until == 110.0 + REASONS_SECONDS
        assert clock.limits.until == 120.0 + REASONS_SECONDS


def test_the_last_words_have_a_time_of_their_own():
    """However late it is, the outcome can be written; where there was more time, it is kept."""
    clock = Clock()
    with clock.limits.within(120.0):
        clock.limits.conclude()
        assert clock.limits.until == 120.0 + REASONS_SECONDS
        clock.time = 200.0
        clock.limits.conclude()
        assert clock.limits.until == 200.0 + CLOSING_SECONDS


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
