"""One run at a time changes a sandbox."""

import threading

import pytest

from stackctl.errors import LockedError
from stackctl.model.run.events import Event, Step
from stackctl.sandbox.machine.locks import locked


def test_a_lock_leaves_no_file(tmp_path):
    """The file is there while the lock is held, and not any more afterwards."""
    path = tmp_path / "folder" / "x.lock"
    with locked(path, "x", lambda _: None):
        assert path.exists()
    assert not path.exists()


def test_the_second_waits_and_says_for_whom(tmp_path):
    """Who finds the lock taken tells so, once, and goes on when it is free."""
    told: list[Event] = []
    order: list[str] = []
    path = tmp_path / "x.lock"
    waiting = threading.Event()

    def tell(event: Event) -> None:
        told.append(event)
        waiting.set()

    def second() -> None:
        with locked(path, "the sandbox", tell):
            order.append("second")

    with locked(path, "the sandbox", lambda _: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    (step,) = told
    assert isinstance(step, Step)
    assert "waiting for another stackctl (process " in step.text


def test_patience_ends(tmp_path):
    """A lock that is never free is an error that names its holder."""
    clock = iter(range(100))
    path = tmp_path / "x.lock"
    again = locked(path, "x", lambda _: None, patience=5, now=lambda: float(next(clock)))
    with (
        locked(path, "x", lambda _: None),
        pytest.raises(LockedError, match=r"\(process \d+\)"),
        again,
    ):
        pytest.fail("two hold the lock")


def test_a_stale_file_is_no_lock(tmp_path):
    """A file left by a run that was killed does not keep anybody out."""
    path = tmp_path / "x.lock"
    path.write_text("1")
    with locked(path, "x", lambda _: pytest.fail("waited for a dead run")):
        pass
    assert not path.exists()
