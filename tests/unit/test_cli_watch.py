"""Looking again and again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stackctl.cli.report.rendering import Page
from stackctl.cli.report.status import ailments
from stackctl.cli.running.watch import essentials, fitted, looked
from stackctl.cli.terminal.terminal import Paint
from tests.unit.cli_samples import NOW, troubled_status


def test_a_short_terminal_does_not_scroll():
    """What has no room is counted; a line that is wider than the terminal takes several rows."""
    lines = [f"line {number}" for number in range(10)]
    assert fitted(lines, 80, 10) == lines
    assert fitted(lines, 80, 4) == [*lines[:3], "... 7 more lines: stackctl status"]
    assert fitted(["x" * 100, *lines], 40, 5) == [
        "x" * 100,
        "line 0",
        "... 9 more lines: stackctl status",
    ]
    assert fitted([], 80, 0) == []


def test_it_says_when_it_last_looked():
    """A screen that stands still may be old."""
    moment = datetime(2026, 11, 22, 15, 30, 5, tzinfo=UTC)
    local = moment.astimezone().strftime("%H:%M:%S")
    assert looked(moment, Paint(on=False)) == f"looked at {local}, every 2s; Ctrl-C ends it"


@pytest.mark.parametrize("rows", range(6, 30))
def test_causes_and_next_commands_are_what_stays_where_there_is_no_room_for_all(rows):
    """Nothing is named without its way out; what is left out is counted; it never scrolls."""
    page = Page(Paint(on=False), 80)
    status = troubled_status()
    lines = essentials(status, NOW, page, 80, rows)
    assert sum(-(-len(line) // 80) for line in lines) <= rows
    told = ailments(status, NOW, page)
    begun = [block for block in told if block[0] in lines]
    assert begun == told[: len(begun)]
    assert {line for block in begun for line in block if "→" in line} <= {*lines}
    left = len(told) - len(begun)
    rest = f"; {left} more: stackctl status" if left else ""
    assert lines[-1] == f"... 1 of 4 components are well{rest}"


def test_the_cause_is_named_on_fourteen_rows():
    """With the command, and as much of what is said as there is room for."""
    page = Page(Paint(on=False), 80)
    shown = "\n".join(essentials(troubled_status(), NOW, page, 80, 10))
    assert "a run is on: ops@bastion" in shown
    assert "kserve  52/53  Failed" in shown
    assert "ImagePullBackOff" in shown
    assert "→ check the image registry.example.com/team/controller:v1" in shown


def test_of_what_is_too_long_the_beginning_is_seen_with_the_command():
    """Down to a single line of it."""
    page = Page(Paint(on=False), 80)
    part = replace(troubled_status().components[1], message="word " * 90)
    status = replace(troubled_status(), components=(part,), run=None, findings=(), gpus=())
    _, head, first, second, command, _ = essentials(status, NOW, page, 80, 6)
    assert (head.split(), first.split()[0]) == (["kserve", "52/53", "Failed"], "word")
    assert second.endswith("…")
    assert command == f"    → {part.hint}"
