"""How history and upgrades look."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stackctl.cli.report.history import history_document, history_lines
from stackctl.cli.report.record import hold_lines, record_lines
from stackctl.cli.report.rendering import Page
from stackctl.cli.report.upgrade import review_lines
from stackctl.cli.terminal.terminal import Paint, visible
from stackctl.errors import ReleaseError
from stackctl.model.catalogue.component import UpgradeRule
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.upgrades import Review, UpgradeStep
from stackctl.model.plan.warnings import Attention, WarningTopic
from stackctl.model.release.history import VersionChange, revisions
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.model.run.outcome import HeldLock, RecordCheck, TargetInfo

PLAIN = Paint(on=False)
TARGET = TargetInfo("here", "https://127.0.0.1", "uid", "v1.36.3")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def release(revision: int, **fields: Any) -> Release:
    plain: dict[str, Any] = {
        "status": ReleaseStatus.DEPLOYED,
        "command": "deploy --profile cpu",
    } | fields
    plain = {"shards": dict.fromkeys(plain.get("components", ()), "d")} | plain
    return Release(
        stack=StackId("ml"),
        revision=revision,
        profile="cpu",
        bundle="b",
        cluster="c",
        by="ada@laptop",
        tool="0.1.0",
        begun="2026-01-01T00:00:00Z",
        finished="2026-01-01T00:01:00Z",
        **plain,
    )


FOUND = revisions(
    [
        release(1, status=ReleaseStatus.SUPERSEDED, components={"a": "1.0.0"}),
        release(2, status=ReleaseStatus.FAILED, message="a: not ready", components={"a": "1.1.0"}),
        release(3, command="rollback 1 --take-over argocd", components={"a": "1.0.0"}),
    ]
)


def test_history_has_a_line_for_each_revision():
    """Who, when, what changed; why it failed, and what was gone back to."""
    assert history_lines(FOUND, NOW, Page(PLAIN)) == [
        "REVISION  STATUS      WHEN         BY          PROFILE  CHANGED",
        "1         superseded  23h 59m ago  ada@laptop  cpu      +a 1.0.0",
        "2         failed      23h 59m ago  ada@laptop  cpu      a 1.0.0 → 1.1.0; a: not ready",
        "3         deployed    23h 59m ago  ada@laptop  cpu      back to 1: a 1.1.0 → 1.0.0",
    ]


def test_history_says_what_cannot_be_gone_back_to_and_what_is_not_known():
    """Lost objects first; a run that was stopped is no failure; one that died says nothing."""
    lost = release(1, components={"a": "1.0.0"}, shards={})
    stopped = release(2, status=ReleaseStatus.FAILED, message="stack ml: interrupted; recorded")
    found = revisions([lost, stopped])
    first, second = (line.split("cpu ", 1) for line in history_lines(found, NOW, Page(PLAIN))[1:])
    assert first[1].strip() == "not restorable, the objects of a are lost; +a 1.0.0"
    assert second[1].strip() == "-a; interrupted; recorded"
    assert second[0].split()[1] == "interrupted"
    document = history_document(StackId("ml"), found)["items"]
    assert [(each["restorable"], each["status"]) for each in document] == [
        (False, "deployed"),
        (True, "failed"),
    ]


def test_a_repair_says_what_it_did_and_what_is_left():
    """Mended, mended in part, or not at all; each with what goes on from there."""
    left = (ReleaseError("it is gone", hint="stackctl upgrade"),)
    check = RecordCheck(TARGET, StackId("ml"), left)
    assert record_lines(replace(check, left=left), PLAIN) == [
        "damaged: it is gone",
        "  hint: stackctl upgrade",
    ]
    done = replace(check, done=("remove x",))
    assert record_lines(done, PLAIN) == ["repaired: the record of stack ml", "  remove x"]
    assert record_lines(replace(done, left=left), PLAIN) == [
        "repaired in part: the record of stack ml",
        "  remove x",
        "damaged: it is gone",
        "  hint: stackctl upgrade",
    ]
    assert record_lines(replace(check, agreed=False), PLAIN) == []


def test_what_changed_is_cut_to_the_width_of_the_terminal():
    """A long reason takes one line; `-o wide` and json have all of it."""
    lines = history_lines(FOUND, NOW, Page(Paint(on=True), width=80))
    assert max(map(visible, lines)) == 80
    assert lines[2].endswith("…")


def test_wide_history_says_what_was_run_and_with_what():
    """Moments instead of spans, the command and the tool's version."""
    _, first, *_ = history_lines(FOUND, NOW, Page(PLAIN, wide=True))
    assert "2026-01-01T00:00:00Z  2026-01-01T00:01:00Z  ada@laptop  0.1.0" in first
    assert "deploy --profile cpu" in first


def test_the_document_of_a_history_tells_person_and_machine_apart():
    """For programs; what cannot be compared with its predecessor has no changes."""
    found = history_document(StackId("ml"), FOUND)
    assert (found["kind"], found["stack"]) == ("History", "ml")
    second = found["items"][1]
    assert (second["user"], second["host"]) == ("ada", "laptop")
    assert second["changes"]["components"] == [{"name": "a", "old": "1.0.0", "new": "1.1.0"}]
    oldest = history_document(StackId("ml"), revisions([release(5)]))
    assert "changes" not in oldest["items"][0]


def test_the_review_of_an_upgrade_shows_versions_steps_and_what_stands_out():
    """In this order, before the plan."""
    change = VersionChange("a", "1.0.0", "2.0.0")
    review = Review(
        revision=4,
        profiles=("cpu", "gpu8"),
        versions=(change, VersionChange("b", "", "1.0.0"), VersionChange("c", "1.0.0", "")),
        passages=(UpgradeStep(change, (UpgradeRule("<2", "manual", "renamed", ("Note it",)),)),),
        attention=(Attention(WarningTopic.API, "CronJob/ns/x", "is not served"),),
    )
    assert review_lines(review, PLAIN) == [
        "upgrade from revision 4, profile cpu → gpu8",
        "",
        "COMPONENT  FROM   TO",
        "a          1.0.0  2.0.0  needs a hand",
        "b          -      1.0.0  new",
        "c          1.0.0  -      leaves",
        "",
        "by hand  a 1.0.0 → 2.0.0: renamed",
        "  - Note it",
        "",
        "API  CronJob/ns/x: is not served",
        "",
    ]


@pytest.mark.parametrize(("expired", "said"), [(True, "is over"), (False, "warning:")])
def test_a_living_lock_is_not_broken_without_a_warning(expired, said):
    """Who holds it since when; a dead one needs no warning."""
    hold = HeldLock(StackId("ml"), "ada@laptop", "10:00", "10:05", 30.0, expired)
    lines = hold_lines(hold, PLAIN)
    assert lines[0] == "stack ml is locked by ada@laptop since 10:00"
    assert said in "\n".join(lines)
