"""The table of edge cases is whole, and the tests it names exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \|$")
TEST = re.compile(r"^(?: {4})?def (test_\w+)\(", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows() -> list[tuple[str, str, str]]:
    lines = (TESTS / "EDGE_CASES.md").read_text(encoding="utf-8").splitlines()
    return [(m[1], m[2], m[3]) for line in lines if (m := ROW.match(line))]


def names_of(file: str) -> set[str]:
    return set(TEST.findall((TESTS / file).read_text(encoding="utf-8")))


def test_every_case_has_its_row():
    """None is left out, and each says what shows it, or why nothing does."""
    assert [int(number) for number, _, _ in rows()] == list(range(1, 153))
    for number, _, shown in rows():
        explained = shown.startswith(("does not apply: ", "not covered yet: "))
        assert NAMED.search(shown) or explained, number


def test_every_test_that_is_named_exists():
    """A test that is renamed takes its row along."""
    named = {pair for _, _, shown in rows() for pair in NAMED.findall(shown)}
    known = {file: names_of(file) for file in {file for file, _ in named}}
    assert sorted(f"{file}::{name}" for file, name in named if name not in known[file]) == []
