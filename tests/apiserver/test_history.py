"""Looking back and going back on a real API server."""

import pytest

from stackctl.actions.diff import diff_revision, diff_revisions
from stackctl.actions.history import bundle_of, history
from stackctl.cluster.record.recording import KEPT_REVISIONS
from stackctl.errors import ConflictError, ReleaseError
from stackctl.model.plan.plan import Action
from stackctl.model.release.release import ReleaseStatus
from tests.apiserver.stacks import Stack


def two_revisions(stack: Stack) -> None:
    """First x and y; then x is another, y is gone and z is there."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), stack.config("y")))
    changed = stack.config("x", key="new")
    stack.deploy(stack.part("a", stack.namespace(), changed, stack.config("z")))


def test_each_revision_says_what_it_changed(stack):
    """The first made everything; the second is counted against it."""
    two_revisions(stack)
    first, second = history(stack.id, stack.connection)
    assert first.summary == "+a 1.0.0, +3 objects"
    assert second.summary == "+1 ~1 -1 objects of a"
    assert [each.release.status for each in (first, second)] == [
        ReleaseStatus.SUPERSEDED,
        ReleaseStatus.DEPLOYED,
    ]


def test_a_stack_that_is_not_there_has_no_history(stack):
    """It is an error, and the stacks there are are named."""
    with pytest.raises(ReleaseError, match=f"stack {stack.name}: not on"):
        history(stack.id, stack.connection)


def test_rollback_brings_the_objects_of_the_revision_back_and_prunes_the_others(stack):
    """What changed changes back, what was pruned is made again, what was added goes."""
    two_revisions(stack)
    outcome = stack.rollback()
    assert stack.get("configmaps/x")["data"] == {"key": "value"}
    assert stack.get("configmaps/y") is not None
    assert stack.get("configmaps/z") is None
    assert (outcome.release.revision, outcome.release.command) == (3, "rollback 1")
    assert bundle_of(stack.id, 3, stack.connection) == bundle_of(stack.id, 1, stack.connection)


def test_rolling_back_twice_comes_back_to_where_it_was(stack):
    """The good revision before a rollback is the one it left."""
    two_revisions(stack)
    stack.rollback()
    stack.rollback(2)
    assert stack.get("configmaps/x")["data"] == {"key": "new"}
    assert stack.teardown().residue == ()


def test_a_dry_run_of_a_rollback_changes_nothing(stack):
    """The plan says what would happen, and no revision is recorded."""
    two_revisions(stack)
    outcome = stack.rollback(1, dry_run=True)
    assert outcome.plan.counts[Action.PRUNE] == 1
    assert outcome.release is None
    assert len(history(stack.id, stack.connection)) == 2


def test_going_back_to_what_is_there_changes_nothing(stack):
    """The newest revision is applied as it is: not even a revision is recorded."""
    two_revisions(stack)
    assert stack.rollback(2).release is None


def test_a_revision_that_is_not_there_is_refused_with_those_that_are(stack):
    """A typing error costs nothing."""
    two_revisions(stack)
    with pytest.raises(ReleaseError, match=r"no revision 7 \(there: 1, 2\)"):
        stack.rollback(7)


def test_a_first_revision_has_nothing_to_go_back_to(stack):
    """The user is told, and nothing is touched."""
    stack.deploy(stack.part("a", stack.namespace()))
    with pytest.raises(ReleaseError, match="no earlier revision that was good"):
        stack.rollback()


def test_a_definition_that_stores_a_newer_version_is_not_taken_back(stack):
    """Objects stored as v2 would be lost to a definition that only knows v1."""
    old = stack.definition("widgets", "Widget")
    new = stack.definition("widgets", "Widget")
    (v1,) = new["spec"]["versions"]
    new["spec"]["versions"] = [v1 | {"storage": False}, v1 | {"name": "v2"}]
    stack.deploy(stack.part("a", stack.namespace(), old))
    stack.deploy(stack.part("a", stack.namespace(), new))
    with pytest.raises(ConflictError, match="stored as v2, which it no longer has"):
        stack.rollback()


def test_a_diff_with_a_revision_shows_what_going_back_would_change(stack):
    """Against the cluster by a dry run; against the record without any."""
    two_revisions(stack)
    live = diff_revision(stack.id, 1, stack.connection, stack.tell)
    asked = stack.client.requests
    recorded = diff_revisions(stack.id, 1, stack.connection)
    assert stack.client.requests - asked < 8
    for plan in (live, recorded):
        found = {c.ref.name: c.action for c in plan.changes if c.action is not Action.UNCHANGED}
        assert found == {"x": Action.UPDATE, "y": Action.CREATE, "z": Action.PRUNE}


def test_only_the_newest_revisions_are_kept_and_the_oldest_claims_nothing(stack):
    """What the oldest kept one changed is not known any more."""
    for number in range(KEPT_REVISIONS + 2):
        stack.deploy(stack.part("a", stack.namespace(), stack.config("x", key=str(number))))
    found = history(stack.id, stack.connection)
    assert [each.release.revision for each in found] == list(range(3, KEPT_REVISIONS + 3))
    assert found[0].summary == "the revision before it is not kept"
    assert found[-1].summary == "~1 object of a"


def test_the_story_is_told_as_events_of_the_record(stack):
    """`kubectl get events -n stackctl-system` shows who did what, and how it ended."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    events = stack.client.list(
        "/apis/events.k8s.io/v1/namespaces/stackctl-system/events",
        labels=f"stackctl.dev/record={stack.name}",
    ).items
    told = sorted((each["eventTime"], each["reason"]) for each in events)
    assert [reason for _, reason in told] == ["DeployStarted", "ComponentReady", "DeployFinished"]
    about = {(each["regarding"]["kind"], each["regarding"]["name"]) for each in events}
    assert about == {("ConfigMap", f"stackctl.{stack.name}.v1")}
    assert {each["reportingInstance"] for each in events} == {"tester@here"}
