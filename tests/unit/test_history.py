"""What changed between revisions, from their inventories alone."""

from dataclasses import replace

from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.history import revisions, version_changes
from stackctl.model.release.release import Entry, Release, ReleaseStatus


def entry(name: str, mark: str = "1.", uid: str = "") -> Entry:
    ref = Ref("", "ConfigMap", "ns", name)
    return Entry(ref, "a", "v1", uid=uid or f"uid-{name}", mark=mark)


def release(revision: int, *entries: Entry, **fields) -> Release:
    plain = {"profile": "cpu", "components": {"a": "1.0.0"}} | fields
    return Release(
        stack=StackId("s"),
        revision=revision,
        status=ReleaseStatus.DEPLOYED,
        bundle="b",
        cluster="c",
        by="me@here",
        tool="1",
        begun="2026-01-01T00:00:00Z",
        inventory=entries,
        **plain,
    )


def test_the_first_revision_adds_everything():
    """There was nothing before it."""
    (first,) = revisions([release(1, entry("x"), entry("y"))])
    assert (first.added, first.changed, first.removed) == (2, 0, 0)
    assert first.summary == "+a 1.0.0, +2 objects"


def test_objects_are_counted_as_added_changed_and_removed():
    """By what was sent and by which object it is."""
    before = release(1, entry("same"), entry("changed"), entry("gone"), entry("replaced"))
    after = release(
        2, entry("same"), entry("changed", "2"), entry("new"), entry("replaced", uid="other")
    )
    second = revisions([before, after])[1]
    assert (second.added, second.changed, second.removed) == (1, 2, 1)
    assert second.summary == "+1 ~2 -1 objects of a"


def test_versions_and_profiles_that_change_are_told():
    """A component may come, go, or be another version."""
    before = release(1, components={"a": "1.0.0", "b": "2.0.0"})
    after = release(2, components={"a": "1.1.0", "c": "3.0.0"}, profile="gpu8")
    assert revisions([before, after])[1].summary == (
        "profile cpu → gpu8, a 1.0.0 → 1.1.0, +c 3.0.0, -b"
    )


def test_a_revision_whose_predecessor_is_not_kept_claims_nothing():
    """Ten revisions are kept; what the oldest of them changed is not known any more."""
    oldest = revisions([release(4, entry("x"))])[0]
    assert oldest.summary == "the revision before it is not kept"
    assert (oldest.added, oldest.versions) == (0, ())


def test_a_revision_that_changed_nothing_says_so():
    """A run may have waited for what was not ready, and no more."""
    one = release(1, entry("x"))
    assert revisions([one, replace(one, revision=2)])[1].summary == "nothing"
    said = replace(one, revision=2, sets={"a.b": "1"})
    assert revisions([one, said])[1].summary == "nothing but what --set says"


def proven(name: str) -> Entry:
    return replace(entry(name), owned="proof")


def test_a_run_that_did_not_say_how_it_ended_claims_nothing():
    """Killed, or laid to rest by the next one: what it was about to touch is all that is known."""
    before = replace(release(1, proven("x"), proven("y")), sets={})
    pending = replace(
        release(2, entry("x"), proven("y"), entry("new")),
        status=ReleaseStatus.PENDING_UPGRADE,
        sets={"a.b": "1"},
    )
    dead = replace(pending, status=ReleaseStatus.FAILED)
    for killed in (pending, dead):
        found = revisions([before, killed])[1]
        assert (found.added, found.changed, found.perhaps) == (1, 0, 1)
        assert found.summary == (
            "unknown: it has not said how it ended; at most +1 ~1 objects of a"
        )
    (first,) = revisions([replace(dead, revision=1)])
    assert first.summary.endswith("ended; at most +a 1.0.0, +3 objects")


def test_a_run_that_failed_says_what_it_may_have_changed_beside():
    """What it proved again it knows; what it was stopped at it does not."""
    before = release(1, proven("x"), proven("y"), entry("kept"))
    failed = replace(
        release(2, replace(proven("x"), mark="2."), entry("y"), entry("kept")),
        status=ReleaseStatus.FAILED,
        finished="2026-01-01T00:00:01Z",
    )
    assert revisions([before, failed])[1].summary == "~1 perhaps ~1 objects of a"
    nothing = replace(failed, inventory=before.inventory, sets={"a.b": "1"})
    assert revisions([before, nothing])[1].summary == "nothing but what --set says"


def test_a_run_that_somebody_stopped_is_called_interrupted():
    """Helm has no word for it; the message that is recorded has, also as it once was."""
    stopped = replace(release(1), status=ReleaseStatus.FAILED, message="interrupted; recorded")
    assert stopped.word == "interrupted"
    assert replace(stopped, message="stack s: interrupted").word == "interrupted"
    assert replace(stopped, message="a: not ready").word == "failed"
    assert replace(stopped, status=ReleaseStatus.DEPLOYED).word == "deployed"


def test_all_components_are_compared():
    """Those that stay as they are as well."""
    found = version_changes({"a": "1", "b": "1"}, {"b": "1", "c": "1"})
    assert [(each.component, each.changed) for each in found] == [
        ("b", False),
        ("c", True),
        ("a", True),
    ]


def test_what_was_set_back_is_not_nothing():
    """The same was applied again, by another run, over what somebody had changed."""
    before = replace(entry("x", mark="digest.one"), owned="fields")
    again, kept = replace(before, mark="digest.two"), replace(entry("y"), owned="fields")
    (_, found) = revisions([release(1, before, kept), release(2, again, kept)])
    assert (found.set_back, found.summary) == (1, "1 object of a set back")


def test_what_was_written_again_for_want_of_a_proof_was_not_set_back():
    """Nobody knew that it had been changed."""
    before, again = entry("x", mark="digest.one"), entry("x", mark="digest.two")
    (_, found) = revisions([release(1, before), release(2, again)])
    assert (found.set_back, found.summary) == (0, "nothing")
