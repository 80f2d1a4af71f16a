"""Runs a command against a sandbox, which is made for it when there is none."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from shutil import which
from types import FrameType

from stackctl.errors import UsageError
from stackctl.model.run.events import Notify
from stackctl.sandbox.inspection import State, status
from stackctl.sandbox.lifecycle import Wanted, down, up
from stackctl.sandbox.machine.interrupts import interruptible
from stackctl.sandbox.machine.places import DEFAULT_NAME
from stackctl.signals import STOPPING, handling, heard


def run(
    command: Sequence[str],
    name: str = DEFAULT_NAME,
    wanted: Wanted | None = None,
    *,
    notify: Notify,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a command with KUBECONFIG set and return its exit code; the sandbox is left as it was."""
    environment = os.environ if environment is None else environment
    _refuse_missing(command, environment)
    before = status(name, environment=environment).state
    with interruptible() as interrupts, ExitStack() as afterwards:
        with interrupts.held():
            result = up(name, wanted, notify=notify, environment=environment)
            if before in (State.ABSENT, State.STOPPED):
                keep = before == State.STOPPED
                afterwards.callback(
                    down, name, keep_data=keep, notify=notify, environment=environment
                )
        with interrupts.held():  # signals are the command's now
            return _execute(command, result.kubeconfig, name, environment)


def _refuse_missing(command: Sequence[str], environment: Mapping[str, str]) -> None:
    if not command:
        raise UsageError("no command to run", hint="stackctl sandbox run -- kubectl get nodes")
    if which(command[0], path=environment.get("PATH")) is None:
        raise UsageError(f"{command[0]}: no such command")


def _execute(
    command: Sequence[str], kubeconfig: Path, name: str, environment: Mapping[str, str]
) -> int:
    ours = {"KUBECONFIG": str(kubeconfig), "STACKCTL_SANDBOX": name}
    with subprocess.Popen(list(command), env={**environment, **ours}) as child, _forwarding(child):
        code = child.wait()
    return code if code >= 0 else 128 - code


def _forwarding(child: "subprocess.Popen[bytes]") -> AbstractContextManager[None]:
    """Hand signals to the command, which decides what they mean."""

    def receive(number: int, _frame: FrameType | None) -> None:
        # A terminal sends Ctrl-C to us and to the command alike.
        if number != signal.SIGINT or not os.isatty(0):
            child.send_signal(number)

    return handling(heard(STOPPING), receive)
