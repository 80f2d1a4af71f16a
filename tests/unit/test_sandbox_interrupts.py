"""What signals do to a sandbox in the making."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from stackctl.errors import Interrupted
from stackctl.sandbox.machine.interrupts import Interrupts, Terminated, interruptible


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    # A signal to ourselves is received before the next call returns.
    threading.Event().wait(0)


def interrupted(work: Callable[[Interrupts], None], aftermath: str = "") -> Interrupted:
    """Do some work and return the interrupt that ended it."""

    def interruptibly() -> None:
        with interruptible(aftermath) as interrupts:
            work(interrupts)

    with pytest.raises(Interrupted) as caught:
        interruptibly()
    return caught.value


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)],
)
def test_a_signal_ends_the_work(number, exit_code):
    """The exit code tells Ctrl-C from being stopped, the message what is left."""
    done: list[str] = []

    def work(_: Interrupts) -> None:
        send(number)
        done.append("after")

    error = interrupted(work, "; all is well")
    assert str(error) == f"interrupted by {number.name}; all is well"
    assert error.exit_code == exit_code
    assert done == []


def test_a_signal_waits_while_it_is_held():
    """Work that must not be torn apart is finished first."""
    done: list[str] = []

    def work(interrupts: Interrupts) -> None:
        with interrupts.held():
            send(signal.SIGINT)
            done.append("held")
        done.append("after")

    interrupted(work)
    assert done == ["held"]


def test_the_second_signal_does_not_disturb_the_cleaning_up():
    """Only the first signal raises; who presses Ctrl-C again gets no half-cleaned sandbox."""
    done: list[str] = []

    def work(_: Interrupts) -> None:
        try:
            send(signal.SIGINT)
        finally:
            send(signal.SIGINT)
            send(signal.SIGTERM)
            done.append("cleaned")

    interrupted(work)
    assert done == ["cleaned"]


def test_signals_mean_what_they_meant_afterwards():
    """The handlers of whoever called us are back in place."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruptible():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_ignored_signals_stay_ignored():
    """A command under nohup outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            send(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_the_signals_alone():
    """Only the main thread can hear signals; in another the work just goes on."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with interruptible() as interrupts, interrupts.held():
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failed == []


def test_being_terminated_is_an_interrupt():
    """Whoever catches interrupts catches both kinds."""
    assert issubclass(Terminated, Interrupted)
