"""What every tier of tests can be told."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be recorded again; the difference is for people to review."""
    parser.addoption("--update-golden", action="store_true", help="record golden files again")
