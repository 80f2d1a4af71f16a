"""What CONTRIBUTING.md names is there: files, names in files, commands, tiers."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from stackctl.cli import command_line

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SPANS = sorted(set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))))
LINES = [
    line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.split("\n")
]
COMMANDS = [each.partition("#")[0].split() for each in (*SPANS, *LINES)]
TOP = {path.name for path in ROOT.iterdir()}


def paths() -> list[str]:
    """Return the spans that begin like a path of this repository."""
    return [each for each in SPANS if " " not in each and each.partition("/")[0] in TOP]


def test_every_path_that_is_named_exists():
    """From the root, as they are written."""
    assert len(paths()) > 30
    assert [each for each in paths() if not (ROOT / each).exists()] == []


def test_every_room_is_on_the_map():
    """And every folder that tests are in."""
    rooms = [*(ROOT / "stackctl").glob("*/__init__.py"), *(ROOT / "tests").glob("*/__init__.py")]
    rooms += (ROOT / "stackctl/model").glob("*/__init__.py")
    folders = {str(path.parent.relative_to(ROOT)) for path in rooms}
    assert folders - set(paths()) == set()


@pytest.mark.parametrize(("name", "path"), re.findall(r"`(\w+)`\s+in\s+`([\w/.]+\.py)`", TEXT))
def test_what_is_to_be_found_in_a_file_is_in_it(name, path):
    """So that nobody searches for what was renamed."""
    assert re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("words", [each for each in COMMANDS if "stackctl" in each], ids=" ".join)
def test_every_command_of_the_program_exists(words):
    """With the options it is shown with."""
    command: Any = typer.main.get_command(command_line())
    for word in words[words.index("stackctl") + 1 :]:
        if word.startswith("--"):
            assert any(word in param.opts for param in command.params)
        elif hasattr(command, "commands"):
            command = command.commands[word]


@pytest.mark.parametrize("words", [each for each in COMMANDS if each[:2] == ["python", "-m"]])
def test_every_module_that_is_run_exists(words):
    """As `python -m` finds it."""
    assert find_spec(words[2])


@pytest.mark.parametrize("words", [each for each in COMMANDS if each[:1] == ["tests/run"]])
def test_every_tier_that_is_named_exists(words):
    """`tests/run` knows it, and what follows is for pytest."""
    known = re.findall(r"readonly TIERS=\((.*)\)", (ROOT / "tests/run").read_text(encoding="utf-8"))
    named = words[1 : words.index("--")] if "--" in words else words[1:]
    assert set(named) <= set(known[0].split())
