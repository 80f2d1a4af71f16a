"""Writes a folder that was not there before, whole or not at all; never over what is there."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from stackctl.errors import ConfigError, ConflictError
from stackctl.files import exists, is_link
from stackctl.sources import folders

Content = tuple[bytes, int]  # and the mode of the file


def write_folder(folder: Path, files: Mapping[str, Content]) -> None:
    """Write files by their path in a new folder.

    Raises:
        ConflictError: there is something at its place.
        ConfigError: it cannot be written.
    """
    require_absent(folder)
    part = folder.with_name(f".{folder.name}.part-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            _write(part / name, content)
        part.rename(folder)  # refused where there is a folder with something in it by now
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise ConfigError(
            f"{folders.shown(folder)}: cannot be written: {error.strerror}"
        ) from error


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file.

    Raises:
        ConflictError: there is something at its place.
        ConfigError: it cannot be written.
    """
    require_absent(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, (content, 0o666))
    except OSError as error:
        raise ConfigError(f"{folders.shown(path)}: cannot be written: {error.strerror}") from error


def require_absent(path: Path) -> None:
    """Refuse a place where something is.

    Raises:
        ConflictError: there is.
    """
    if exists(path) or is_link(path):
        raise ConflictError(
            f"{folders.shown(path)}: exists already and is never rewritten",
            hint="choose another name, or another catalogue with --catalog",
        )


def _write(path: Path, content: Content) -> None:
    text, mode = content
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode & 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
