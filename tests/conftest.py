"""What every tier of tests can be told."""

import gc
import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from stackctl.cli.terminal.next_commands import TYPED
from stackctl.model.run.events import Event, Notify, Step
from tests.environment import CALLERS, bare_environment
from tests.sandboxes import have_programs
from tests.standins import StandIns, stand_ins_in

TIERS = frozenset({"apiserver", "cli"})  # those that run sandboxes

# A few inputs for each property, the same ones every time; many by `tests/run fuzz`, always others.
settings.register_profile("few", max_examples=20, deadline=None, derandomize=True, database=None)
settings.register_profile("many", max_examples=300, deadline=None, database=None, print_blob=True)
settings.load_profile("few")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be recorded again; the difference is for people to review."""
    parser.addoption("--update-golden", action="store_true", help="record golden files again")


def pytest_configure() -> None:
    """Take interruptions, and let the programs under test take them.

    A shell starts what it puts in the background with SIGINT ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection(session: pytest.Session) -> None:
    """Give every test, from its import on, the same bare environment, whatever the caller's is."""
    home = TemporaryDirectory(ignore_cleanup_errors=True)
    os.environ.clear()
    os.environ.update(bare_environment(Path(home.name)))

    def undo() -> None:
        os.environ.clear()
        os.environ.update(CALLERS)
        home.cleanup()

    session.config.add_cleanup(undo)


@pytest.fixture(autouse=True)
def nothing_typed():
    """Let no test advise a command for the line that another has typed."""
    TYPED.learn((), {})


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have what sandboxes are made of before the first test: its time is not for building.

    What is loaded by now stays until the end, so that the collector need not look at it again.
    """
    gc.freeze()
    needed = any(TIERS.intersection(item.path.parts) for item in session.items)
    if needed and not session.config.option.collectonly:
        have_programs(_told_to(session.config))


def _told_to(config: pytest.Config) -> Notify:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    told: set[str] = set()

    def tell(event: Event) -> None:
        if terminal is not None and isinstance(event, Step) and event.text not in told:
            told.add(event.text)
            terminal.write_line(event.text)

    return tell


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Stand in for the charts of components whose charts are kept elsewhere."""
    return stand_ins_in(tmp_path / "stand-ins", monkeypatch)
