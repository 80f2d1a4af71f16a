"""Stacks of shipped components, deployed and torn down as the commands do it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.deploy import deploy
from stackctl.actions.smoke import smoke
from stackctl.actions.teardown import teardown
from stackctl.api.access.kubeconfig import find_access
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection, connect
from stackctl.errors import ReleaseError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import DeployOutcome, SmokeOutcome, TeardownOutcome

MANIFESTS = Path(__file__).parents[2] / "manifests"
COMPONENTS = sorted(path.name for path in MANIFESTS.iterdir() if path.is_dir())
PATIENT = 600.0  # seconds for a whole stack on a busy machine


def profile_of(folder: Path, name: str, *components: str, extends: str = "") -> StackRequest:
    """Write a profile of components, each a line of YAML, and ask for a stack of its name."""
    lines = [f"  extends: {extends}"] if extends else []
    lines += ["  components:", *(f"    {each}" for each in components)]
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / f"{name}.yaml").write_text(
        f"apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {{name: {name}}}\n"
        + "\n".join(["spec:", *lines, ""]),
        encoding="utf-8",
    )
    return StackRequest(profile=name, stack=name, catalogs=(folder,))


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


def smoked(request: StackRequest, connection: Connection, *components: str) -> SmokeOutcome:
    """Run the smoke tests of components."""
    return smoke(
        request,
        components,
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
