"""Fixtures of the unit tests."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

TEXTS = Path(__file__).parents[1] / "golden" / "text"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Sequence[str]], None]:
    """Compare lines with the recorded ones, or record them with --update-golden."""

    def compare(name: str, lines: Sequence[str]) -> None:
        text, path = "".join(f"{line}\n" for line in lines), TEXTS / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
