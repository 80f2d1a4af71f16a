"""Whoever waits for a connection is woken, whatever it is that takes so long."""

import threading

import pytest

from stackctl.api.http.guard import Guard

SOON = 10.0


def test_a_connection_that_does_not_come_is_given_up():
    """Looking up a name cannot be woken; what waits for it can. Too late, it is closed again."""
    over, come, closed = threading.Event(), threading.Event(), threading.Event()

    def connect() -> None:
        over.set()
        come.wait(SOON)

    with Guard().holding(over.is_set) as hold, pytest.raises(TimeoutError):
        hold.open(connect, closed.set)
    assert not closed.is_set()
    come.set()
    assert closed.wait(SOON)


def test_why_a_connection_fails_is_told_to_who_waits_for_it():
    """As if they had tried themselves."""

    def connect() -> None:
        raise ConnectionRefusedError("nobody is there")

    with (
        Guard().holding(lambda: False) as hold,
        pytest.raises(ConnectionRefusedError, match="nobody"),
    ):
        hold.open(connect, lambda: None)
