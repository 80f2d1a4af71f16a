"""A text under the name of a file, without being on any disk: ssl reads keys from nowhere else.

A process that is killed leaves nothing of it behind.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from stackctl.files import is_folder

_DESCRIPTORS = Path("/proc/self/fd")


def in_memory(text: str) -> AbstractContextManager[str]:
    """Give a name under which the text can be read once, as long as the block runs."""
    if hasattr(os, "memfd_create") and is_folder(_DESCRIPTORS):
        try:
            return sealed(text.encode())
        except OSError:
            pass  # a system that knows the call, and forbids it
    return piped(text.encode())


def sealed(content: bytes) -> AbstractContextManager[str]:
    """Keep the content in a file of the memory that nobody can change any more.

    Raises:
        OSError: the system does not let us have one.
    """
    import fcntl

    descriptor = os.memfd_create("stackctl", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(descriptor)
        raise
    return _held(descriptor)


@contextmanager
def _held(descriptor: int) -> Iterator[str]:
    try:
        yield str(_DESCRIPTORS / str(descriptor))
    finally:
        os.close(descriptor)


@contextmanager
def piped(content: bytes) -> Iterator[str]:
    """Write the content into a pipe, of which every Unix has a name as well."""
    source, sink = os.pipe()
    # A pipe takes no more than it has room for: whoever reads and this have to go together.
    writer = threading.Thread(target=_pour, args=(sink, content), daemon=True)
    writer.start()
    try:
        yield f"/dev/fd/{source}"
    finally:
        os.close(source)
        writer.join()


def _pour(sink: int, content: bytes) -> None:
    try:
        with os.fdopen(sink, "wb") as file:
            file.write(content)
    except BrokenPipeError:
        pass  # nobody wanted all of it
