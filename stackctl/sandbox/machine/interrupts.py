"""What Ctrl-C and SIGTERM do while a sandbox is being changed.

The first signal raises, wherever the work stands; later ones are swallowed, so that an impatient
second Ctrl-C cannot break the cleaning up. Between starting a process and writing it down the
first one waits.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar

from stackctl.errors import Interrupted
from stackctl.signals import STOPPING, handling, heard, waking


class Terminated(Interrupted):
    """Another program asked us to stop."""

    exit_code: ClassVar[int] = 143


class Interrupts:
    """Turns signals into an exception, once, and not while held."""

    def __init__(self, aftermath: str = "") -> None:
        self._aftermath = aftermath
        self._holds = 0
        self._pending: int | None = None
        self._raised = False

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self._pending = number
        self._raise_pending()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let a signal wait until the block is done."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending is None or self._holds or self._raised:
            return
        self._raised = True
        name = signal.Signals(self._pending).name
        kind = Interrupted if self._pending == signal.SIGINT else Terminated
        raise kind(f"interrupted by {name}{self._aftermath}")


@contextmanager
def interruptible(aftermath: str = "") -> Iterator[Interrupts]:
    """Make signals raise `Interrupted` in the block; other threads than the main get none.

    `aftermath` ends the message: what the interrupt leaves behind.
    """
    interrupts = Interrupts(aftermath)
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    with handling(heard(STOPPING), interrupts.receive), waking():
        yield interrupts
