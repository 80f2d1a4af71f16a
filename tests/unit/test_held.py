"""How fields look that stay as somebody else wants them."""

from dataclasses import replace

from stackctl.cli.report.diff import diff_lines
from stackctl.cli.report.outcome import deploy_lines
from stackctl.cli.report.plan import plan_document, plan_lines
from stackctl.cli.report.rendering import Page
from stackctl.cli.report.status import status_document, status_lines
from stackctl.cli.terminal.terminal import Paint
from stackctl.model.compose.diff import Difference
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Drift, HeldValue, Plan
from stackctl.model.readiness.status import Status
from stackctl.model.run.outcome import ComponentStatus, DeployOutcome, ObjectStatus
from stackctl.secrets import SECRETS
from tests.unit import cli_samples

PAGE = Page(Paint(on=False), 80)
WEB = Ref("apps", "Deployment", "ml", "web")
IMAGE = '.spec.template.spec.containers[name="main"].image'
LEFT = HeldValue("stranger", ".data.key", Verdict.YIELD, wanted="ours", live="theirs")
REFUSED = HeldValue("argocd-controller", IMAGE, Verdict.REFUSE, wanted="fine:1", live="other:2")


def plan(*changes: Change) -> Plan:
    return Plan(StackId("ml"), "gpu8", changes)


def test_what_is_left_is_told_by_plan_diff_and_deploy_though_nothing_would_change():
    """With whose it is, what it has, and what it was to have."""
    settled = plan(Change(WEB, "a", Action.UNCHANGED, held=(LEFT,)))
    outcome = DeployOutcome(cli_samples.TARGET, settled, None)
    for lines in (
        plan_lines(settled, PAGE),
        diff_lines(settled, PAGE),
        deploy_lines(outcome, PAGE),
    ):
        at = lines.index("Left as others want it")
        assert lines[at + 1 : at + 3] == [
            "  Deployment/ml/web",
            "    .data.key: theirs by stranger, wanted ours",
        ]


def test_a_difference_that_somebody_stands_in_the_way_of_is_shown_once():
    """The values are the difference's, and who holds it is not said a second time as drift."""
    change = Change(
        WEB,
        "a",
        Action.UPDATE,
        differences=(Difference("spec.image", "other:2", "fine:1"),),
        drift=(Drift("argocd-controller", "2026-01-01T00:00:00Z", ()),),
        held=(REFUSED,),
    )
    lines = diff_lines(plan(change), PAGE)
    text = " ".join("\n".join(lines).split())
    assert "held by argocd-controller (Argo CD), and refused; --take-over argocd-controller" in text
    assert IMAGE not in text
    assert text.count("held by") == 1
    assert "changed by" not in text
    assert "spec.image: other:2 → fine:1" in text
    assert max(map(len, lines)) <= 80


def test_of_several_differences_those_that_are_held_are_named():
    """The others are not refused."""
    found = (Difference("spec.image", "b", "a"), Difference("spec.other", 1, 2))
    change = Change(WEB, "a", Action.UPDATE, differences=found, held=(REFUSED,))
    text = " ".join("\n".join(diff_lines(plan(change), PAGE)).split())
    assert f"{IMAGE}: held by argocd-controller (Argo CD), and refused;" in text


def test_programs_read_of_held_fields_as_well():
    """Whose, what becomes of it, and both values."""
    change = Change(WEB, "a", Action.UNCHANGED, held=(LEFT,))
    (described,) = plan_document(plan(change))["changes"]
    assert described["held"] == [
        {
            "manager": "stranger",
            "field": ".data.key",
            "verdict": "yield",
            "wanted": "ours",
            "live": "theirs",
        }
    ]


def test_the_status_tells_what_the_last_run_left():
    """As long as it is not what was wanted."""
    item = ObjectStatus(WEB, Status.CURRENT, left=(LEFT,))
    part = ComponentStatus("a", "1", "ml", Status.CURRENT, 1, 1, objects=(item,))
    status = replace(cli_samples.CURRENT, components=(part,))
    lines = status_lines(status, cli_samples.NOW, PAGE)
    assert "    .data.key: theirs by stranger, wanted ours" in lines
    (described,) = status_document(status)["components"]
    assert described["objects"][0]["held"][0]["manager"] == "stranger"


def test_a_secret_is_hidden_before_a_value_is_cut():
    """Of what is cut first, a half would be shown."""
    SECRETS.learn(["s3cr3t-" * 20])
    held = replace(LEFT, live=f"token={'s3cr3t-' * 20}")
    lines = plan_lines(plan(Change(WEB, "a", Action.UNCHANGED, held=(held,))), PAGE)
    assert "s3cr3t" not in "\n".join(lines)
