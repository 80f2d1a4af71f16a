"""Help is documentation: every command explains itself with an example."""

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from stackctl.cli import EXIT_CODES, command_line, run

ROOT = typer.main.get_command(command_line())


def commands(
    group: Any = ROOT, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """List every command with the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())


@cache
def help_of(path: tuple[str, ...]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert run([*path, "--help"]) == 0
    return out.getvalue()


def test_the_commands_are_the_ones_promised():
    """What the documentation names is there."""
    promised = {
        "init",
        "deploy",
        "status",
        "diff",
        "upgrade",
        "rollback",
        "history",
        "adopt",
        "unlock",
        "schema",
        "teardown",
        "profiles",
        "components",
        "explain",
        "render",
        "version",
        "completion",
        "sandbox up",
        "sandbox down",
        "sandbox status",
        "sandbox kubeconfig",
        "sandbox run",
        "sandbox logs",
    }
    assert promised - {" ".join(path) for path in COMMANDS} == set()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_of_itself(path):
    """The help shows at least one line that could be typed as it is."""
    _, heading, examples = help_of(path).partition("\nExamples:\n")
    assert heading
    assert f"stackctl {' '.join(path)}" in examples.partition("\n\n")[0]


@pytest.mark.parametrize("path", [(), ("sandbox",), *COMMANDS], ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(path):
    """No line is wider than the narrowest terminal people use."""
    assert [line for line in help_of(path).splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_first_line_of_help_fits_the_list_of_commands(path):
    """A command's summary is never cut in the list."""
    summary = str(COMMANDS[path].help).partition("\n")[0]
    assert len(summary) <= 61


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_explained(path):
    """Each option has a help text, without a final period."""
    for param in COMMANDS[path].params:
        assert param.help, param.name
        assert not param.help.endswith("."), param.name


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_can_come_from_the_environment(path):
    """--dry-run is STACKCTL_DRY_RUN, and so on."""
    for param in COMMANDS[path].params:
        if param.param_type_name == "option":
            long = next(name for name in param.opts if name.startswith("--"))
            variable = "STACKCTL_" + long.removeprefix("--").replace("-", "_").upper()
            known = [param.envvar] if isinstance(param.envvar, str) else param.envvar
            assert variable in (known or ()), param.name


def test_the_help_ends_with_the_exit_codes():
    """The table of exit codes in the help is the one the program goes by."""
    text = help_of(())
    assert re.findall(r"^ +(\d+)  (\S.*)$", text, re.MULTILINE) == [
        (str(code), meaning) for code, meaning in EXIT_CODES
    ]


def test_no_command_at_all_shows_the_help(capsys):
    """`stackctl` alone is a question, not a mistake."""
    assert run([]) == 0
    assert "Usage: stackctl" in capsys.readouterr().out


@pytest.mark.parametrize("path", [(), ("sandbox",), ("deploy",), ("sandbox", "up")], ids=" ".join)
def test_help_of_a_command_is_what_its_help_option_shows(path, capsys):
    """`stackctl help deploy` and `stackctl deploy --help`."""
    assert run(["help", *path]) == 0
    assert capsys.readouterr().out == help_of(path)


def test_help_says_how_lists_and_features_are_set():
    """Nobody has to guess."""
    text = " ".join(help_of(("deploy",)).split())
    assert "lists are a,b or [a,b]" in text
    assert "COMPONENT.features.NAME=true" in text
