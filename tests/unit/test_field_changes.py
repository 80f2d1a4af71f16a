"""How changed fields look in a plan, at any width."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.cli.terminal.field_changes import MOST_FIELDS, field_lines, setting_line
from stackctl.cli.terminal.terminal import Paint, cut, cut_apart
from stackctl.model.compose.diff import MISSING, Difference
from stackctl.model.plan.plan import SettingChange

PLAIN = Paint(on=False)
IMAGE = "registry.example.com/team/platform/controller-manager:build.20261122-v1.{}"


def lines(*found: Difference, width: int | None = 60, every: bool = False) -> list[str]:
    return field_lines(found, 2, PLAIN, width, every=every)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (1, 3, ["  spec.x: 1 → 3"]),
        (MISSING, {"a": "b"}, ['  spec.x: (none) → {"a": "b"}']),
        (True, MISSING, ["  spec.x: true → (none)"]),
        ("", "x", ['  spec.x: "" → x']),
        ("a\nb\nc\n", "a\nx\nc\n", ["  spec.x: b → x"]),
        (
            "a\n",
            "a\n1\n2\n3\n4\n",
            ["  spec.x:", *(f"    (none) → {n}" for n in (1, 2, 3)), "    and 1 more lines"],
        ),
    ],
)
def test_a_field_shows_its_old_and_its_new_value(old, new, expected):
    """Beside its name where there is room, else below; of a document, the lines that change."""
    assert lines(Difference("spec.x", old, new)) == expected


def test_what_is_too_long_loses_its_middle():
    """Both ends of an image tell something: whose it is, and which version."""
    name, values = lines(Difference("spec.x", IMAGE.format(1), IMAGE.format(2)))
    assert name == "  spec.x:"
    assert len(values) <= 60
    assert values.startswith("    registry.")
    assert values.endswith("-v1.2")
    assert values.count("…") == 2


TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=120)
STEPS = st.lists(st.from_regex(r"[a-z]{1,20}(\[name=[a-z]{1,20}\])?", fullmatch=True), min_size=1)


@given(STEPS, TEXTS, TEXTS, st.integers(min_value=60, max_value=200))
def test_names_are_never_cut_and_nothing_overflows(steps, old, new, width):
    """Whatever the path and the values."""
    path = ".".join(steps)
    found = lines(Difference(path, old, new), width=width)
    assert max(map(len, found)) <= width
    assert path in "".join(line.strip() for line in found)


def test_a_shorter_value_gives_no_room_away():
    """What is free on one side is the other side's."""
    (_, line) = lines(Difference("spec.x", "1Gi", "y" * 200))
    assert line.startswith("    1Gi → yyy")
    assert len(line) == 60


def test_of_an_object_that_differs_everywhere_some_fields_are_shown():
    """The rest is counted; asked for, all are there."""
    found = [Difference(f"spec.x{number}", 1, 2) for number in range(MOST_FIELDS + 5)]
    assert lines(*found)[-1] == "  and 5 more fields; stackctl diff, asked the same, shows all"
    assert len(lines(*found, every=True)) == MOST_FIELDS + 5


def test_a_setting_shows_its_old_and_its_new_value():
    """By the name it is set by."""
    setting = SettingChange("spark-operator", "workers", "10", "40")
    assert setting_line(setting, 2, PLAIN, 80) == ["  spark-operator.workers 10 → 40"]
    fresh = SettingChange("a", "b", "", "x")
    assert setting_line(fresh, 2, PLAIN, None) == ["  a.b (none) → x"]


def test_what_differs_in_the_middle_alone_is_shown_with_what_is_around_it():
    """Two values that look alike would say that nothing changes."""
    old, new = f"{'a' * 50}1{'z' * 50}", f"{'a' * 50}2{'z' * 50}"
    (_, line) = lines(Difference("spec.x", old, new))
    was, _, now = line.strip().partition(" → ")
    assert ("1" in was, "2" in now) == (True, True)
    assert len(line) <= 60


@given(TEXTS, TEXTS, st.integers(min_value=8, max_value=60))
def test_texts_that_differ_look_different_however_short_they_are_cut(old, new, width):
    """And take no more room than there is."""
    was, now = cut_apart(old, new, (width, width))
    assert max(len(was), len(now)) <= width
    assert (was == now) == (old == new)


def test_the_middle_is_cut():
    """For both ends of a value tell something."""
    assert cut("abcdefghij", 10) == "abcdefghij"
    assert cut("abcdefghij", 5) == "ab…ij"
    assert cut("abcdefghij", 4) == "ab…j"
    assert cut("abcdefghij", 1) == "…"
