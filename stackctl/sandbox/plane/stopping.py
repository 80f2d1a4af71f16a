"""Stops the parts of a sandbox and removes what it left on this machine."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from stackctl.files import exists
from stackctl.sandbox.machine import processes
from stackctl.sandbox.machine.places import Places, Sandbox
from stackctl.sandbox.plane.parts import PARTS, mark_of
from stackctl.sandbox.plane.record import Record

# First those that talk to the API server, then it, then what it talks to: each ends at once then.
# Left alone with clients it would wait a minute for them, though all it knows is in etcd.
_ORDER = ((PARTS[2:], 5.0), (PARTS[1:2], 2.0), (PARTS[:1], 5.0))
_GRACE_OF_STRAYS = 2.0  # they are in no order: some wait for others that are gone already


def stop_parts(record: Record, parts: Iterable[str] = PARTS) -> int:
    """Stop parts; return how many of them ran."""
    wanted = {part: record.processes[part] for part in parts if record.running(part)}
    for together, grace in _ORDER:
        processes.stop([wanted[part] for part in together if part in wanted], grace)
    return len(wanted)


def stop_strays(sandbox: Sandbox, record: Record | None) -> int:
    """Stop processes that were started for a sandbox and not written down any more."""
    known = set(record.processes.values()) if record else set()
    strays = [process for process in processes.bearing(mark_of(sandbox)) if process not in known]
    processes.stop(strays, _GRACE_OF_STRAYS)
    return len(strays)


def remove_folder(sandbox: Sandbox) -> None:
    """Remove everything a sandbox has written."""
    if exists(sandbox.root):
        rmtree(sandbox.root)


def remove_empty_folders(places: Places) -> None:
    """Remove the folders that sandboxes share, when nobody needs them any more."""
    for folder in (places.state, places.state.parent):
        _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
