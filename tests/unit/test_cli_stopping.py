"""Ctrl-C and its like reach the threads of a run before anybody waits for their end."""

import queue
import signal
import threading

import pytest

from stackctl.cli.running.stopping import stopping
from stackctl.signals import STOPPING

SOON = 10.0
ASLEEP = 0.2  # seconds, after which whoever waits does


def test_threads_know_of_a_stop():
    """And whoever is in front of the terminal is told as ever."""
    stop = threading.Event()
    with stopping(stop), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert stop.wait(SOON)


def test_a_signal_that_another_thread_got_ends_the_waiting_of_the_main_one():
    """Which thread gets it is for the kernel to say, and what handles it runs in the main one."""
    nothing: queue.SimpleQueue[None] = queue.SimpleQueue()

    def get_it() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    with stopping(threading.Event()):
        threading.Timer(ASLEEP, get_it).start()
        with pytest.raises(KeyboardInterrupt):
            nothing.get(timeout=SOON)


def test_who_insists_is_not_kept_waiting():
    """A second Ctrl-C; the first leaves time for what is to be recorded."""
    insisted = threading.Event()
    with stopping(threading.Event()) as stops:
        stops.hurry = insisted.set
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert not insisted.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert insisted.is_set()


def test_signals_mean_afterwards_what_they_meant_before():
    """A command that is over stops nothing."""
    before = [signal.getsignal(number) for number in STOPPING]
    with stopping(threading.Event()):
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(number) for number in STOPPING] == before


def test_a_signal_that_is_ignored_stays_ignored():
    """As `nohup` wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping(threading.Event()):
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
