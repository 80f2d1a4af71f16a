"""The question before anything is changed: who is asked, and what an answer means."""

import pytest

from stackctl.cli.options.output import OutputOptions
from stackctl.cli.report.report import Report
from stackctl.cli.running.question import Question
from stackctl.errors import UsageError
from stackctl.model.plan.plan import Action
from tests.unit.cli_samples import TARGET, plan


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
