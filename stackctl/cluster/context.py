"""What every step of one run is given: the cluster, who works, who is told, the time.

What a run is to do is not in here: that is its intent and its options.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass

from stackctl.api.client import Client
from stackctl.cluster.connection import Connection
from stackctl.cluster.workers import workers
from stackctl.model.run.events import Notify
from stackctl.model.run.outcome import TargetInfo


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run on one cluster."""

    connection: Connection
    pool: Executor  # sends the requests of every component
    notify: Notify
    began: float  # by the clock of the client, which everything goes by

    @property
    def client(self) -> Client:
        """The client of the connection."""
        return self.connection.client

    @property
    def info(self) -> TargetInfo:
        """The cluster, as it is named to the user."""
        return self.connection.info

    @property
    def stop(self) -> threading.Event:
        """Set when the user interrupts."""
        return self.connection.stop

    def now(self) -> float:
        """Read the clock."""
        return self.client.now()

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return self.now() - self.began


@contextmanager
def running(connection: Connection, notify: Notify) -> Iterator[RunContext]:
    """Begin a run; its workers stop at the end of the block."""
    with workers(connection.stop) as pool:
        yield RunContext(connection, pool, notify, connection.client.now())
