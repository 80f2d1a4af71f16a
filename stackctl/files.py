"""Reads files of this machine whole, and none without end; writes them whole or not at all.

What is in them, and which error is raised for one that cannot be read, is for who asks.
"""

import os
import stat
from pathlib import Path

MOST_BYTES = 16 << 20
_PART = 1 << 18


class Unreadable(Exception):
    """A file cannot be read, in a few words; `absent` when there is none."""

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.absent = absent


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a regular file.

    Raises:
        Unreadable: it is none, too large, or not for us.
    """
    return _read(path, most, piped=False)


def read_piped(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read what may be given through a pipe as well, as a shell's `<(…)` does.

    Raises:
        Unreadable: it cannot be read, or has no end.
    """
    return _read(path, most, piped=True)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file's content in one step; nobody but its owner can read it."""
    _write(path, content, 0o600)


def write_readable(path: Path, content: bytes) -> None:
    """Replace a file's content in one step; it is as readable as the user's other files."""
    _write(path, content, 0o666)


def _write(path: Path, content: bytes, mode: int) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)


def pipe_at(path: Path) -> tuple[int, int] | None:
    """Tell which pipe a path leads to, for what was read from it does not come again."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISFIFO(found.st_mode) else None


def exists(path: Path | str) -> bool:
    """Tell whether there is something at a path that can be one, as far as we may know."""
    return _mode(path) is not None


def is_folder(path: Path) -> bool:
    """Tell whether a path leads to a folder, as far as we may know."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def is_file(path: Path) -> bool:
    """Tell whether a path leads to a regular file, as far as we may know."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_link(path: Path) -> bool:
    """Tell whether there is a symbolic link at a path, as far as we may know."""
    mode = _mode(path, follow=False)
    return mode is not None and stat.S_ISLNK(mode)


def _mode(path: Path | str, *, follow: bool = True) -> int | None:
    try:
        return Path(path).stat(follow_symlinks=follow).st_mode
    except (OSError, ValueError):  # not there, not for us, too long, not a name
        return None


def _read(path: Path, most: int, *, piped: bool) -> bytes:
    try:
        # Whoever opens a pipe without a writer waits for one for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(descriptor).st_mode
            _require_kind(mode, piped=piped)
            if not stat.S_ISREG(mode):
                os.set_blocking(descriptor, True)
            content = _all_of(descriptor, most + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        absent = isinstance(error, FileNotFoundError | NotADirectoryError)
        raise Unreadable(error.strerror or str(error), absent=absent) from error
    except ValueError as error:
        raise Unreadable("no file can be called so") from error
    if len(content) > most:
        raise Unreadable(f"larger than {_size(most)}, which no such file is")
    return content


def _all_of(descriptor: int, most: int) -> bytes:
    """Read to the end, or until there is more than anybody wants."""
    parts: list[bytes] = []
    while most > 0 and (part := os.read(descriptor, min(most, _PART))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _require_kind(mode: int, *, piped: bool) -> None:
    if stat.S_ISREG(mode) or (piped and (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode))):
        return
    raise Unreadable(f"expected a file, found {kind_of(mode)}")


def kind_of(mode: int) -> str:
    """Name what is not a regular file."""
    for test, name in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return name
    return "something else"


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"
