"""Fixtures of the unit tests."""

import io
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
import typer

from stackctl.sources.folders import SHIPPED
from tests.unit import fake

ROOT = Path(__file__).parents[2]
SOME = (
    "cert-manager",
    "dcgm-exporter",
    "kserve",
    "kube-state-metrics",
    "node-feature-discovery",
    "nvidia-device-plugin",
    "prometheus",
    "spark-operator",
    "tf-serving",
    "training-operator",
)

TEXTS = Path(__file__).parents[1] / "golden" / "text"


@pytest.fixture(scope="session", autouse=True)
def commands_made_once():
    """Make the commands of an application once, which typer does anew for every command line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="module", autouse=True)
def small_catalogue():
    """Let a small catalogue stand in for the shipped one, which other tiers look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SHIPPED, str(fake.FOLDER))
        yield


@pytest.fixture(scope="session")
def part_of_what_is_shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy every profile and some of the components: to read all takes a quarter of a second."""
    folder = tmp_path_factory.mktemp("shipped")
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    for name in SOME:
        shutil.copytree(ROOT / "manifests" / name, folder / "manifests" / name)
    return folder


@pytest.fixture
def some_shipped(part_of_what_is_shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few of the shipped components be all there are."""
    monkeypatch.setenv(SHIPPED, str(part_of_what_is_shipped))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Sequence[str]], None]:
    """Compare lines with the recorded ones, or record them with --update-golden."""

    def compare(name: str, lines: Sequence[str]) -> None:
        text, path = "".join(f"{line}\n" for line in lines), TEXTS / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Sit somebody in front of the program: they type a text, and what they see is returned."""
    monkeypatch.setenv("NO_COLOR", "1")

    def answers(text: str) -> Terminal:
        seen = Terminal()
        monkeypatch.setattr(sys, "stdin", Terminal(text))
        monkeypatch.setattr(sys, "stderr", seen)
        return seen

    return answers


@pytest.fixture
def heeded():
    """Undo what a shell may have said about a closed terminal (nohup)."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
