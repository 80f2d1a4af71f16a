"""The plan's truth table: desired, live and inventory in, action out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    MANAGED_BY,
    STACK_LABEL,
    Manifest,
    Ref,
    ref_of,
)
from stackctl.model.ownership.ownership import owned_digest
from stackctl.model.ownership.proof import mark_of, marked
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import (
    DELETED,
    Action,
    Change,
    Plan,
    Snapshot,
    drifted,
    make,
    proven_unchanged,
    surprises,
)
from stackctl.model.release.release import Entry

ML = StackId("ml")
OURS = {MANAGED_BY: "stackctl", STACK_LABEL: "ml"}


def config(value: str = "1", **metadata: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "ml"} | metadata,
        "data": {"key": value},
    }


def live_config(
    value: str = "1", *, ours: bool = True, fields: str = "f:data", run: str = "r1"
) -> Manifest:
    entry = {"manager": ML.manager, "operation": "Apply", "fieldsV1": {fields: {}}}
    live = config(
        value,
        uid="u1",
        labels=OURS if ours else {},
        managedFields=[entry] if ours else [],
    )
    mark = marked(config(value), run)["metadata"]["annotations"] if ours else {}
    return live | {"metadata": live["metadata"] | {"annotations": mark}}


def entry_for(manifest: Manifest, live: Manifest, **changes: Any) -> Entry:
    return Entry(
        **{
            "ref": ref_of(manifest),
            "component": "a",
            "version": "v1",
            "uid": "u1",
            "mark": str(mark_of(live)),
            "owned": owned_digest(live, ML),
            **changes,
        }
    )


def planned(desired: list[Manifest], snapshot: Snapshot, inventory: tuple[Entry, ...] = ()) -> Plan:
    bundle = Bundle("p", (BundleComponent("a", "1", "ml", tuple(desired)),))
    return make(bundle, ML, snapshot, inventory)


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def test_what_the_stack_has_made_is_told_from_what_it_took_over():
    """By the record, of the very object that is there; an object made anew is somebody else's."""
    manifest, live = config(), live_config()
    seen = Snapshot({ref_of(manifest): live}, {}, frozenset())
    assert only(planned([manifest], seen, (entry_for(manifest, live, created=True),))).created
    for entry in (
        entry_for(manifest, live),
        entry_for(manifest, live, created=True, uid="another"),
    ):
        assert not only(planned([manifest], seen, (entry,))).created
    assert not only(planned([manifest], seen)).created


def test_an_object_that_is_not_there_is_created():
    """Nothing live: create."""
    assert only(planned([config()], Snapshot({}, {}, frozenset()))).action is Action.CREATE


def test_an_object_proven_unchanged_is_unchanged():
    """A proof is enough; no prediction is needed."""
    ref = ref_of(config())
    snapshot = Snapshot({ref: live_config()}, {}, frozenset({ref}))
    assert only(planned([config()], snapshot)).action is Action.UNCHANGED


def test_a_different_prediction_is_an_update_with_its_differences():
    """What the dry run would change is shown."""
    live, wanted = live_config("1"), live_config("2")
    ref = ref_of(live)
    snapshot = Snapshot({ref: live}, {ref: wanted}, frozenset())
    change = only(planned([config("2")], snapshot, (entry_for(config(), live),)))
    assert change.action is Action.UPDATE
    assert [each.path for each in change.differences] == ["data.key"]


def test_lost_field_ownership_is_taken_back():
    """Equal values in other hands are applied again, so that a later removal really removes."""
    live, wanted = live_config(fields="f:metadata"), live_config(fields="f:data")
    ref = ref_of(live)
    snapshot = Snapshot({ref: live}, {ref: wanted}, frozenset())
    change = only(planned([config()], snapshot, (entry_for(config(), live),)))
    assert (change.action, change.reason) == (Action.UPDATE, "field ownership")


def test_an_equal_prediction_is_unchanged():
    """A dry run that changes nothing means no request."""
    live = live_config()
    ref = ref_of(live)
    plan = planned([config()], Snapshot({ref: live}, {ref: live}, frozenset()))
    assert only(plan).action is Action.UNCHANGED
    assert plan.empty


def test_a_foreign_object_is_adopted_not_updated():
    """An object without our labels that the snapshot let through is taken over, and shown so."""
    live = live_config(ours=False)
    ref = ref_of(live)
    plan = planned([config()], Snapshot({ref: live}, {ref: live_config()}, frozenset()))
    assert only(plan).action is Action.ADOPT


def test_what_left_the_bundle_is_pruned():
    """An object of the inventory that nobody wants any more goes."""
    live = live_config()
    snapshot = Snapshot({ref_of(live): live}, {}, frozenset())
    assert only(planned([], snapshot, (entry_for(config(), live),))).action is Action.PRUNE


def test_what_somebody_made_again_is_not_pruned():
    """Another uid is another object: not ours to delete."""
    live = live_config()
    snapshot = Snapshot({ref_of(live): live}, {}, frozenset())
    assert planned([], snapshot, (entry_for(config(), live, uid="other"),)).changes == ()


def signed_by_helm(live: Manifest) -> Manifest:
    labels = {STACK_LABEL: "ml", MANAGED_BY: "Helm"}
    note = {"meta.helm.sh/release-name": "r", "meta.helm.sh/release-namespace": "n"}
    return live | {"metadata": live["metadata"] | {"labels": labels, "annotations": note}}


def test_what_helm_took_back_is_adopted_again_with_its_author():
    """The plan says from whom, and who changed it since."""
    live = signed_by_helm(live_config(fields="f:other"))
    live["metadata"]["managedFields"].append({"manager": "helm", "operation": "Apply"})
    ref = ref_of(live)
    known = entry_for(config(), live, owned="before")
    change = only(planned([config()], Snapshot({ref: live}, {}, frozenset()), (known,)))
    assert (change.action, change.reason) == (Action.ADOPT, "from Helm release n/r")
    assert [each.manager for each in change.drift] == ["helm"]


def test_what_helm_took_back_is_released_not_pruned():
    """It is out of the bundle and somebody else's; ours are only the labels."""
    live = signed_by_helm(live_config())
    snapshot = Snapshot({ref_of(live): live}, {}, frozenset())
    change = only(planned([], snapshot, (entry_for(config(), live),)))
    assert (change.action, change.reason) == (Action.RELEASE, "belongs to Helm release n/r")


def test_what_somebody_else_runs_from_now_on_is_released_not_pruned():
    """A component made external keeps its objects; one that left the profile does not."""
    live = live_config()
    snapshot = Snapshot({ref_of(live): live}, {}, frozenset())
    parts = [BundleComponent("a", "1", "ml", (), mode=mode) for mode in Mode]
    actions = [
        only(make(Bundle("p", (part,)), ML, snapshot, (entry_for(config(), live),))).action
        for part in parts
    ]
    assert dict(zip(Mode, actions, strict=True))[Mode.EXTERNAL] is Action.RELEASE
    entry = entry_for(config(), live, component="b")
    assert only(make(Bundle("p", tuple(parts)), ML, snapshot, (entry,))).action is Action.PRUNE


def test_what_is_gone_already_is_not_pruned():
    """An object deleted by hand needs no delete."""
    live = live_config()
    assert planned([], Snapshot({}, {}, frozenset()), (entry_for(config(), live),)).changes == ()


@pytest.mark.parametrize(
    "doubt",
    [
        {"uid": "other"},
        {"owned": "other"},
        {"owned": ""},
        {"version": "v1beta1"},
    ],
    ids=lambda doubt: next(iter(doubt)),
)
def test_any_doubt_breaks_the_proof(doubt):
    """One hash, uid or version that differs and the object is asked about."""
    live = live_config()
    assert proven_unchanged(config(), live, ML, entry_for(config(), live))
    assert not proven_unchanged(config(), live, ML, entry_for(config(), live, **doubt))


def test_what_another_run_wrote_is_not_proven():
    """Its manager's set of fields is the same; the mark says that the values are others."""
    live = live_config("2")
    entry = entry_for(config(), live_config("1"))
    assert entry.owned == owned_digest(live, ML)
    assert not proven_unchanged(config("1"), live, ML, entry)


def test_the_same_content_is_proven_whoever_of_us_wrote_it():
    """A run that was killed may have got as far as what is wanted now."""
    live = live_config(run="other")
    assert proven_unchanged(config(), live, ML, entry_for(config(), live_config()))


@pytest.mark.parametrize(
    ("entry", "wanted", "reason", "returning"),
    [
        ({}, "1", DELETED, True),
        ({}, "2", DELETED, False),
        ({"uid": ""}, "1", "", False),
        ({"ended": True}, "2", "", False),
    ],
    ids=["as it was", "as it never was", "never applied", "gone by itself"],
)
def test_what_was_deleted_and_comes_back_is_told_from_what_is_new(entry, wanted, reason, returning):
    """The record says that it was there, and what was applied."""
    recorded = replace(entry_for(config("1"), live_config("1")), **entry)
    change = only(planned([config(wanted)], Snapshot({}, {}, frozenset()), (recorded,)))
    assert change.action is Action.CREATE
    assert (change.reason, change.former is not None) == (reason, returning)


def test_what_another_run_wrote_is_drift():
    """A status tells of it, with the manager's own name and time."""
    live = live_config("2", run="other")
    (drift,) = drifted(live, entry_for(config(), live_config()), ML)
    assert drift.manager == ML.manager


def test_unchanged_without_proof_is_written_once_more():
    """Requests of an earlier run may still be on their way to the object as it was."""
    live, ref = live_config(), ref_of(config())
    asked = Snapshot({ref: live}, {ref: live}, frozenset())
    assert only(planned([config()], asked)).stamp
    proven = Snapshot({ref: live}, {}, frozenset({ref}))
    assert not only(planned([config()], proven)).stamp


def test_only_what_was_agreed_to_surprises_nobody():
    """An object that changed after the plan was made may come to other differences."""
    wanted, live = config("2"), live_config("1")
    change = only(planned([wanted], Snapshot({ref_of(live): live}, {}, frozenset())))
    noted = live_config("1")
    noted["metadata"]["annotations"]["controller"] = "was here"
    predicted = noted | {"data": {"key": "2"}}
    assert surprises(change, noted, predicted, ML) == ""
    edited = live_config("3")
    assert surprises(change, edited, edited | {"data": {"key": "2"}}, ML) == "data.key"


def test_an_object_being_deleted_is_never_proven():
    """A terminating object is not left alone."""
    live = live_config()
    live["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert not proven_unchanged(config(), live, ML, entry_for(config(), live))


def test_drift_names_its_author():
    """The manager that wrote last is who changed it, and its time is when."""
    live = live_config()
    entry = entry_for(config(), live, owned="before")
    live["metadata"]["managedFields"].append(
        {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T00:00:00Z"}
    )
    (drift,) = drifted(live, entry, ML)
    assert (drift.manager, drift.time) == ("kubectl-edit", "2026-01-02T00:00:00Z")


def test_no_drift_where_our_entry_is_as_it_was():
    """Status updates and foreign additions are not drift."""
    live = live_config()
    live["metadata"]["managedFields"].append({"manager": "x", "operation": "Update"})
    assert drifted(live, entry_for(config(), live), ML) == ()


def test_a_field_that_cannot_change_makes_a_recreation():
    """The reason names the field, the differences what it is and would be."""
    live, wanted = live_config("1"), config("2")
    ref = ref_of(live)
    fixed = {ref: ("data cannot be changed",)}
    change = only(planned([wanted], Snapshot({ref: live}, {}, frozenset(), fixed)))
    assert (change.action, change.reason) == (Action.RECREATE, "data cannot be changed")
    assert [(each.path, each.old, each.new) for each in change.differences] == [
        ("data.key", "1", "2")
    ]


def test_what_is_being_deleted_is_made_again():
    """An object that is going, or whose namespace is, is created once it is gone."""
    going = live_config()
    going["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    ref = ref_of(going)
    change = only(planned([config()], Snapshot({ref: going}, {}, frozenset())))
    assert (change.action, change.live) == (Action.CREATE, going)
    named = {"name": "ml", "uid": "n"}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": named}
    leaving = space | {"metadata": named | {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    snapshot = Snapshot({ref: live_config(), ref_of(space): leaving}, {}, frozenset())
    assert set(planned([space, config()], snapshot).counts) == {Action.CREATE}


def test_what_was_about_to_be_made_is_pruned_only_if_it_is_ours():
    """An entry without a uid may be of a run that was killed: the labels tell."""
    live, ref = live_config(), ref_of(config())
    entry = entry_for(config(), live, uid="", owned="")
    snapshot = Snapshot({ref: live}, {}, frozenset())
    assert only(planned([], snapshot, (entry,))).action is Action.PRUNE
    theirs = Snapshot({ref: live_config(ours=False)}, {}, frozenset())
    assert planned([], theirs, (entry,)).changes == ()


def test_one_object_under_two_groups_is_not_pruned():
    """The bundle names it by another API group now: it is the same object."""
    live = live_config()
    other = live | {"apiVersion": "old.example.com/v1"}
    entry = entry_for(other, live)
    snapshot = Snapshot({ref_of(live): live, ref_of(other): other}, {}, frozenset({ref_of(live)}))
    assert only(planned([config()], snapshot, (entry,))).action is Action.UNCHANGED


def test_drift_names_who_holds_what_we_lost():
    """Controllers note things on an object after a person has changed it."""
    live, predicted = live_config(), live_config()
    entry = entry_for(config(), live, owned="before")
    live["metadata"]["managedFields"] = [
        {"manager": "kubectl-set", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:data": {}}},
        {"manager": "other", "time": "2026-01-03T00:00:00Z", "fieldsV1": {"f:metadata": {}}},
        {"manager": "kube-controller-manager", "time": "2026-01-04T00:00:00Z"},
    ]
    (drift,) = drifted(live, entry, ML, predicted)
    assert drift.manager == "kubectl-set"
    (drift,) = drifted(live, entry, ML)
    assert drift.manager == "other"


def lost_beside(*entries: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Tell who is said to have changed a ConfigMap of ours that would get two fields back."""
    live, predicted = live_config(), live_config()
    own = {"manager": ML.manager, "operation": "Apply"}
    fields = {"f:data": {"f:key": {}, "f:mode": {}}, "f:metadata": {"f:labels": {"f:a.b/c": {}}}}
    predicted["metadata"]["managedFields"] = [own | {"fieldsV1": fields}]
    left = {"f:metadata": fields["f:metadata"]}
    live["metadata"]["managedFields"] = [own | {"fieldsV1": left}, *entries]
    found = drifted(live, entry_for(config(), live, owned="before"), ML, predicted)
    return [(drift.manager, drift.fields) for drift in found]


def test_nobody_is_said_to_have_taken_a_field_away():
    """The server remembers who holds a field, and of one that is gone nobody does."""
    stranger = written_by("stranger", 3)
    editor = written_by("editor", 2, fieldsV1={"f:data": {"f:key": {}}})
    assert lost_beside() == [("", ("data.key", "data.mode"))]
    assert lost_beside(stranger) == [("", ("data.key", "data.mode"))]
    assert lost_beside(stranger, editor) == [("editor", ()), ("", ("data.mode",))]


def written_by(manager: str, day: int, **more: Any) -> dict[str, Any]:
    time = f"2026-01-{day:02}T00:00:00Z"
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": {"f:x": {}}} | more


@pytest.mark.parametrize(
    ("writers", "author"),
    [
        ([written_by("late", 3), written_by("early", 2)], "late"),
        ([written_by("early", 2), written_by("late", 3)], "late"),
        ([written_by("editor", 2), written_by("kubelet", 3, subresource="status")], "editor"),
        ([written_by("editor", 2), written_by(ML.manager, 3)], "editor"),
        ([written_by("editor", 2), written_by(FIELD_MANAGER, 3)], "editor"),
        ([written_by("editor", 2), written_by("kube-controller-manager", 3)], "editor"),
        ([written_by("kube-controller-manager", 3)], "kube-controller-manager"),
        ([written_by(ML.manager, 3)], ""),
        ([], ""),
    ],
)
def test_drift_is_nobodys_who_did_not_cause_it(writers, author):
    """Neither ours, nor of who reports a status, nor of a controller where a person was at it."""
    live = live_config()
    live["metadata"]["managedFields"] = writers
    (drift,) = drifted(live, entry_for(config(), live, owned="before"), ML)
    assert drift.manager == author


def test_what_another_run_of_ours_wrote_is_not_blamed_on_others():
    """Whoever wrote to the object besides, and however late."""
    live = live_config("2", run="other")
    entry = entry_for(config(), live_config())
    live["metadata"]["managedFields"].append(written_by("late", 3))
    (drift,) = drifted(live, entry, ML)
    assert drift.manager == ML.manager


STATES = st.lists(
    st.tuples(
        st.booleans(),  # in the bundle
        st.sampled_from(["absent", "same", "other", "stranger", "leaving"]),
        st.booleans(),  # in the inventory
    ),
    max_size=5,
)


@given(STATES)
def test_a_plan_is_about_every_object_once(states):
    """Whatever is there: each object of the bundle has one change, and nothing else is touched."""
    desired: list[Manifest] = []
    inventory: list[Entry] = []
    live: dict[Ref, Manifest] = {}
    predicted: dict[Ref, Manifest] = {}
    for number, (wanted, there, recorded) in enumerate(states):
        manifest = named(config("2"), number)
        seen = named(live_config("2" if there == "same" else "1"), number)
        ref = ref_of(manifest)
        desired += [manifest] if wanted else []
        inventory += [replace(entry_for(manifest, seen), uid=f"u{number}")] if recorded else []
        if there == "stranger":
            seen["metadata"]["labels"] = {}
        if there == "leaving":
            seen["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        live |= {} if there == "absent" else {ref: seen}
        predicted |= {ref: named(live_config("2"), number)}
    plan = planned(desired, Snapshot(live, predicted, frozenset()), tuple(inventory))
    refs = [change.ref for change in plan.changes]
    wanted_refs = [ref_of(each) for each in desired]
    gone = [change.ref for change in plan.changes if change.action is Action.PRUNE]
    assert len(refs) == len(set(refs))
    assert refs[: len(wanted_refs)] == wanted_refs
    assert set(refs) - set(wanted_refs) == set(gone)
    assert set(gone) <= {entry.ref for entry in inventory} & live.keys()
    for change in plan.changes[: len(wanted_refs)]:
        found = live.get(change.ref)
        new = found is None or "deletionTimestamp" in found["metadata"]
        assert (change.action is Action.CREATE) == new
    assert plan.empty == all(
        there == "same" if wanted else not (recorded and there != "absent")
        for wanted, there, recorded in states
    )


def named(manifest: Manifest, number: int) -> Manifest:
    metadata = manifest["metadata"] | {"name": f"c{number}"}
    if "uid" in metadata:
        metadata["uid"] = f"u{number}"
    return manifest | {"metadata": metadata}


def test_what_completed_and_went_is_done_until_it_is_another_one():
    """Its mark says what it was; what went with its namespace is made again."""
    manifest, live = config(), live_config()
    done = entry_for(manifest, live, ended=True)
    nothing = Snapshot({}, {}, frozenset())
    assert only(planned([manifest], nothing, (done,))).done
    alone = replace(nothing, absent=frozenset({Ref("", "Namespace", "", "ml")}))
    for desired, snapshot, entry in (
        (config("2"), nothing, done),
        (manifest, nothing, replace(done, ended=False)),
        (manifest, alone, done),
    ):
        change = only(planned([desired], snapshot, (entry,)))
        assert (change.action, change.done) == (Action.CREATE, False)
