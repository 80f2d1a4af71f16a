"""Releases survive being written and read; inventories never lose an object."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.errors import ReleaseError
from stackctl.model.catalogue.catalogue import CatalogueSource
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import (
    FORMAT,
    WITH_ACCELERATORS,
    WITH_ENDS,
    WITH_SOURCES,
    Entry,
    Found,
    LeftField,
    Provenance,
    Release,
    ReleaseStatus,
    as_recorded,
    decode,
    encode,
    pack,
    provenance,
    superset,
    uninstalling,
    unpack,
)
from stackctl.model.shapes.ready_rules import ReadyRule

names = st.text(alphabet="abcdefghijklmnopqrstuvwxyz-.:", min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)
refs = st.builds(Ref, st.just("apps") | st.just(""), names, st.just("") | names, names)
entries = st.builds(
    Entry, refs, names, st.just("v1"), uid=names, mark=names, owned=names, created=st.booleans()
)


def release(**changes: object) -> Release:
    plain: dict[str, object] = {
        "stack": StackId("ml"),
        "revision": 3,
        "status": ReleaseStatus.DEPLOYED,
        "profile": "gpu8",
        "bundle": "d",
        "cluster": "uid",
        "by": "me@here",
        "tool": "0.1.0",
        "begun": "2026-01-01T00:00:00Z",
    }
    return Release(**(plain | changes))  # type: ignore[arg-type]


@given(st.lists(entries, max_size=5))
def test_what_was_encoded_is_decoded(inventory):
    """Encoding and decoding is the identity, for every inventory."""
    written = release(
        inventory=tuple(inventory),
        components={"a": "1"},
        sets={"a.b": "1"},
        requires=Needs(">=1.30", GpuNeeds(1, 8), storageClass=True),
        sources=(CatalogueSource("shipped", "d1"), CatalogueSource("/srv/team", "d2")),
    )
    assert decode(encode(written)) == written


def test_rules_of_readiness_are_recorded_where_there_are_any():
    """An older stackctl is told that a later one wrote them; what has none it goes on reading."""
    written = release(rules={"A.b": ReadyRule(("Done",), state="status.phase")})
    assert decode(encode(written)) == written
    formats = [unpack(encode(each))["format"] for each in (written, release())]
    assert formats == [FORMAT + 1, FORMAT]


def test_fields_left_to_others_are_recorded_where_there_are_any():
    """With what they were to be; a long value by its beginning."""
    left = LeftField("stranger", ".data.key", as_recorded("x" * 9999))
    entry = Entry(Ref("", "ConfigMap", "ml", "x"), "a", "v1", left=(left,))
    written = release(inventory=(entry,), rules={"A.b": ReadyRule(("Done",))})
    assert decode(encode(written)) == written
    assert unpack(encode(written))["format"] == WITH_SOURCES
    assert len(left.wanted) < 999


def test_what_completed_and_went_is_recorded_where_there_is_any():
    """An older stackctl is told that a later one wrote it, as of rules that it cannot read."""
    entry = Entry(Ref("batch", "Job", "ml", "x"), "a", "v1", ended=True)
    for written in (
        release(inventory=(entry,)),
        release(rules={"A.b": ReadyRule(exists=True)}),
        release(rules={"A.b/x": ReadyRule(("Done",))}),
    ):
        assert unpack(encode(written))["format"] == WITH_ENDS
        assert decode(encode(written)) == written


WIDGET = {"apiVersion": "a.io/v1", "kind": "Widget", "metadata": {"name": "x", "namespace": "ml"}}


def test_what_a_status_tries_is_recorded_where_there_is_any():
    """Samples for webhooks, and how many nodes had GPUs; an older program says that it is one."""
    written = release(samples={"a": (WIDGET,)}, gpu_nodes=2)
    assert unpack(encode(written))["format"] == WITH_SOURCES
    assert decode(encode(written)) == written


@pytest.mark.parametrize("sample", [{}, WIDGET | {"metadata": {"name": "../../../nodes"}}])
def test_a_sample_that_leads_elsewhere_is_damage(sample):
    """It is sent with the rights of who reads the record."""
    plain = unpack(encode(release(samples={"a": (WIDGET,)})))
    with pytest.raises(ReleaseError, match="cannot be read"):
        decode(pack(plain | {"samples": {"a": [sample]}}))


def test_a_record_from_before_settings_were_kept_can_be_read():
    """It says nothing of them."""
    written = unpack(encode(release(components={"a": "1"})))
    del written["sets"]
    assert decode(pack(written)) == release(components={"a": "1"})


def test_equal_releases_are_equal_bytes():
    """No clock and no order of keys gets into the record."""
    assert encode(release(components={"a": "1", "b": "2"})) == encode(
        release(components={"b": "2", "a": "1"})
    )


@pytest.mark.parametrize("content", [b"", b"no gzip", pack([]), pack({"format": 99})])
def test_a_damaged_record_is_an_error_of_its_own(content):
    """Whatever is found in the record's place, the user hears that the record is unreadable."""
    with pytest.raises(ReleaseError):
        decode(content)


def test_a_superset_keeps_what_the_last_release_owned():
    """New objects are known before they are made."""
    old = Entry(Ref("", "ConfigMap", "ml", "old"), "a", "v1", uid="u", created=True)
    fresh = Ref("", "ConfigMap", "ml", "fresh")
    there = Ref("", "Namespace", "", "ml")
    kept = {there: Found("n", written=False, untouched=False)}
    joined = superset([old], [(fresh, "a", "v1"), (there, "a", "v1")], kept)
    assert joined == (
        old,
        Entry(fresh, "a", "v1", created=True),
        Entry(there, "a", "v1", created=False),
    )


def test_what_a_superset_makes_anew_has_nothing_of_the_old_one():
    """The proofs of an object that is gone, or about to go, are not those of its successor."""
    old = Entry(Ref("", "ConfigMap", "ml", "x"), "a", "v1", uid="u", owned="o", created=False)
    assert superset([old], [(old.ref, "b", "v1")], kept={}) == (
        Entry(old.ref, "b", "v1", created=True),
    )
    untouched = {old.ref: Found("u", written=True, untouched=True)}
    assert superset([old], [(old.ref, "b", "v1")], untouched) == (
        Entry(old.ref, "b", "v1", uid="u", owned="o", created=False),
    )


def test_nothing_is_proven_that_the_run_may_touch():
    """Killed in the middle, it leaves nothing behind that a later run would take for unchanged."""
    changed = Entry(Ref("", "ConfigMap", "ml", "x"), "a", "v1", uid="u", owned="o", created=True)
    pruned = replace(changed, ref=Ref("", "ConfigMap", "ml", "y"))
    found = {changed.ref: Found("u", written=True, untouched=False)}
    joined = superset([changed, pruned], [(changed.ref, "a", "v1")], found)
    assert [entry.owned for entry in joined] == ["", ""]
    assert [entry.owned for entry in uninstalling(release(inventory=(changed,))).inventory] == [""]


def test_of_what_no_record_told_it_is_not_known_who_made_it():
    """The stack wrote it once, and the record is lost; what others wrote was there before."""
    ref = Ref("", "Namespace", "", "ml")
    written = {ref: Found("n", written=True, untouched=True)}
    (entry,) = superset([], [(ref, "a", "v1")], written)
    assert (entry.created, entry.unsure) == (False, True)
    assert decode(encode(release(inventory=(entry,)))).inventory == (entry,)
    assert provenance([entry]) == Provenance(unsure=frozenset({ref}))
    theirs = {ref: Found("n", written=False, untouched=True)}
    assert superset([], [(ref, "a", "v1")], theirs) == (Entry(ref, "a", "v1"),)


def test_what_somebody_else_made_meanwhile_is_not_called_created():
    """A run that was about to make it was killed before it could."""
    meant = Entry(Ref("", "Namespace", "", "kb"), "a", "v1", created=True)
    theirs = {meant.ref: Found("n", written=False, untouched=False)}
    (entry,) = superset([meant], [(meant.ref, "a", "v1")], theirs)
    assert not entry.created
    made = {meant.ref: Found("n", written=True, untouched=False)}
    (entry,) = superset([meant], [(meant.ref, "a", "v1")], made)
    assert entry.created


@pytest.mark.parametrize("field", ["shards", "components", "sets", "message"])
def test_a_field_that_may_be_missing_may_be_null(field):
    """Somebody may have written it by hand."""
    plain = unpack(encode(release()))
    assert decode(pack(plain | {field: None})) == release()


def test_accelerators_that_came_later_are_written_only_where_there_are_some():
    """A stackctl that knows whole GPUs of NVIDIA alone reads what asks for nothing else."""
    whole = release(requires=Needs(gpu=GpuNeeds(1, 8)))
    plain = unpack(encode(whole))
    assert plain["format"] == FORMAT
    assert plain["requires"]["gpu"] == {"nodes": 1, "perNode": 8}
    for needs in (GpuNeeds(1, 8, "amd.com/gpu"), GpuNeeds(1, 8, shares=7)):
        written = replace(release(), requires=Needs(gpu=needs))
        assert unpack(encode(written))["format"] == WITH_ACCELERATORS
        assert decode(encode(written)).requires.gpu == needs
