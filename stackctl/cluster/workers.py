"""The pool that sends the requests of one run."""

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from stackctl.api.http.pace import MOST

WORKERS = MOST  # how many of them apply at once is for the pace of the client


@contextmanager
def workers(stop: threading.Event | None = None) -> Iterator[Executor]:
    """Open the pool that sends the requests of one run; Ctrl-C sets `stop` and waits for them."""
    with ThreadPoolExecutor(WORKERS, "worker") as pool:
        try:
            yield pool
        except KeyboardInterrupt:
            if stop is not None:
                stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
