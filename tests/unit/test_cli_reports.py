"""How plans, diffs, the state of a stack and the ends of runs look, at 80 columns, uncoloured."""

from dataclasses import replace

import pytest

from stackctl.cli.options.output import OutputOptions
from stackctl.cli.report.diff import diff_lines
from stackctl.cli.report.history import ago, history_lines
from stackctl.cli.report.outcome import deploy_lines, smoke_lines, teardown_lines
from stackctl.cli.report.plan import plan_document, plan_lines
from stackctl.cli.report.policies import policies_lines
from stackctl.cli.report.rendering import Page
from stackctl.cli.report.report import Report
from stackctl.cli.report.status import gpu_lines, stacks_lines, status_lines, way_out
from stackctl.cli.terminal.terminal import Paint, visible
from stackctl.cluster.look.policies import Objection, PolicyReport
from stackctl.model.catalogue.catalogue import CatalogueSource
from stackctl.model.compose.diff import Difference
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, DataLoss, Plan
from stackctl.model.plan.removal import DATA
from stackctl.model.readiness.policies import PolicyMode
from stackctl.model.readiness.status import Status
from stackctl.model.release.history import revisions
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run.outcome import HALF_SEEN, ComponentStatus, Gpus
from tests.unit.cli_samples import (
    CURRENT,
    DEPLOYED,
    NOW,
    RELEASE,
    SMOKED,
    TORN_DOWN,
    mixed_plan,
    plan,
    troubled_status,
    two_stacks,
)

WIDTH = 80
PIPE = Page(Paint(on=False))
PLAIN = replace(PIPE, width=WIDTH)
COLOURED = replace(PLAIN, paint=Paint(on=True))

TEXTS = {
    "plan-first.txt": lambda page: plan_lines(plan(Action.CREATE), page),
    "plan-mixed.txt": lambda page: plan_lines(mixed_plan(), page),
    "plan-verbose.txt": lambda page: plan_lines(mixed_plan(), replace(page, verbose=True)),
    "plan-empty.txt": lambda page: plan_lines(plan(Action.UNCHANGED), page),
    "diff.txt": lambda page: diff_lines(mixed_plan(), page),
    "status.txt": lambda page: status_lines(CURRENT, NOW, page),
    "status-troubled.txt": lambda page: status_lines(troubled_status(), NOW, page),
    "stacks.txt": lambda page: stacks_lines(two_stacks(), NOW, page),
    "deployed.txt": lambda page: deploy_lines(DEPLOYED, page),
    "smoke.txt": lambda page: smoke_lines(SMOKED, page),
    "torn-down.txt": lambda page: teardown_lines(TORN_DOWN, page),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(golden, name):
    """The text is the recorded one."""
    golden(name, TEXTS[name](PLAIN))


LONG = Change(
    Ref("", "ConfigMap", "prometheus", "prometheus"),
    "prometheus",
    Action.UPDATE,
    differences=(
        Difference("data.a", f"x\n{'a' * 99}1{'z' * 99}\ny", f"x\n{'a' * 99}2{'z' * 99}\ny"),
        Difference("data.b", "c" * 99, {"d": "e" * 99}),
        Difference(".".join(["spec", *["step" * 4] * 9]), 1, 2),
    ),
)


def test_a_diff_fits_a_terminal_and_shows_what_differs_all_the_same():
    """Values lose their middle, or what is far from the difference; names lose nothing."""
    lines = diff_lines(Plan(StackId("ml"), "gpu8", (LONG,)), PLAIN)
    assert max(map(len, lines)) <= WIDTH
    (was, now) = (line for line in lines if line.startswith(("      -…", "      +…")))
    assert ("1" in was, "2" in now) == (True, True)
    assert LONG.differences[2].path in "".join(map(str.strip, lines))
    assert "-v shows it" in lines[-3]


@pytest.mark.parametrize("page", [PIPE, replace(PLAIN, verbose=True)], ids=["piped", "verbose"])
def test_a_diff_is_whole_where_it_is_asked_for_or_kept(page):
    """As it is for the next program, or for whoever wants to know."""
    text = "\n".join(diff_lines(Plan(StackId("ml"), "gpu8", (LONG,)), page))
    assert f"+{'a' * 99}2{'z' * 99}" in text
    assert "…" not in text


@pytest.mark.parametrize("name", sorted(TEXTS.keys() - {"diff.txt"}))
def test_text_fits(name):
    """No line is wider than the terminal."""
    assert [line for line in TEXTS[name](PLAIN) if len(line) > WIDTH] == []


@pytest.mark.parametrize("name", TEXTS)
def test_colour_changes_nothing_but_colour(name):
    """With the colours taken out, the text is the same: columns stay aligned."""
    for plainly, coloured in zip(TEXTS[name](PLAIN), TEXTS[name](COLOURED), strict=True):
        assert visible(coloured) == len(plainly)


def test_a_wide_terminal_has_the_message_in_the_table():
    """With room for a column, a component and its message are one line."""
    lines = status_lines(troubled_status(), NOW, replace(PLAIN, width=260))
    (line,) = [line for line in lines if line.startswith("kserve ")]
    assert "Failed" in line
    assert "ImagePullBackOff" in line


def test_a_command_that_no_column_has_room_for_stands_below_the_line():
    """What is to be copied is not pushed over the edge by a short message beside the table."""
    command = "stackctl deploy --stack mine --profile mine --catalog catalog"
    part = ComponentStatus(
        "web", "1", "web", Status.NOT_FOUND, 0, 1, message="does not exist", hint=command
    )
    lines = status_lines(replace(CURRENT, components=(part,)), NOW, PLAIN)
    assert f"    → {command}" in lines


def test_a_note_is_broken_where_the_terminal_ends(terminal):
    """And comes whole where a program reads it."""
    seen = terminal("")
    Report(OutputOptions()).note("what it is about " * 9)
    assert max(map(len, seen.getvalue().splitlines())) <= WIDTH
    assert seen.getvalue().startswith("note: what it is about")


def test_what_had_nothing_to_change_says_so_in_lines_that_fit():
    """A long name of a context does not push the end of the sentence over the edge."""
    target = replace(DEPLOYED.target, context="stackctl-sandbox-of-somebody")
    lines = deploy_lines(replace(DEPLOYED, release=None, target=target), PLAIN)
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(map(str.strip, lines)).startswith("nothing to change: stack ")
    assert max(map(len, teardown_lines(replace(TORN_DOWN, target=target), PLAIN))) <= WIDTH


def test_what_policies_have_against_objects_fits_a_terminal():
    """The object and every word against it, in lines that belong together."""
    found = Objection("no-latest", Ref("", "Pod", "team-a", "p" * 40), "is not to be run so " * 4)
    report = PolicyReport({"no-latest": PolicyMode.WARN}, (found,))
    lines = list(policies_lines(report, PLAIN))
    assert max(map(len, lines)) <= WIDTH
    assert "is not to be run so is not" in " ".join(map(str.strip, lines))


def test_a_pipe_gets_what_fits_a_terminal_and_whole_lines_where_asked():
    """What is written into a log is read there; `-o wide` is for whoever searches it."""
    lines = status_lines(troubled_status(), NOW, PIPE)
    said = [line for line in lines if not line.lstrip().startswith(("→ kubectl", "→ stackctl"))]
    assert max(map(len, said)) <= 80
    lines = status_lines(troubled_status(), NOW, replace(PIPE, wide=True))
    assert any(line.startswith("kserve ") and line.endswith("not found") for line in lines)


def test_a_command_is_never_broken_and_advice_is():
    """What is to be copied stays on one line, however long; what is to be read does not."""
    command = "kubectl -n spark-operator describe deployment.apps spark-operator-webhook"
    assert way_out(command, PLAIN.paint, 4, 40) == [f"    → {command}"]
    first, *more = way_out("check the image, its registry and the pull secrets", PLAIN.paint, 4, 40)
    assert first.startswith("    → check")
    assert more
    assert all(line.startswith("      ") and len(line) <= 40 for line in more)


def test_a_stack_that_was_deployed_and_is_not_well_is_not_called_deployed_alone():
    """The list says so, and which command tells more."""
    (stack, *_) = two_stacks()
    lines = stacks_lines([replace(stack, message="drifted: 1 object")], NOW, PLAIN)
    assert "deployed, not well" in lines[1]
    assert lines[2:] == ["    drifted: 1 object", "    → stackctl status --stack gpu8"]
    lines = stacks_lines([replace(stack, message=HALF_SEEN)], NOW, PLAIN)
    assert "deployed, not all seen" in lines[1]


def test_what_could_not_be_looked_at_is_said():
    """Residue that nobody may look for is not called none; GPUs are not called missing."""
    gap = "outside team-a: cannot list configmaps and 50 more kinds in the whole cluster"
    ended = replace(TORN_DOWN, unseen=(gap,))
    *_, last, said = teardown_lines(ended, PIPE)
    assert (last, said) == ("residue: none seen", f"not looked at: {gap}")
    status = replace(CURRENT, gpus=(), unseen=("GPUs are not counted: nodes: cannot list",))
    lines = status_lines(status, NOW, PLAIN)
    assert "not looked at: GPUs are not counted: nodes: cannot list" in lines


def test_where_nothing_can_be_tried_nothing_is_said_to_have_passed():
    """Nor that anything would be made."""
    for none in (replace(SMOKED, results=()), replace(SMOKED, results=(), dry_run=True)):
        assert smoke_lines(none, PIPE) == [
            "nothing to try: no component of stack ml has a smoke test"
        ]


def test_what_was_set_on_the_line_is_shown_and_secrets_are_not():
    """Whoever looks at night sees what differs from the profile."""
    release = replace(RELEASE, sets={"a.workers": "4", "a.password": "hunter2"})
    lines = status_lines(replace(CURRENT, release=release), NOW, PIPE)
    assert "--set a.workers=4, a.password=<masked>" in lines


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        ({"a": 8}, "on 1 node"),
        ({"a": 8, "b": 8}, "on 2 nodes, 8 each"),
        ({"a": 8, "b": 7}, "on 2 nodes; b has 7"),
        ({"a": 8, "b": 0}, "on 1 of 2 nodes; b has 0"),
        ({}, "on 0 nodes"),
    ],
)
def test_gpus_are_counted_over_nodes(nodes, text):
    """Where nodes differ, those with fewer are named."""
    gpus = Gpus("nvidia.com/gpu", sum(nodes.values()), 16, nodes)
    (line,) = gpu_lines([gpus], PLAIN.paint)
    assert line == f"GPUs  {gpus.allocatable}/16 nvidia.com/gpu {text}"


def test_what_a_run_has_not_come_to_yet_is_not_missing():
    """While it installs, nothing is red that is only not there yet; afterwards it is."""
    release = replace(RELEASE, status=ReleaseStatus.PENDING_INSTALL)
    missing = replace(CURRENT.components[0], status=Status.NOT_FOUND, ready=0)
    status = replace(CURRENT, release=release, components=(missing,), locked_by="ops@bastion")
    (row,) = [line for line in status_lines(status, NOW, PLAIN) if "cert-manager" in line]
    assert row.endswith("0/48   Installing")
    (row,) = [
        line
        for line in status_lines(replace(status, locked_by=""), NOW, PLAIN)
        if "cert-manager" in line
    ]
    assert row.endswith("0/48   NotFound")


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("2026-11-22T15:29:20Z", "40s ago"),
        ("2026-11-20T15:30:00Z", "2d ago"),
        ("2026-11-22T15:30:05Z", "0s ago"),
        ("", "at "),
    ],
)
def test_moments_are_told_by_their_age(time, text):
    """A clock that is ahead does not make a negative age."""
    assert ago(time, NOW) == text


def test_an_adoption_names_the_owner_and_what_would_change_besides_its_signature():
    """Whoever installs signs what it installs; that this goes is no news."""
    fields = ('metadata.labels["helm.sh/chart"]', "spec.replicas")
    found = tuple(Difference(path, "1", "2") for path in fields)
    ref = Ref("apps", "Deployment", "ml", "web")
    change = Change(ref, "shop", Action.ADOPT, differences=found, reason="from Helm release ml/web")
    lines = plan_lines(Plan(StackId("ml"), "p", (change,)), PIPE)
    assert lines[1:3] == [
        "  @ Deployment/ml/web  from Helm release ml/web",
        "      spec.replicas: 1 → 2",
    ]


def test_data_that_goes_is_named_whole_and_once():
    """However many they are, and however long their names; the changes only count them."""
    refs = [Ref("", "PersistentVolumeClaim", "team-a", f"{'models-' * 12}{i}") for i in range(20)]
    changes = (Change(each, "shop", Action.PRUNE, reason=DATA) for each in refs)
    losses = tuple(DataLoss(each, "a claim, 20Gi") for each in refs)
    lines = plan_lines(Plan(StackId("ml"), "p", tuple(changes), losses), PLAIN)
    text = "\n".join(lines)
    assert [text.count(f"{each}\n") for each in refs] == [1] * 20
    assert "shop  -20  20 PersistentVolumeClaims" in lines
    assert "Data that goes, and does not come back:" in lines
    assert plan_document(Plan(StackId("ml"), "p", (), losses))["data"][0] == {
        "group": "",
        "kind": "PersistentVolumeClaim",
        "namespace": "team-a",
        "name": f"{'models-' * 12}0",
        "what": "a claim, 20Gi",
    }


def test_a_status_without_the_catalogue_says_what_it_compares_with():
    """What made the stack, by which stackctl, and which revision counts."""
    made = (CatalogueSource("/srv/team", "1a2b3c4d5e6f7a8b"),)
    lines = status_lines(replace(CURRENT, made_elsewhere=made), NOW, PLAIN)
    assert (
        f"made with stackctl {RELEASE.tool} from /srv/team (1a2b3c4d5e6f), which is not here, or "
        f"not as it was: compared with what revision {RELEASE.revision} applied"
    ) in " ".join(" ".join(lines).split())


def test_what_a_record_says_does_not_move_the_cursor():
    """Who writes a tenant's record does not write on the terminal of whoever looks at it."""
    odd = "x\x1b[2J\x07"
    release = replace(
        RELEASE,
        status=ReleaseStatus.FAILED,
        profile=odd,
        by=odd,
        tool=odd,
        message=odd,
        command=f"rollback {odd}",
        components={odd: odd},
        sets={odd: odd},
        begun=odd,
        finished=odd,
    )
    summary = replace(two_stacks()[0], release=release, message=odd)
    part = replace(CURRENT.components[0], name=odd, version=odd, message=odd, hint=odd)
    found = replace(CURRENT, release=release, components=(part,), remedy=odd)
    for page in (PLAIN, replace(PLAIN, wide=True), replace(PLAIN, verbose=True)):
        lines = (
            *status_lines(found, NOW, page),
            *history_lines(revisions((release,)), NOW, page),
            *stacks_lines((summary,), NOW, page),
        )
        assert not [line for line in lines if "\x1b" in line or "\x07" in line]
