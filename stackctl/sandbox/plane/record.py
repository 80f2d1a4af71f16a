"""What a sandbox was started with and which processes it consists of, kept in its folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from stackctl.errors import SandboxError
from stackctl.files import write_private
from stackctl.sandbox.machine.places import Sandbox
from stackctl.sandbox.machine.processes import Process, alive
from stackctl.sandbox.plane.parts import Ports

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Record:
    """The written state of one sandbox."""

    kubernetes: str  # version, as the API server says it; empty before it was asked
    programs: Path
    source: str  # where the programs came from
    ports: Ports
    nodes: str  # as --nodes takes it
    processes: Mapping[str, Process] = field(default_factory=dict)  # by part; empty: stopped
    merged_into: str = ""  # the user's kubeconfig that has a context for us

    def running(self, part: str) -> bool:
        """Return whether a part runs."""
        return part in self.processes and alive(self.processes[part])

    def with_process(self, part: str, process: Process) -> "Record":
        """Record a start."""
        return replace(self, processes={**self.processes, part: process})


def read_record(sandbox: Sandbox) -> Record | None:
    """Return what is written, or None where there is no sandbox."""
    try:
        text = sandbox.record.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return _decode(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SandboxError(
            f"{sandbox.record} cannot be read: {type(error).__name__}: {error}",
            hint=f"stackctl sandbox down{name_option(sandbox)} removes what is left of it",
        ) from error


def _decode(document: Mapping[str, object]) -> Record:
    if document["format"] != _FORMAT:
        raise ValueError(f"its format is {document['format']}, not {_FORMAT}")
    fields = {key: value for key, value in document.items() if key != "format"}
    fields["programs"] = Path(str(fields["programs"]))
    fields["ports"] = Ports(**fields["ports"])  # type: ignore[arg-type]
    processes = fields["processes"]
    fields["processes"] = {part: Process(**value) for part, value in processes.items()}  # type: ignore[attr-defined]
    return Record(**fields)  # type: ignore[arg-type]


def write_record(sandbox: Sandbox, record: Record) -> None:
    """Replace what is written."""
    document = {"format": _FORMAT, **asdict(record), "programs": str(record.programs)}
    write_private(sandbox.record, json.dumps(document, indent=2).encode() + b"\n")


def name_option(sandbox: Sandbox) -> str:
    """Return the option that a hint needs to mean this sandbox, empty for the default one."""
    return "" if sandbox.context == "stackctl-sandbox" else f" --name {sandbox.name}"
