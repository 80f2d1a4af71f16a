"""One command on several clusters: whose turn it is, what is asked, and what is said of each."""

import json
from collections.abc import Callable

import pytest

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.output import OutputOptions
from stackctl.cli.report.failure import Told
from stackctl.cli.report.report import Report
from stackctl.cli.running.contexts import Words, on_each
from stackctl.cli.running.question import Question
from stackctl.errors import ConflictError, Interrupted, StackError, Unreachable, UsageError
from stackctl.model.objects.refs import ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.run.outcome import TargetInfo

MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "ns"}}
CREATING = Plan(StackId("ml"), "cpu", (Change(ref_of(MANIFEST), "a", Action.CREATE, MANIFEST),))
GROWN = Plan(
    StackId("ml"), "cpu", (Change(ref_of(MANIFEST), "a", Action.CREATE, MANIFEST | {"data": {}}),)
)
RECORDING = Plan(StackId("ml"), "cpu", (Change(ref_of(MANIFEST), "a", Action.UNCHANGED, MANIFEST),))


def named(*contexts: str) -> Cluster:
    return Cluster(contexts=list(contexts))


def changing(
    question: Question, plans: dict[str, list[Plan]], done: list[str]
) -> Callable[[Cluster], int]:
    """Change clusters, if agreed to; each look at one finds the next of its plans."""

    def run(cluster: Cluster) -> int:
        context = cluster.context or ""
        found = plans[context].pop(0)
        if not question(found, TargetInfo(context, "https://x", f"uid-{context}", "v1.36.3")):
            return 1
        done.append(context)
        return 0

    return run


def test_each_has_its_turn_and_the_gravest_code_wins(capsys):
    """A cluster that is down keeps no other from its own, and is named."""
    answers: dict[str, int | StackError] = {"a": 1, "b": Unreachable("it is down"), "c": 0}
    seen = []

    def run(cluster: Cluster) -> int:
        seen.append(cluster.context)
        answer = answers[cluster.context or ""]
        if isinstance(answer, StackError):
            raise answer
        return answer

    words = Words("current", "not current")
    assert on_each(named("a", "b", "c", "a"), Report(OutputOptions()), run, words=words) == 5
    assert seen == ["a", "b", "c"]
    said = capsys.readouterr().err
    assert "error: b: it is down\n" in said
    assert said.endswith("targets:\n  a  not current\n  b  exit 5: it is down\n  c  current\n")


def test_the_end_of_a_cluster_names_an_object(capsys):
    """A line that only announces others would say nothing."""

    def run(cluster: Cluster) -> int:
        raise Unreachable("two are not gone:\n  ConfigMap/x: held\n  ConfigMap/y: held")

    on_each(named("a", "b"), Report(OutputOptions()), run)
    said = capsys.readouterr().err
    assert said.endswith("  b  exit 5: two are not gone: ConfigMap/x: held\n")


def test_a_result_that_does_not_name_its_cluster_has_a_heading(capsys):
    """It goes where the result goes, but not between names that a program reads."""

    def run(cluster: Cluster) -> int:
        return 0

    on_each(named("a", "b"), Report(OutputOptions(quiet=True)), run)
    assert capsys.readouterr().out == "target 1 of 2: a\n\ntarget 2 of 2: b\n"
    on_each(named("a", "b"), Report(OutputOptions(quiet=True), "name"), run)
    assert capsys.readouterr().out == ""


def test_several_make_one_document(capsys):
    """The failure of one is in it; every item has its context."""
    report = Report(OutputOptions(quiet=True), "json")

    def run(cluster: Cluster) -> int:
        if cluster.context == "b":
            raise ConflictError("owned by another")
        report.document({"kind": "Plan"})
        return 0

    assert on_each(named("a", "b"), report, run) == 7
    printed = json.loads(capsys.readouterr().out)
    assert printed["kind"] == "ResultList"
    found = [(each["context"], each["kind"]) for each in printed["items"]]
    assert found == [("a", "Plan"), ("b", "Error")]


@pytest.mark.parametrize("interruption", [Interrupted("stopped"), KeyboardInterrupt()])
def test_an_interruption_ends_all_of_it(capsys, interruption):
    """The user meant the command; still there is one document, with what was not begun."""

    def run(cluster: Cluster) -> int:
        raise interruption

    with pytest.raises(Told):
        on_each(named("a", "b"), Report(OutputOptions(quiet=True), "json"), run)
    items = json.loads(capsys.readouterr().out)["items"]
    assert [each["exitCode"] for each in items] == [130, 130]
    assert items[1]["message"] == "not begun"


@pytest.fixture
def answered(terminal):
    """Change clusters after an answer: the exit code, which were changed, and what was said."""

    def go(answer: str, **plans: list[Plan]) -> tuple[int, list[str], str]:
        seen, report, done = terminal(answer), Report(OutputOptions()), list[str]()
        question = Question(report, yes=False, dry_run=False)
        run = changing(question, plans, done)
        code = on_each(named(*plans), report, run, question=question)
        return code, done, seen.getvalue()

    return go


def test_one_question_is_put_about_all(answered):
    """Every plan is shown before it, nothing is done before it, and what was shown is done."""
    code, done, seen = answered("y\n", a=[CREATING, CREATING], b=[CREATING, CREATING])
    assert (code, done) == (0, ["a", "b"])
    shown, asked, _ = seen.partition("Proceed on a and b, one after the other? [y/N] ")
    assert asked
    assert shown.count("Plan: +1 create") == 2


def test_a_no_is_one_for_all(answered):
    """Nothing is looked at a second time."""
    code, done, seen = answered("\n", a=[CREATING], b=[CREATING])
    assert (code, done) == (1, [])
    assert "a  nothing was changed\n  b  nothing was changed\n" in seen


def test_nothing_but_what_was_shown_is_done(answered):
    """The yes was to a plan; another one is refused, and what is different is named."""
    code, done, seen = answered("y\n", a=[CREATING, CREATING], b=[CREATING, GROWN])
    assert (code, done) == (7, ["a"])
    assert "ConfigMap/ns/x: create as planned, but to another content" in seen


def test_what_only_has_to_be_recorded_is_not_asked_about(answered):
    """It waits its turn all the same, for it can take long."""
    code, done, seen = answered("y\n", a=[RECORDING, RECORDING], b=[CREATING, CREATING])
    assert (code, done) == (0, ["a", "b"])
    assert "Proceed on b? [y/N] " in seen


def test_with_a_yes_beforehand_each_plan_is_looked_at_once():
    """There is nothing to wait for between looking and doing."""
    report, done = Report(OutputOptions()), list[str]()
    question = Question(report, yes=True, dry_run=False)
    run = changing(question, {"a": [CREATING], "b": [CREATING]}, done)
    assert on_each(named("a", "b"), report, run, question=question) == 0
    assert done == ["a", "b"]


def test_a_command_for_one_target_refuses_several():
    """Rather than taking the first; the same name twice is one."""
    with pytest.raises(UsageError, match="several contexts"):
        _ = named("a", "b").context
    assert named("a", "a").context == "a"
