"""What every tier of tests can be told."""

import signal

import pytest

from stackctl.model.run.events import Event, Notify, Step
from tests.sandboxes import have_programs

TIERS = frozenset({"apiserver", "cli"})  # those that run sandboxes


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be recorded again; the difference is for people to review."""
    parser.addoption("--update-golden", action="store_true", help="record golden files again")


def pytest_configure() -> None:
    """Take interruptions, and let the programs under test take them.

    A shell starts what it puts in the background with SIGINT ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have what sandboxes are made of before the first test: its time is not for building."""
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
