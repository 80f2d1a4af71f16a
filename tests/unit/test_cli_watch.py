"""Looking again and again."""

from datetime import UTC, datetime

from stackctl.cli.report.rendering import Page
from stackctl.cli.report.status import status_lines
from stackctl.cli.running.watch import fitted, looked, what_ails
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


def test_what_is_not_well_is_what_is_seen_where_there_is_no_room_for_all():
    """A screen full of what is current would say that all is; drift is not left out either."""
    status = troubled_status()
    ailing, well = what_ails(status)
    assert well == "... and 1 of 4 components, which are well"
    assert [part.name for part in ailing.components] == [
        "kserve",
        "nvidia-device-plugin",
        "training-operator",
    ]
    page = Page(Paint(on=False), 80)
    whole, shown = (status_lines(each, NOW, page) for each in (status, ailing))
    assert [line.split()[0] for line in whole if line not in shown] == ["cert-manager"]
