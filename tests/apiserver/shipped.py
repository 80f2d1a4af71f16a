"""Stacks of shipped components, deployed and torn down as the commands do it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.deploy import deploy
from stackctl.actions.teardown import teardown
from stackctl.api.access.kubeconfig import find_access
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection, connect
from stackctl.errors import ReleaseError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import DeployOutcome, TeardownOutcome

PATIENT = 240.0  # seconds for a whole stack on a busy machine


@contextmanager
def connected(kubeconfig: Path) -> Iterator[Connection]:
    """Open a connection that may outlive a test."""
    access = find_access(kubeconfig=str(kubeconfig), context=None, env={})
    opened = connect(access, lambda _: None, threading.Event())
    try:
        yield opened
    finally:
        opened.client.close()


@contextmanager
def deployed(request: StackRequest, connection: Connection) -> Iterator[DeployOutcome]:
    """Deploy a stack for the block; whatever is there at its end is taken off again."""
    try:
        yield redeployed(request, connection)
    finally:
        with suppress(ReleaseError):  # it was torn down already, or never begun
            torn_down(compose_stack(request).stack, connection)


def redeployed(request: StackRequest, connection: Connection) -> DeployOutcome:
    """Deploy a stack, whether it is there or not; it stays."""
    return deploy(
        request,
        connection,
        agree=lambda *_: True,
        notify=lambda _: None,
        options=RunOptions(timeout=PATIENT, holder="tester@here"),
    )


def torn_down(stack: StackId, connection: Connection) -> TeardownOutcome:
    """Take a stack off, users' objects included."""
    return teardown(
        stack,
        connection,
        agree=lambda *_: True,
        notify=lambda _: None,
        options=RunOptions(timeout=PATIENT, holder="tester@here", delete_data=True),
    )
