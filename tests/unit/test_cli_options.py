"""Options: durations, where they may stand, where their values come from."""

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from stackctl.cli.options.change import ApplyOptions, TeardownOptions, seconds
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grammar import Command, Group
from stackctl.cli.options.grouping import Options, option, spread
from stackctl.cli.options.output import Output, ResultFormat
from stackctl.cli.options.stack import ProfileStack
from stackctl.cli.running.requests import run_options
from stackctl.errors import UsageError


class Target(Options):
    """A group of options for the tests."""

    context: Annotated[str | None, option("--context", help="Which cluster")] = None
    folders: Annotated[list[Path] | None, option("--folder", help="Where")] = None


def parse(*arguments: str) -> dict[str, Any]:
    """Read a command line of a program with one command and one group, and tell what was said."""
    said: dict[str, Any] = {}

    def show(*, target: Target, output: Output, deep: bool = False) -> int:
        """Show what was said."""
        said.update(vars(target), **vars(output), deep=deep)
        return 3

    app = typer.Typer(cls=Group, rich_markup_mode=None, add_completion=False)
    inner = typer.Typer(cls=Group, rich_markup_mode=None)
    app.command(cls=Command)(spread(show))
    inner.command(cls=Command)(spread(show))
    app.add_typer(inner, name="inner")
    assert app(args=list(arguments), standalone_mode=False) == 3
    return said


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5m", 90), ("500ms", 0.5), ("0", 0)],
)
def test_durations_are_read_as_go_writes_them(text, expected):
    """10m is ten minutes."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["10", "ten minutes", "10 m", "m", "10d", "-5s", ""])
def test_what_is_no_duration_is_refused(text):
    """A number without a unit could mean anything."""
    with pytest.raises(typer.BadParameter, match="write 90s, 10m or 1h30m"):
        seconds(text)


def test_a_group_stands_for_its_options():
    """The command receives the group with every value in it."""
    assert parse("show", "--context", "prod", "--folder", "a", "--folder", "b", "--deep") == {
        "context": "prod",
        "folders": [Path("a"), Path("b")],
        "format": ResultFormat.TABLE,
        "deep": True,
    }


@pytest.mark.parametrize(
    "line",
    [
        "--context prod -o json show",
        "--context=prod show -o json",
        "-o json inner show --context prod",
        "inner --context prod show -o json",
        "show --context prod --output json",
    ],
)
def test_options_may_stand_before_or_behind_the_command(line):
    """As with kubectl, the place of an option does not matter."""
    said = parse(*line.split())
    assert (said["context"], said["format"]) == ("prod", ResultFormat.JSON)


def test_an_option_of_no_command_is_refused_wherever_it_stands():
    """Nothing is moved that nobody knows."""
    with pytest.raises(typer.TyperException, match="No such option: --contxt"):
        parse("--contxt", "prod", "show")


def test_the_environment_gives_what_the_line_does_not(monkeypatch):
    """Option before environment before default."""
    monkeypatch.setenv("STACKCTL_CONTEXT", "from-environment")
    assert parse("show")["context"] == "from-environment"
    assert parse("show", "--context", "from-line")["context"] == "from-line"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("team a", ("team a",)), ("team a\nteam b\n", ("team a", "team b")), ("", ())],
)
def test_contexts_with_blanks_come_from_the_environment(monkeypatch, said, meant):
    """One on each line: a blank is part of a name, as it is on the command line."""
    seen: list[tuple[str, ...]] = []

    def show(*, cluster: Cluster) -> int:
        """Note which contexts are named."""
        seen.append(cluster.each)
        return 3

    app = typer.Typer(cls=Group, rich_markup_mode=None, add_completion=False)
    app.command(cls=Command)(spread(show))
    monkeypatch.setenv("STACKCTL_CONTEXT", said)
    app(args=[], standalone_mode=False)
    assert seen == [meant]


@pytest.mark.parametrize("group", [ApplyOptions, TeardownOptions])
def test_every_option_of_a_change_arrives_in_the_run(group):
    """Under its own name: none is copied by hand, so none is forgotten on the way."""
    chosen = group(**{name: object() for name in group.declared()})
    options = run_options(chosen)
    assert {name: getattr(options, name) for name in chosen.values()} == chosen.values()


@pytest.mark.parametrize(
    ("said", "profile"),
    [
        ({"profile_argument": "gpu8"}, "gpu8"),
        ({"profile_option": "gpu8"}, "gpu8"),
        ({"profile_argument": "gpu8", "profile_option": "gpu8"}, "gpu8"),
        ({}, None),
    ],
)
def test_a_profile_is_named_with_and_without_its_option(said, profile):
    """`deploy gpu8` is `deploy --profile gpu8`."""
    assert ProfileStack(**({"profile_argument": None, "profile_option": None} | said)).profile == (
        profile
    )


def test_two_profiles_are_one_too_many():
    """Neither is the stronger."""
    with pytest.raises(UsageError, match="two profiles are named: gpu8 and --profile cpu"):
        _ = ProfileStack(profile_argument="gpu8", profile_option="cpu").profile


def test_a_profile_that_is_typed_beats_that_of_the_environment(monkeypatch):
    """As every option does."""
    monkeypatch.setenv("STACKCTL_PROFILE", "cpu")
    assert ProfileStack(profile_argument="gpu8", profile_option="cpu").profile == "gpu8"
