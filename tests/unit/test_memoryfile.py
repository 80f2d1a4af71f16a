"""Keys reach TLS without being on any disk."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from stackctl.api.wire.memory_file import in_memory, piped, sealed
from tests.unit.test_transport import certificate

ROOT = Path(__file__).parents[2]

TEXT = "a key\n" * 50_000  # more than a pipe has room for

LOADS = """
import ssl, sys
from stackctl.api.wire.memory_file import in_memory
certificate, key = (open(name).read() for name in sys.argv[1:])
with in_memory(certificate) as file, in_memory(key) as key_file:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(file, key_file)
"""


@pytest.mark.parametrize("way", [sealed, piped])
def test_a_text_can_be_read_under_a_name(way):
    """All of it; and afterwards there is nothing under the name."""
    with way(TEXT.encode()) as name:
        assert Path(name).read_text() == TEXT
    assert not Path(name).exists()


def test_nobody_changes_what_is_sealed():
    """Another thread, or a program that was given it by mistake."""
    with sealed(b"key") as name, pytest.raises(PermissionError):
        os.close(os.open(name, os.O_RDWR | os.O_TRUNC))


@pytest.mark.parametrize("way", [sealed, piped])
def test_what_nobody_reads_goes_too(way):
    """A certificate may be refused before its key is looked at."""
    with way(TEXT.encode()):
        pass


def test_no_file_is_needed_for_a_certificate_and_its_key(tmp_path):
    """Where no temporary file can be made, TLS gets its key all the same."""
    pair = certificate()
    files = tmp_path / "certificate", tmp_path / "key"
    for path, text in zip(files, (pair.content, pair.key), strict=True):
        path.write_bytes(text)
    nowhere = {**os.environ, "TMPDIR": "/nonexistent", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOADS, *map(str, files)], env=nowhere, cwd="/", check=False
    )
    assert done.returncode == 0


def test_a_text_that_is_no_certificate_is_refused_as_before():
    """In the library's own words."""
    with in_memory("no certificate") as file, pytest.raises(ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(file)
