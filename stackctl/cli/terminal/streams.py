"""Writes to the standard streams, and outlives whoever reads them.

A change of a cluster goes on when its terminal is closed or `| head` has seen enough: it ends
with a record, as if somebody had watched. Nothing secret leaves through here, but for manifests
that are to be applied. A character that a stream cannot encode is replaced in what people read;
what programs read is UTF-8 then. What is written is decided elsewhere.
"""

import errno
import os
from collections.abc import Callable
from typing import TextIO, cast

from stackctl.errors import UsageError
from stackctl.secrets import SECRETS

_GONE = (errno.EPIPE, errno.EIO)  # a pipe without a reader, a terminal that was closed
_REPLACEMENTS = str.maketrans({"·": "-", "→": "->", "…": "...", "✔": "+", "✘": "x", "└": "`"})

Write = Callable[[TextIO, str], object]


def write_result(stream: TextIO, text: str) -> None:
    """Write what was asked for; whoever stops reading has had enough of it.

    Raises:
        UsageError: it cannot be written, for there is no room.
    """
    _write_all(stream, SECRETS.mask(text), _legible)


def write_document(stream: TextIO, text: str) -> None:
    """Write a document for a program, of which no character may be lost.

    Raises:
        UsageError: it cannot be written, for there is no room.
    """
    _write_all(stream, SECRETS.mask(text), _faithful)


def write_manifests(stream: TextIO, text: str) -> None:
    """Write what is to be applied, secrets and all.

    Raises:
        UsageError: it cannot be written, for there is no room.
    """
    _write_all(stream, text, _faithful)


def _write_all(stream: TextIO, text: str, write: Write) -> None:
    try:
        _write(stream, text, write)
    except OSError as error:
        _silence(stream)
        if error.errno not in _GONE:
            raise UsageError(f"standard output: {error.strerror}") from error


def write_aside(stream: TextIO, text: str) -> None:
    """Write what goes beside the result; where it cannot be written, it is not missed."""
    try:
        _write(stream, SECRETS.mask(text), _legible)
    except OSError:
        _silence(stream)


def lasting(stream: TextIO) -> TextIO:
    """Make a stream on which nothing fails, for a library that writes by itself."""
    return cast("TextIO", _Lasting(stream))


class _Lasting:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        write_aside(self._stream, text)
        return len(text)

    def flush(self) -> None:
        write_aside(self._stream, "")

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


def _write(stream: TextIO, text: str, write: Write) -> None:
    if _fits(stream, text):
        stream.write(text)
    else:
        write(stream, text)
    stream.flush()


def _fits(stream: TextIO, text: str) -> bool:
    """Tell whether a stream has all the characters; standard error takes any, as an escape."""
    if text.isascii() or not stream.encoding:
        return True
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _legible(stream: TextIO, text: str) -> None:
    """Write a text with something else for what the stream has no character for."""
    encoding = stream.encoding
    plainer = text.translate(_REPLACEMENTS)
    stream.write(plainer.encode(encoding, "replace").decode(encoding))


def _faithful(stream: TextIO, text: str) -> None:
    """Write a text as UTF-8: YAML and JSON are, whatever the terminal's characters are."""
    stream.flush()
    stream.buffer.write(text.encode(errors="replace"))


def _silence(stream: TextIO) -> None:
    """Let the rest, and Python's last flush, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
