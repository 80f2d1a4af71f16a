"""No input ends as a bug report, in a process whose time and memory are bounded."""

import subprocess
import sys

import pytest

from tests.fuzz.readers import READERS

pytestmark = pytest.mark.fuzz

MOST_SECONDS = 120  # most take a few; a reader that waits for ever is what this is for


@pytest.mark.parametrize("reader", READERS)
def test_readers_take_an_input_or_refuse_it(reader):
    """By the documented exit codes or the error that is the reader's own."""
    command = [sys.executable, "-m", "tests.fuzz.readers", reader]
    found = subprocess.run(
        command, check=False, timeout=MOST_SECONDS, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr[-3000:]
