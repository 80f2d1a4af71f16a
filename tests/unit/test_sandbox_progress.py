"""What takes minutes says so before it begins, and is never silent for long."""

import threading

import pytest

from stackctl.cli.terminal.progress_board import step_text
from stackctl.model.run.events import Event, Notice, Step
from stackctl.sandbox.machine.pulse import repeating
from stackctl.sandbox.programs.estimate import build_seconds, build_text, seconds_left


def test_a_step_that_goes_on_is_told_again_with_what_is_left():
    """Until another one comes; what is no step is told once."""
    told: list[Event] = []
    enough = threading.Event()

    def tell(event: Event) -> None:
        told.append(event)
        if len(told) > 4:
            enough.set()

    clock = iter(range(0, 10_000, 10))
    with repeating(tell, 0.001, lambda: float(next(clock))) as notify:
        notify(Step("compiling", left=35.0))
        notify(Notice("by the way"))
        assert enough.wait(10)
    seconds = len(told)
    assert told[:2] == [Step("compiling", left=35.0), Notice("by the way")]
    again = [each for each in told[2:] if isinstance(each, Step)]
    assert [each.left for each in again][:3] == [25.0, 15.0, 5.0]
    assert {each.text for each in again} == {"compiling"}
    assert len(told) == seconds, "it ends with the block"


def test_nothing_is_told_again_before_there_was_anything():
    """And the thread ends with a block that fails."""
    told: list[Event] = []
    with pytest.raises(ValueError, match="no"), repeating(told.append, 0.001):
        raise ValueError("no")
    assert told == []
    assert all(thread.name != "pulse" for thread in threading.enumerate())


def test_what_a_build_takes_is_said_in_minutes_and_megabytes():
    """More cores, fewer minutes; a toolchain has to be fetched where there is none."""
    assert "about 7 minutes on 2 cores, and 95 MB to download" in build_text(
        2, with_toolchain=False
    )
    assert "about 3 minutes on 8 cores, and 165 MB" in build_text(8, with_toolchain=True)
    assert "on 1 core," in build_text(1, with_toolchain=False)


def test_what_is_left_is_a_guess_that_gets_better():
    """From experience first, from the pace of the build itself once that says something."""
    assert seconds_left(0, 1000, 0.0, 2) == build_seconds(2)
    assert seconds_left(50, 1000, 30.0, 2) == build_seconds(2) - 30
    assert seconds_left(500, 1000, 100.0, 2) == pytest.approx(140)
    assert seconds_left(10, 1000, 9999.0, 2) > 0


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step("waiting"), "waiting"),
        (Step("linking", left=44.0), "linking, about 40s left"),
        (Step("linking", left=1.0), "linking, about 10s left"),
        (
            Step("compiling", 3, 9, "packages", 290.0),
            "compiling: 3 of 9 packages, about 5 minutes left",
        ),
    ],
)
def test_a_guess_looks_like_one(step, text):
    """Nobody counts the seconds of minutes."""
    assert step_text(step) == text
