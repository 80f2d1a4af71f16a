"""Runs a program to its end, reading what it says; an interrupt ends it too.

For programs we wait for. Those that outlive us are for `processes`.
"""

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stackctl.sandbox.machine.interrupts import Interrupts

_GRACE = 3.0
_LAST_LINES = 8


def output_of(
    command: Sequence[str],
    notify_line: Callable[[str], None],
    interrupts: Interrupts,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program and hand over each line it prints; return its last words if it fails."""
    last: deque[str] = deque(maxlen=_LAST_LINES)
    child: subprocess.Popen[str] | None = None
    try:
        with interrupts.held():
            # A session of its own: Ctrl-C reaches us alone, and we end it with all its children.
            child = subprocess.Popen(
                list(command),
                cwd=folder,
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        for line in child.stdout or ():
            last.append(line.rstrip())
            notify_line(line.rstrip())
        code = child.wait()
    finally:
        if child is not None:
            with interrupts.held():
                _end(child)
    return "" if code == 0 else "\n".join(last) or f"exit code {code}"


def _end(child: subprocess.Popen[str]) -> None:
    try:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    finally:
        if child.stdout:
            child.stdout.close()
