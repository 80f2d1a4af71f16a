"""One run at a time on a stack: who waits, who takes over, who stops."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from stackctl.actions.unlock import unlock
from stackctl.cluster import releases
from stackctl.cluster.connection import Connection, connect
from stackctl.cluster.lock import LEASES, Claim, find, held_by, lease_name, locked
from stackctl.errors import ConflictError, Interrupted, LockedError
from stackctl.model.events import Step
from stackctl.model.objects import Manifest
from stackctl.model.outcome import DeployOutcome
from stackctl.model.release import ReleaseStatus
from tests.apiserver.child import first
from tests.apiserver.children import LONG, child
from tests.apiserver.faults import FaultProxy, Hold
from tests.apiserver.stacks import Stack

SOON = 20.0  # seconds; far more than anything here takes


@contextmanager
def held(stack: Stack, holder: str = "other@there", lease: float = 30.0) -> Iterator[None]:
    """Hold a stack's lock as another run would."""
    releases.ensure_namespace(stack.client, threading.Event())
    with locked(stack.client, stack.name, Claim(holder, lease=lease), threading.Event()):
        yield


def dead(stack: Stack, seconds: int) -> None:
    """Leave the lease of a holder that died a moment ago."""
    with held(stack, "dead@there"):
        lease = stack.client.get(path_of(stack))
        assert lease is not None
    metadata = {k: v for k, v in lease["metadata"].items() if k in ("name", "namespace", "labels")}
    spec = lease["spec"] | {"leaseDurationSeconds": seconds}
    stack.client.create(LEASES, lease | {"metadata": metadata, "spec": spec})


def path_of(stack: Stack) -> str:
    return f"{LEASES}/{lease_name(stack.name)}"


def steps(stack: Stack) -> list[str]:
    return [each.text for each in stack.told if isinstance(each, Step)]


@contextmanager
def running(stack: Stack, hold: Hold, pattern: str) -> Iterator["Future[DeployOutcome]"]:
    """Deploy through a proxy and stand still at one request."""
    with FaultProxy(stack.client.access) as proxy, ThreadPoolExecutor(1) as pool:
        proxy.on("PATCH", pattern, hold)
        there = through(proxy)
        other = Stack(there, stack.name)
        other.proxy = proxy
        future = pool.submit(other.deploy, *first(other), lease=1.0)
        try:
            assert hold.arrived.wait(SOON)
            yield future
        finally:
            hold.release.set()
            there.client.close()


def through(proxy: FaultProxy) -> Connection:
    return connect(proxy.access, lambda _: None, threading.Event())
