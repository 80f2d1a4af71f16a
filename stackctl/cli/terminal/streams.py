"""Writes to the standard streams, and outlives whoever reads them.

A change of a cluster goes on when its terminal is closed or `| head` has seen enough: it ends
with a record, as if somebody had watched. Nothing secret leaves through here, but for manifests
that are to be applied. What is written is decided elsewhere.
"""

import errno
import os
from typing import TextIO, cast

from stackctl.errors import UsageError
from stackctl.secrets import SECRETS

_GONE = (errno.EPIPE, errno.EIO)  # a pipe without a reader, a terminal that was closed


def write_result(stream: TextIO, text: str) -> None:
    """Write what was asked for; whoever stops reading has had enough of it.

    Raises:
        UsageError: it cannot be written, for there is no room.
    """
    write_manifests(stream, SECRETS.mask(text))


def write_manifests(stream: TextIO, text: str) -> None:
    """Write what is to be applied, secrets and all.

    Raises:
        UsageError: it cannot be written, for there is no room.
    """
    try:
        _write(stream, text)
    except OSError as error:
        _silence(stream)
        if error.errno not in _GONE:
            raise UsageError(f"standard output: {error.strerror}") from error


def write_aside(stream: TextIO, text: str) -> None:
    """Write what goes beside the result; where it cannot be written, it is not missed."""
    try:
        _write(stream, SECRETS.mask(text))
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


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


def _silence(stream: TextIO) -> None:
    """Let the rest, and Python's last flush, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
