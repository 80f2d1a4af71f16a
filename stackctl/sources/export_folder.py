"""The folder of an export: what lies there already, and what is written there.

A list of what was written, with checksums, lies in the folder: what is on it, and still as it was,
may be replaced or taken away. Anything else is somebody else's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from stackctl.errors import ConfigError, ConflictError
from stackctl.files import (
    Unreadable,
    exists,
    is_folder,
    is_link,
    read_file,
    write_private,
    write_readable,
)
from stackctl.model.export.exported import ExportFile

LIST = ".stackctl-export"  # without an ending: nothing that reads manifests reads it
_HEAD = "# Written by stackctl export; what is listed here is written anew by the next one.\n"
_LINE = re.compile(r"(?P<sum>[0-9a-f]{64})  (?P<path>[^\n]+)")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the files of an export, by path."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def write_export(folder: Path, files: Sequence[ExportFile], *, overwrite: bool = False) -> Written:
    """Make a folder hold these files; those of an earlier export that are not among them go.

    Raises:
        ConflictError: a file is not of an export, or was edited since, unless `overwrite`.
        ConfigError: the folder cannot be read or written.
    """
    try:
        return _write(folder, files, overwrite=overwrite)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error


def _write(folder: Path, files: Sequence[ExportFile], *, overwrite: bool) -> Written:
    before = _listed(folder)
    wanted = {file.path: _sum(file.text.encode()) for file in files}
    found = {path: _found(folder / path) for path in {*wanted, *before}}
    # What was edited since stays where it is not wanted any more, too, unless that is said.
    foreign = [
        path
        for path, content in sorted(found.items())
        if content not in ("", wanted.get(path), *before.get(path, ()))
    ]
    _require_inside(folder, wanted)
    if foreign and not overwrite:
        raise ConflictError(
            "\n".join(
                [f"{folder} has files that no export wrote, or that were edited since:"]
                + [f"  {path}" for path in foreign]
            ),
            hint="name another folder, or --overwrite to replace them",
        )
    gone = [path for path in sorted({*before} - {*wanted}) if found[path]]
    news = [file for file in files if found[file.path] != wanted[file.path]]
    folder.mkdir(parents=True, exist_ok=True)
    # Before the first change: killed in between, the next run knows its own files.
    write_readable(folder / LIST, _list([*_pairs(before), *wanted.items()]))
    for file in news:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        write = write_private if file.private else write_readable
        write(path, file.text.encode())
    for each in gone:
        (folder / each).unlink()
        _remove_empty((folder / each).parent, folder)
    write_readable(folder / LIST, _list(wanted.items()))
    return Written(
        tuple(file.path for file in news),
        tuple(file.path for file in files if file not in news),
        tuple(gone),
    )


def _listed(folder: Path) -> dict[str, set[str]]:
    """Read which files earlier exports wrote, each with what they may have left it as."""
    try:
        text = read_file(folder / LIST).decode(errors="replace")
    except Unreadable as error:
        if error.absent:
            return {}
        raise ConfigError(f"{folder / LIST}: {error}") from error
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and _within(match["path"]):
            found.setdefault(match["path"], set()).add(match["sum"])
    return found


def _within(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts


def _pairs(listed: Mapping[str, Iterable[str]]) -> Iterable[tuple[str, str]]:
    return ((path, each) for path, sums in listed.items() for each in sums)


def _list(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Write the list as `sha256sum -c` reads it."""
    lines = (f"{each}  {path}\n" for path, each in sorted({*pairs}))
    return (_HEAD + "".join(lines)).encode()


def _found(path: Path) -> str:
    """Return the checksum of what is there; nothing if nothing is, a dash if it is no file."""
    if is_link(path):
        return "-"
    try:
        return _sum(read_file(path))
    except Unreadable as error:
        return "" if error.absent and not exists(path) else "-"


def _require_inside(folder: Path, paths: Iterable[str]) -> None:
    """Refuse folders that are links: what is written through them lies somewhere else."""
    inner = {folder / above for path in paths for above in PurePosixPath(path).parents}
    for each in sorted(inner - {folder}):
        if is_link(each) or (exists(each) and not is_folder(each)):
            raise ConflictError(
                f"{each}: expected a folder, found something else", hint="name another folder"
            )


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _sum(content: bytes) -> str:
    return sha256(content).hexdigest()
