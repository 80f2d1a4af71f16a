"""What every tier of tests can be told."""

import signal

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be recorded again; the difference is for people to review."""
    parser.addoption("--update-golden", action="store_true", help="record golden files again")


def pytest_configure() -> None:
    """Take interruptions, and let the programs under test take them.

    A shell starts what it puts in the background with SIGINT ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
