"""Starts, finds and stops operating system processes.

A process is known by its pid and the moment it was born, so that a recycled pid is never taken
for it. Nothing in here knows what the processes do.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackctl.errors import SandboxError
from stackctl.files import is_folder

_POLL = 0.02
_PROC = Path("/proc")
# The shell starts the program in the background and is gone: the program is nobody's child then,
# so it leaves no zombie behind and outlives us quietly.
_LAUNCH = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told from every other that has or had its pid."""

    pid: int
    birth: str


def start(
    command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str]
) -> Process:
    """Start a program in a session of its own, its output appended to a log file."""
    launched = subprocess.run(
        ["/bin/sh", "-c", _LAUNCH, "sh", str(log), *command],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        start_new_session=True,
        check=False,
    )
    if launched.returncode:
        raise SandboxError(f"cannot start {command[0]}: the shell says {launched.returncode}")
    pid = int(launched.stdout)
    return Process(pid, birth_of(pid) or "")


def alive(process: Process) -> bool:
    """Return whether the process still runs."""
    return bool(process.birth) and birth_of(process.pid) == process.birth


def stop(processes: Iterable[Process], grace: float) -> None:
    """Ask processes to end, and end those that have not after `grace` seconds."""
    running = [process for process in processes if alive(process)]
    for process in running:
        _send(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while (running := list(filter(alive, running))) and time.monotonic() < deadline:
        time.sleep(_POLL)
    for process in running:
        _send(process, signal.SIGKILL)
    while any(map(alive, running)):
        time.sleep(_POLL)


def _send(process: Process, number: signal.Signals) -> None:
    # Checked again just before: the fewer instructions between, the less can be recycled.
    try:
        if alive(process):
            os.kill(process.pid, number)
    except ProcessLookupError:
        return


def birth_of(pid: int) -> str | None:
    """Return when a process was born, or None when there is none (or only its zombie)."""
    if not is_folder(_PROC):
        return _birth_by_ps(pid)
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name comes second, in parentheses, and may contain anything.
    fields = stat.rpartition(")")[2].split()
    state, clock_ticks_since_boot = fields[0], fields[19]
    if state in "ZX" and not _threads_left(pid):
        return None
    return f"{_boot()}/{clock_ticks_since_boot}"


def _threads_left(pid: int) -> bool:
    # The first thread of a program that ends is gone before the others, which still hold
    # its files and ports.
    try:
        return len(list((_PROC / str(pid) / "task").iterdir())) > 1
    except OSError:
        return False


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # some containers hide it
        return ""


def _birth_by_ps(pid: int) -> str | None:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607 (a system program)
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, birth = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else birth.strip()


def bearing(mark: str) -> tuple[Process, ...]:
    """Find every process with `NAME=VALUE` in its environment, where the system can tell."""
    if not is_folder(_PROC):
        return ()
    wanted = mark.encode()
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and wanted in _environment(folder):
            pid = int(folder.name)
            found.append(Process(pid, birth_of(pid) or ""))
    return tuple(found)


def _environment(folder: Path) -> list[bytes]:
    try:
        return (folder / "environ").read_bytes().split(b"\0")
    except OSError:  # gone in the meantime, or another user's
        return []
