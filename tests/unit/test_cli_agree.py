"""The question before anything is changed: who is asked, and what an answer means."""

import os
import subprocess
import sys

import pytest

from stackctl.cli.options.options import OutputOptions
from stackctl.cli.report.report import Report
from stackctl.cli.running.question import Question
from stackctl.errors import UsageError
from stackctl.model.plan.plan import Action
from tests.unit.cli_samples import TARGET, plan


@pytest.mark.parametrize("command", [["deploy", "--profile", "gpu8"], ["teardown"]])
def test_without_a_terminal_a_change_needs_yes(command, tmp_path):
    """Nobody could answer, so nothing is even looked at, and the option is named."""
    answer = subprocess.run(
        [sys.executable, "-m", "stackctl", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "error: there is no terminal to ask on" in answer.stderr
    assert "hint: add --yes" in answer.stderr


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("YES\n", True), ("n\n", False)])
def test_the_answer_decides(terminal, typed, agreed):
    """Only a yes goes ahead."""
    terminal(typed)
    assert (
        Question(Report(OutputOptions()), yes=False, dry_run=False)(plan(Action.CREATE), TARGET)
        is agreed
    )


@pytest.mark.parametrize("typed", ["\n", "", "maybe\n"])
def test_no_answer_is_a_no(terminal, typed):
    """Enter, end of input and anything else change nothing, and that is said."""
    seen = terminal(typed)
    assert not Question(Report(OutputOptions()), yes=False, dry_run=False)(
        plan(Action.CREATE), TARGET
    )
    assert seen.getvalue().endswith("Nothing was changed.\n")


def test_the_question_comes_after_cluster_and_plan(terminal):
    """Which cluster, what would change, and only then the question."""
    seen = terminal("y\n")
    Question(Report(OutputOptions()), yes=False, dry_run=False)(plan(Action.CREATE), TARGET)
    text = seen.getvalue()
    assert text.startswith("context stackctl-sandbox (simulated) · Kubernetes v1.36.3")
    assert "Plan: +162 create" in text
    assert text.endswith("Proceed on stackctl-sandbox? [y/N] ")


def test_yes_shows_the_plan_and_does_not_ask(capsys):
    """Every change is shown before it is made, asked for or not."""
    assert Question(Report(OutputOptions()), yes=True, dry_run=False)(plan(Action.CREATE), TARGET)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Plan: +162 create" in err
    assert "Proceed" not in err


def test_a_dry_run_needs_nobody_to_ask():
    """Nothing is changed, so nothing is asked."""
    Question(Report(OutputOptions()), yes=False, dry_run=True)


def test_nobody_to_ask_is_a_usage_error():
    """The refusal comes when the question is prepared, not when it is due."""
    with pytest.raises(UsageError):
        Question(Report(OutputOptions()), yes=False, dry_run=False)


def test_a_plan_that_changes_nothing_needs_no_answer(terminal):
    """A run that only records again does not bother anybody."""
    seen = terminal("")
    assert Question(Report(OutputOptions()), yes=False, dry_run=False)(
        plan(Action.UNCHANGED), TARGET
    )
    assert "Proceed" not in seen.getvalue()
