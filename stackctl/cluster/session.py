"""What every step of one run is given: the cluster, who watches it, who works, until when."""

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from stackctl.cluster.connection import Connection
from stackctl.cluster.wait import Observer
from stackctl.model.events import Notify

WORKERS = 16


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


@contextmanager
def workers() -> Iterator[Executor]:
    """Open the pool that sends the requests of one run."""
    with ThreadPoolExecutor(WORKERS, "worker") as pool:
        yield pool
