"""Commands that are advised mean the cluster, the stack and the files that were typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from stackctl.cli import command_line, run
from stackctl.cli.terminal.next_commands import TAKEN_BY, Typed, laid_out


def typed(line: str, **environment: str) -> Typed:
    """Read a line."""
    found = Typed()
    found.learn(
        line.split(), {f"STACKCTL_{name.upper()}": text for name, text in environment.items()}
    )
    return found


@pytest.mark.parametrize(
    ("line", "advised", "completed"),
    [
        ("status", "stackctl deploy --profile a", "stackctl deploy --profile a"),
        (
            "status --context east --kubeconfig=k",
            "stackctl deploy --profile a",
            "stackctl deploy --kubeconfig k --context east --profile a",
        ),
        (
            "--context east status",
            "raise it: kubectl -n ml describe quota",
            "raise it: kubectl --context east -n ml describe quota",
        ),
        (
            "status --context east",
            "check the context: kubectl config get-contexts",
            "check the context: kubectl config get-contexts",
        ),
        ("diff --context east", "install kubectl, it is missing", "install kubectl, it is missing"),
        ("diff --context east", "stackctl/gpu8 holds it", "stackctl/gpu8 holds it"),
        (
            "rollback 7 --stack b --record-namespace team",
            "stackctl history",
            "stackctl history --stack b --record-namespace team",
        ),
        ("history --stack b", "stackctl status --stack b", "stackctl status --stack b"),
        (
            "history --stack b --record-namespace team",
            "stackctl status --stack c",
            "stackctl status --stack c",
        ),
        (
            "status -fx.yaml",
            "stackctl history shows them",
            "stackctl history --file x.yaml shows them",
        ),
        ("status -f x.yaml", "stackctl deploy --profile a", "stackctl deploy --profile a"),
        (
            "deploy a --catalog c --catalog d --context east",
            "stackctl profiles lists them; stackctl deploy --profile NAME",
            (
                "stackctl profiles --catalog c --catalog d lists them; "
                "stackctl deploy --context east --catalog c --catalog d --profile NAME"
            ),
        ),
        (
            "record check --context east",
            "stackctl record repair --stack b",
            "stackctl record repair --context east --stack b",
        ),
        ("sandbox up --context east", "stackctl sandbox logs", "stackctl sandbox logs"),
        (
            "status --context @prod:",
            "`stackctl adopt a` makes it ours",
            "`stackctl adopt --context @prod: a` makes it ours",
        ),
        ("smoke -- --context east", "stackctl status", "stackctl status"),
    ],
)
def test_an_advised_command_says_again_what_was_typed(line, advised, completed):
    """As far as the command takes it, and does not say it itself."""
    assert typed(line).addressed(advised) == completed


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("stackctl " + "x" * 40, ["stackctl " + "x" * 40]),
        ("raise it: kubectl get x", ["raise it: kubectl get x"]),
        (
            "raise the quota, or free some: kubectl -n ml describe quota",
            ["raise the quota, or free some:", "kubectl -n ml describe quota"],
        ),
        (
            "correct the template, or the labels of it",
            ["correct the template, or the", "labels of it"],
        ),
        (
            "a word; kubectl get x; and something more",
            ["a word; kubectl get x; and", "something more"],
        ),
    ],
)
def test_a_command_that_is_to_be_copied_stays_in_one_piece(text, lines):
    """On a line of its own, below what is said of it."""
    assert laid_out(text, 32) == lines
    assert laid_out(text, None) == [text]


def test_what_has_blanks_is_quoted():
    """A context may be called anything."""
    found = Typed()
    found.learn(["status", "--context", "my east"], {})
    assert found.addressed("stackctl history") == "stackctl history --context 'my east'"


def test_kubectl_is_told_what_only_our_environment_says():
    """It does not read ours; our own next command does."""
    found = typed("status", context="east\nwest", kubeconfig="k")
    assert found.addressed("stackctl history") == "stackctl history"
    advised = "kubectl --kubeconfig k --context east uncordon n"
    assert found.addressed("kubectl uncordon n") == advised


def test_kubectl_is_told_of_a_file_that_it_would_not_find():
    """A sandbox is found without one; what was typed comes first."""
    found = typed("status")
    found.reached("s")
    assert found.addressed("kubectl get pv") == "kubectl --kubeconfig s get pv"
    assert found.addressed("stackctl status") == "stackctl status"
    found = typed("status --kubeconfig k")
    found.reached("s")
    assert found.addressed("kubectl get pv") == "kubectl --kubeconfig k get pv"


def test_of_several_clusters_the_one_is_meant_whose_turn_it_is():
    """Each is told of by itself."""
    found = typed("status --context east --context west")
    found.turn("west")
    assert found.addressed("stackctl history") == "stackctl history --context west"
    assert found.addressed("kubectl get pv") == "kubectl --context west get pv"


def test_programs_are_advised_the_same():
    """Wherever a document advises something, and nowhere else."""
    found = typed("status --context east")
    document = {
        "message": "kubectl get pv",
        "components": [{"hint": "kubectl get pv"}, {"hints": ["kubectl get pv", ""]}],
        "remedy": "stackctl history",
    }
    assert found.addressed_document(document) == {
        "message": "kubectl get pv",
        "components": [
            {"hint": "kubectl --context east get pv"},
            {"hints": ["kubectl --context east get pv", ""]},
        ],
        "remedy": "stackctl history --context east",
    }


def test_which_command_takes_what_is_as_the_command_line_has_it():
    """A command that is new, or takes something new, is noted here as well."""

    def commands(group: TyperGroup, path: str = "") -> Iterator[tuple[str, set[str]]]:
        for name, command in group.commands.items():
            if isinstance(command, TyperGroup):
                yield from commands(command, f"{path}{name} ")
            else:
                yield f"{path}{name}", {each for param in command.params for each in param.opts}

    found = typer.main.get_command(command_line())
    assert isinstance(found, TyperGroup)
    options = dict(commands(found))
    assert {
        name: {command for command, takes in options.items() if name in takes} for name in TAKEN_BY
    } == TAKEN_BY


def test_an_error_advises_for_the_cluster_that_was_typed(capsys):
    """The line is read whatever becomes of it."""
    folder = str(Path(__file__).parent / "catalogue")
    assert run(["render", "nope", "--catalog", folder]) == 3
    said = capsys.readouterr().err
    assert f"hint: stackctl profiles --catalog {folder} lists them" in said.replace("\n  ", " ")
