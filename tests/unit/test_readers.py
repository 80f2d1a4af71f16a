"""No input ends as a bug report: those that ever did, and a few more."""

import resource

import pytest

from tests.fuzz.readers import READERS

FEW = 8  # inputs for each reader beside those that are known; `tests/run fuzz` draws many


MEMORY = 4 << 30  # bytes


@pytest.fixture
def bounded_memory():
    """Let an input that grows without end fail, before the machine does."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("reader", READERS)
def test_readers_take_an_input_or_refuse_it(reader, tmp_path, bounded_memory):
    """By the documented exit codes or the error that is the reader's own."""
    READERS[reader](FEW, tmp_path)
