"""What every step of one run is given: the cluster, who watches it, who works, until when."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from stackctl.cluster.connection import Connection
from stackctl.cluster.sending import Sender
from stackctl.cluster.wait.wait import Observer
from stackctl.errors import MORE_TIME, Interrupted, OutOfTime
from stackctl.model.objects.refs import Ref
from stackctl.model.run.events import Notify


@dataclass(frozen=True, slots=True)
class Session:
    """One run on one cluster."""

    connection: Connection
    observer: Observer
    pool: Executor  # sends the requests of every component
    notify: Notify
    deadline: float  # of the observer's clock
    wait: bool
    abandoned: threading.Event  # the user stopped, or the lock was lost: begin nothing new
    sender: Sender  # sends objects as the stack's manager
    fence: Callable[[], None] = lambda: None  # raises before a write that is no longer ours
    confirm: Callable[[], None] = lambda: None  # the same, and asks the server whose the lock is

    def begin(self, ref: Ref) -> None:
        """Raise instead of beginning a change when the run is over, or another one is on.

        Raises:
            Interrupted: the user stopped.
            LockedError: the lock was lost.
            OutOfTime: the deadline has passed.
        """
        self.fence()
        if self.abandoned.is_set():
            raise Interrupted(f"{ref}: not attempted")
        if self.observer.now() >= self.deadline:
            raise OutOfTime(f"{ref}: not attempted: time is up", hint=MORE_TIME)
