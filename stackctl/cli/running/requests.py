"""Turns options into what the actions ask for."""

import getpass
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from stackctl.cli.options.change import Agreement
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.stack import ComparedStack, StackName, StackOptions
from stackctl.cli.running.stopping import stopping
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.errors import ApplyError
from stackctl.files import is_file
from stackctl.model.run.events import Notify

if TYPE_CHECKING:
    from stackctl.actions.compose import StackRequest
    from stackctl.api.http.limits import Allowance
    from stackctl.cli.report.report import Report
    from stackctl.cluster.change.options import RunOptions
    from stackctl.cluster.connection import Connection
    from stackctl.model.compose.bundle import Bundle
    from stackctl.model.ownership.stack_id import StackId

STACK_FILE = Path("stack.yaml")
RESIDUE = ApplyError.exit_code
READING_SECONDS = 120.0  # for a command that only looks


@contextmanager
def connected(
    cluster: Cluster, notify: Notify, timeout: float | None = None
) -> Iterator["Connection"]:
    """Reach the cluster that is meant, for as long as the block runs.

    Looking at it counts against `timeout`; a command without one has a time of its own for that.
    """
    from stackctl.actions.connect import TargetRequest, connect
    from stackctl.api.access.kubeconfig import kubeconfig_files
    from stackctl.api.http.limits import Allowance

    allowance = reading() if timeout is None else Allowance(timeout)
    target = TargetRequest(kubeconfig=cluster.kubeconfig, context=cluster.context)
    stop = threading.Event()
    with stopping(stop) as stops:
        connection = connect(target, os.environ, notify, stop, allowance)
        stops.hurry = connection.client.give_up
        origin = connection.client.access.origin
        if origin and Path(origin) not in kubeconfig_files(target.kubeconfig, os.environ):
            TYPED.reached(origin)  # a sandbox that was found without a kubeconfig
        try:
            yield connection
        finally:
            connection.client.close()


def reading() -> "Allowance":
    """Say how long a command may take that only looks."""
    from stackctl.api.http.limits import Allowance

    return Allowance(READING_SECONDS, remedy="")


def recorded_bundle(
    report: "Report", which: StackName, cluster: Cluster, revision: int
) -> "Bundle":
    """Read what a revision of the stack that is meant applied."""
    from stackctl.actions.history import bundle_of

    with report.progress() as notify, connected(cluster, notify) as connection:
        return bundle_of(stack_of(which, connection), revision, connection)


def stack_of(which: StackName, connection: "Connection") -> "StackId":
    """Name the stack that is meant."""
    from stackctl.actions.stacks import choose_stack

    return choose_stack(which.name, stack_file_of(which), connection, which.place)


def stacks_of(which: StackName, connection: "Connection") -> "Sequence[StackId]":
    """Name the stack that is meant; all there are, where none is named and there are several."""
    from stackctl.actions.stacks import stacks_meant

    if which.name is not None:
        return [stack_of(which, connection)]
    return stacks_meant(None, stack_file_of(which), connection, which.place)


def request_of(
    asked: StackOptions, plan: Path | None = None, *, reset: bool = False
) -> "StackRequest":
    """Say what is to be composed; a plan that is to be carried out says all that is not said."""
    from stackctl.actions.compose import StackRequest

    request = StackRequest(
        profile=asked.profile,
        stack_file=stack_file_of(asked) if plan is None else asked.file,
        stack=asked.name,
        record=asked.place,
        sets=asked.said,
        catalogs=asked.folders,
        take_over=tuple(asked.take_over or ()) if isinstance(asked, ComparedStack) else (),
        keep=False if reset else None,
    )
    if plan is None:
        return request
    from stackctl.actions.plan_file import planned_request

    return planned_request(plan, request)


def compared(asked: StackOptions, connection: "Connection") -> "StackRequest":
    """Say what is to be compared with the cluster: where nothing is named, what is there."""
    from stackctl.actions.inherit import resumed

    request = request_of(asked)
    if request.profile is not None or request.stack_file is not None:
        return request
    return resumed(request, stack_of(asked, connection), connection)


def stack_file_of(which: StackName) -> Path | None:
    """Choose the stack file: the one that is named, or the one that lies here."""
    if which.file is not None:
        return which.file
    return STACK_FILE if is_file(STACK_FILE) else None


def run_options(chosen: Agreement, **more: Any) -> "RunOptions":
    """Carry what was chosen into the run, each option under its own name."""
    from stackctl.cluster.change.options import RunOptions

    return RunOptions(holder=holder(), run=token_hex(4), **chosen.values(), **more)


def holder() -> str:
    """Name who runs this: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in many containers
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
