"""How lists, numbers and spans of time are told."""

import re
from pathlib import Path

import pytest

import stackctl
from stackctl.model.objects.wording import counted, span

PACKAGE = Path(stackctl.__file__).parent
# A number in front of a unit of time, written by other means than `span`.
COUNTED = re.compile(r"\{[^{}]*(?:seconds|SECONDS|silent|waited|span)[^{}]*:[.0-9]*[fg]\}")


def test_one_is_told_as_one():
    told = [counted(number, "file") for number in (0, 1, 2)]
    assert told == ["0 files", "1 file", "2 files"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (65, "1m 5s"),
        (303, "5m 3s"),
        (3600, "1h"),
        (7384, "2h 3m"),
        (86399, "23h 59m"),
        (90000, "1d 1h"),
        (864000, "10d"),
    ],
)
def test_spans_of_time_read_as_people_say_them(seconds, text):
    """The largest unit and the next one, where that is not nothing."""
    assert span(seconds) == text


def test_nobody_counts_seconds_by_other_means():
    """What is told to people is told by `span`, wherever it is said."""
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if COUNTED.search(path.read_text())
    }
    assert not found
