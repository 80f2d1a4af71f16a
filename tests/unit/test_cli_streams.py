"""Writing where nobody reads, and where there is no room."""

import io
import os
import subprocess
import sys

import pytest

from stackctl.cli.terminal.streams import (
    lasting,
    write_aside,
    write_document,
    write_manifests,
    write_result,
)
from stackctl.errors import UsageError


@pytest.fixture
def unread():
    """A stream whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream


@pytest.fixture
def full():
    """A stream into a file for which there is no room."""
    with open("/dev/full", "w") as stream:  # noqa: PTH123
        yield stream


@pytest.mark.parametrize("write", [write_result, write_aside])
def test_a_reader_that_has_gone_is_not_missed(unread, write):
    """Nothing is raised, now or when the stream is closed."""
    write(unread, "first\n")
    write(unread, "second\n")


def test_a_result_that_finds_no_room_is_an_error(full):
    """Else half a document would be taken for a whole one."""
    with pytest.raises(UsageError, match="standard output: No space left on device"):
        write_result(full, "half\n")


def test_what_goes_beside_the_result_needs_no_room(full):
    """A log that cannot be written does not end what it tells of."""
    write_aside(full, "a line\n")


def test_a_library_writes_on_as_well(unread):
    """It looks like the stream, and nothing fails on it."""
    stream = lasting(unread)
    assert stream.write("line\n") == 5
    stream.flush()
    assert (stream.isatty(), stream.fileno()) == (False, unread.fileno())


def test_what_can_be_written_is_written():
    """At once, whoever writes it."""
    stream = io.StringIO()
    write_result(stream, "a")
    write_aside(stream, "b")
    assert stream.getvalue() == "ab"


def written(write, text: str, encoding: str = "ascii", errors: str = "strict") -> bytes:
    """Write a text to a stream of an encoding, and return what arrives."""
    arrived = io.BytesIO()
    stream = io.TextIOWrapper(arrived, encoding=encoding, errors=errors)
    stream.write("before ")
    write(stream, text)
    return arrived.getvalue()


@pytest.mark.parametrize("write", [write_result, write_aside])
def test_people_get_something_else_for_a_character_that_the_stream_lacks(write):
    """What there is a sign for in every encoding is that; the rest is a question mark."""
    assert written(write, "a · 1 → 2… é") == b"before a - 1 -> 2... ?"
    assert written(write, "a · b", errors="backslashreplace") == b"before a - b"
    assert written(write, "a\udcff", "utf-8") == b"before a?"
    assert written(write, "é →", "latin-1") == "before é ->".encode("latin-1")


@pytest.mark.parametrize("write", [write_document, write_manifests])
def test_programs_get_every_character(write):
    """A document with question marks would be another document."""
    assert written(write, "name: é→") == "before name: é→".encode()


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_a_stream_that_was_closed_before_the_start_is_not_missed(stream):
    """As `>&-` leaves it: the others get what is theirs, and the exit code is the command's."""
    code, out, err = _closing(stream, "schema", "stac")
    assert (code, bool(err), "bug" in err) == (2, stream != 2, False)
    code, out, err = _closing(stream, "schema", "stack")
    assert (code, bool(out), err) == (0, stream != 1, "")


def _closing(stream: int, *words: str) -> tuple[int, str, str]:
    line = ["/bin/sh", "-c", f'exec "$@" {stream}>&-', "sh", sys.executable, "-m", "stackctl"]
    ran = subprocess.run([*line, *words], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr
