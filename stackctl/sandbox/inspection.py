"""Looks at sandboxes: which there are, how they are, what their parts have logged.

Nothing in here changes anything.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stackctl.errors import SandboxError, UsageError
from stackctl.files import exists
from stackctl.sandbox.machine.places import DEFAULT_NAME, Places, Sandbox
from stackctl.sandbox.plane.parts import PARTS
from stackctl.sandbox.plane.readiness import NodeStatus, api_pending, read_nodes
from stackctl.sandbox.plane.record import Record, name_option, read_record
from stackctl.sandbox.plane.server import Server
from stackctl.sandbox.plane.starting import plane_of

_POLL = 0.2


class State(StrEnum):
    """How a sandbox or one of its parts is."""

    RUNNING = "running"
    DEGRADED = "degraded"  # a sandbox of which a part has crashed or does not answer
    CRASHED = "crashed"  # a part that was started and is gone
    STOPPED = "stopped"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part."""

    name: str
    state: State
    pid: int | None
    log: Path


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """One sandbox; everything after `state` is empty when it is absent."""

    name: str
    state: State
    parts: tuple[PartStatus, ...] = ()
    kubernetes: str = ""  # version, as the API server says it
    server: str = ""
    kubeconfig: Path | None = None
    context: str = ""
    nodes: tuple[NodeStatus, ...] = ()
    problem: str = ""  # why it is degraded
    programs: Path | None = None  # folder of the programs
    source: str = ""  # where they came from: assets, cache, release or build


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a part logged."""

    part: str
    text: str


def status(
    name: str = DEFAULT_NAME, *, environment: Mapping[str, str] | None = None
) -> SandboxStatus:
    """Return the status of a sandbox."""
    sandbox = _sandbox(name, environment)
    record = read_record(sandbox)
    if record is None:
        return SandboxStatus(name, State.ABSENT)
    parts = tuple(_part_status(sandbox, record, part) for part in PARTS)
    problem, nodes = _ask(sandbox, parts)
    return SandboxStatus(
        name=name,
        state=_overall(record, problem),
        parts=parts,
        kubernetes=record.kubernetes,
        server=plane_of(sandbox, record).server,
        kubeconfig=sandbox.kubeconfig,
        context=sandbox.context,
        nodes=nodes,
        problem=problem if record.processes else "",
        programs=record.programs,
        source=record.source,
    )


def _part_status(sandbox: Sandbox, record: Record, part: str) -> PartStatus:
    running, started = record.running(part), part in record.processes
    state = State.RUNNING if running else State.CRASHED if started else State.STOPPED
    pid = record.processes[part].pid if running else None
    return PartStatus(part, state, pid, sandbox.log(part))


def _ask(sandbox: Sandbox, parts: tuple[PartStatus, ...]) -> tuple[str, tuple[NodeStatus, ...]]:
    """Return what is wrong, and the nodes if the API server tells them."""
    wrong = [f"{part.name} {part.state}" for part in parts if part.state != State.RUNNING]
    if any(part.name == "apiserver" and part.state != State.RUNNING for part in parts):
        return ", ".join(wrong), ()
    server = Server(sandbox.kubeconfig)
    try:
        return ", ".join(wrong) or api_pending(server), read_nodes(server)
    finally:
        server.close()


def _overall(record: Record, problem: str) -> State:
    if not record.processes:
        return State.STOPPED
    return State.DEGRADED if problem else State.RUNNING


def sandboxes(*, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Name the sandboxes there are, running or not."""
    return _places(environment).names()


def running_sandboxes(*, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Name the sandboxes whose API server runs."""
    places = _places(environment)
    records = {
        name: read_record(places.sandbox(name)) for name in sandboxes(environment=environment)
    }
    return tuple(name for name, record in records.items() if record and record.running("apiserver"))


def kubeconfig(name: str = DEFAULT_NAME, *, environment: Mapping[str, str] | None = None) -> Path:
    """Return the path of a running sandbox's kubeconfig."""
    sandbox = _sandbox(name, environment)
    record = read_record(sandbox)
    if record is None or not record.running("apiserver"):
        raise SandboxError(
            f"sandbox {name!r} is not running", hint=f"stackctl sandbox up{name_option(sandbox)}"
        )
    return sandbox.kubeconfig


def logs(
    part: str | None = None,
    name: str = DEFAULT_NAME,
    *,
    lines: int = 50,
    follow: bool = False,
    environment: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[LogLine]:
    """Return the last lines of one part's log or of all, and then, if wished, what comes."""
    if part is not None and part not in PARTS:
        raise UsageError(f"{part!r} is not a part", hint=f"parts are {', '.join(PARTS)}")
    sandbox = _sandbox(name, environment)
    if read_record(sandbox) is None:
        raise SandboxError(
            f"there is no sandbox {name!r}", hint=f"stackctl sandbox up{name_option(sandbox)}"
        )
    files = {each: sandbox.log(each) for each in ([part] if part else PARTS)}
    return _read_logs(files, lines, sleep if follow else None)


def _read_logs(
    files: Mapping[str, Path], lines: int, sleep: Callable[[float], None] | None
) -> Iterator[LogLine]:
    ends = {}
    for part, path in files.items():
        last, ends[part] = _tail(path, lines)
        yield from (LogLine(part, line) for line in last)
    while sleep is not None:
        sleep(_POLL)
        for part, path in files.items():
            more, ends[part] = _rest(path, ends[part])
            yield from (LogLine(part, line) for line in more)


def _tail(path: Path, lines: int) -> tuple[list[str], int]:
    if not exists(path):
        return [], 0
    with path.open(errors="replace") as file:
        last = deque((line.rstrip("\n") for line in file), maxlen=lines)
        return list(last), file.tell()


def _rest(path: Path, start: int) -> tuple[list[str], int]:
    """Return the whole lines written since, and where they end."""
    if not exists(path) or path.stat().st_size < start:
        return [], 0
    with path.open("rb") as file:
        file.seek(start)
        whole, newline, _ = file.read().rpartition(b"\n")
    text = whole.decode("utf-8", "replace")
    return (text.split("\n"), start + len(whole) + 1) if newline else ([], start)


def _places(environment: Mapping[str, str] | None) -> Places:
    return Places.of(os.environ if environment is None else environment)


def _sandbox(name: str, environment: Mapping[str, str] | None) -> Sandbox:
    return _places(environment).sandbox(name)
