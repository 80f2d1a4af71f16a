"""What would happen: one change for each object, decided from values.

`make` needs no cluster: desired objects, a snapshot and the inventory go in, a plan comes out.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from stackctl.model.catalogue.component import Mode, Place
from stackctl.model.compose.bundle import Bundle
from stackctl.model.compose.diff import Difference, differences, discreet
from stackctl.model.objects.kinds import NAMESPACE
from stackctl.model.objects.merge import expected
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    STACK_LABEL,
    Manifest,
    Ref,
    digest,
    labels_of,
    namespace_ref,
    version_of,
)
from stackctl.model.ownership.field_sets import abandoned, claimed, named_fields, overlap, value_at
from stackctl.model.ownership.ownership import (
    HeldField,
    Verdict,
    busy,
    earlier_entry,
    lost_fields,
    maker,
    ours,
    own_entry,
    owned_digest,
    owner,
    recorded_as_ours,
)
from stackctl.model.ownership.proof import Mark, mark_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.readiness.ending import GONE
from stackctl.model.release.release import Entry

LEFT = "left as it is: it will do, and we may not change it"
EARLIER = "marks of an earlier stackctl"
LEAVING = "once the one that is being deleted is gone"
DELETED = "was deleted since it was applied"


class Action(StrEnum):
    """What would happen to one object."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    ADOPT = "adopt"
    UNCHANGED = "unchanged"
    PRUNE = "prune"
    RELEASE = "release"  # stays, and is no longer ours

    @property
    def sign(self) -> str:
        """The sign plans are printed with."""
        return {
            "create": "+",
            "update": "~",
            "recreate": "!",
            "adopt": "@",
            "prune": "-",
            "release": "<",
        }.get(self.value, "=")

    @property
    def done(self) -> str:
        """What is said once it has happened."""
        return {
            "create": "created",
            "update": "configured",
            "recreate": "recreated",
            "adopt": "adopted",
            "prune": "deleted",
            "release": "released",
        }.get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Drift:
    """Fields somebody else took from us."""

    manager: str
    time: str
    fields: tuple[str, ...]
    differences: tuple[Difference, ...] = ()  # `old` is what was applied; secrets masked


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A field that stays as somebody else wants it, and what it was to be; secrets masked."""

    manager: str
    field: str  # as the API server names it: .spec.replicas
    verdict: Verdict  # yield, or refuse: then nothing is deployed as long as it is so
    wanted: Any
    live: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one object, and why."""

    ref: Ref
    component: str
    action: Action
    desired: Manifest | None = None
    live: Manifest | None = None
    differences: tuple[Difference, ...] = ()  # secrets masked
    reason: str = ""
    drift: tuple[Drift, ...] = ()
    left: bool = False  # without our label: as it was seen is how it stands
    stamp: bool = False  # unchanged, but not proven to be: to be written once more, as it is
    secrets: tuple[Place, ...] = ()  # where it holds what nobody should see
    created: bool = False  # it is there because the stack has made it, as the record says
    result: Manifest | None = None  # what it would be, by the server's word
    held: tuple[HeldValue, ...] = ()  # of others, unless it is known to be theirs to write
    former: Manifest | None = None  # as it was applied before it was deleted, by the record

    @property
    def done(self) -> bool:
        """It has completed and is gone by itself: there is nothing to do for it."""
        return self.action is Action.UNCHANGED and self.live is None and self.desired is not None


@dataclass(frozen=True, slots=True)
class DataLoss:
    """Something of users that a run takes along, and what it is."""

    ref: Ref
    what: str


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A parameter whose value in the cluster would be another one; empty: it is not set."""

    component: str
    parameter: str
    old: str
    new: str
    wire: str = ""  # the attribute that it comes from, and whose that is: hdfs.url of hdfs


@dataclass(frozen=True, slots=True)
class Plan:
    """Every change of a run, in bundle order, prunes last."""

    stack: StackId
    profile: str
    changes: tuple[Change, ...]
    losses: tuple[DataLoss, ...] = ()  # users' data that goes
    before: str = ""  # the profile of the last revision; empty where there is none
    settings: tuple[SettingChange, ...] = ()  # that are behind the changes
    # Secrets that are no objects of the bundle, and lack values; the values are named.
    generated: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[Action]:
        """How many changes of each action."""
        return Counter(change.action for change in self.changes)

    @property
    def empty(self) -> bool:
        """Nothing would change."""
        unchanged = all(change.action is Action.UNCHANGED for change in self.changes)
        return unchanged and not self.generated


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the cluster holds at planning time.

    `live` carries metadata only for objects that are proven unchanged, everything for the others.
    """

    live: Mapping[Ref, Manifest]
    predicted: Mapping[Ref, Manifest]  # result of a server-side dry run
    proven: frozenset[Ref]  # unchanged without having been asked about
    # Fields that the server would not change, in its words, by object: only a new one can differ.
    fixed: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)
    left: frozenset[Ref] = frozenset()  # may not be changed by us, and will do as they are
    # What others hold of an object, and what becomes of it.
    held: Mapping[Ref, tuple[HeldField, ...]] = field(default_factory=dict)
    # Not tried, and why; no reason: nobody wanted to know.
    untried: Mapping[Ref, str] = field(default_factory=dict)

    absent: frozenset[Ref] = frozenset()  # of the bundle, and not there

    @property
    def leaving(self) -> frozenset[Ref]:
        """What is being deleted, everything in namespaces that are included."""
        going = {
            ref for ref, live in self.live.items() if live["metadata"].get("deletionTimestamp")
        }
        spaces = {ref.name for ref in going if (ref.group, ref.kind) == NAMESPACE}
        return frozenset(going | {ref for ref in self.live if ref.namespace in spaces})


def make(bundle: Bundle, stack: StackId, snapshot: Snapshot, inventory: Iterable[Entry]) -> Plan:
    """Decide what would happen to every object of the bundle and of the inventory."""
    desired = bundle.objects
    known = {entry.ref: entry for entry in inventory}
    leaving = snapshot.leaving
    places = bundle.secret_places
    changes = [
        Change(ref, component, Action.CREATE, manifest, snapshot.live[ref], reason=LEAVING)
        if ref in leaving
        else _change(ref, component, manifest, snapshot, stack, known.get(ref))
        for ref, (component, manifest) in desired.items()
    ]
    changes = [
        _with_held(_discreet(each, places[each.ref], snapshot), snapshot)
        if each.ref in places
        else _with_held(each, snapshot)
        for each in changes
    ]
    changes = [
        replace(each, created=True) if _created(known.get(each.ref), each.live, stack) else each
        for each in (_returning(change, known.get(change.ref)) for change in changes)
    ]
    # One object can be known under two API groups, of which the bundle now names another.
    staying = {snapshot.live[ref]["metadata"]["uid"] for ref in desired if ref in snapshot.live}
    given_up = {part.name for part in bundle.components if part.mode is Mode.EXTERNAL}
    leaving_us = [
        change
        for ref, entry in known.items()
        if ref not in desired
        and ref in snapshot.live
        and (change := _departure(entry, snapshot.live[ref], stack, given_up))
        and snapshot.live[ref]["metadata"]["uid"] not in staying
    ]
    return Plan(stack, bundle.profile, (*changes, *leaving_us))


def _created(entry: Entry | None, live: Manifest | None, stack: StackId) -> bool:
    """Tell what the stack made from what it took over: by its record, of this very object."""
    if entry is None or live is None or not entry.created:
        return False
    return recorded_as_ours(live, stack, entry.uid)


def _returning(change: Change, entry: Entry | None) -> Change:
    """Tell what was deleted behind our back from what is new."""
    was_there = entry is not None and entry.uid and not entry.ended
    if change.action is not Action.CREATE or entry is None or not was_there:
        return change
    same = change.desired is not None and Mark.parse(entry.mark).digest == digest(change.desired)
    former = change.desired if same else None
    return replace(change, reason=change.reason or DELETED, former=former)


def _discreet(change: Change, places: tuple[Place, ...], snapshot: Snapshot) -> Change:
    """Mask what an object keeps at the places of secrets."""
    live, desired = change.live, change.desired
    if not (change.differences and places and live and desired):
        return replace(change, secrets=places)
    result = snapshot.predicted.get(change.ref, expected(live, desired))
    return replace(change, secrets=places, differences=differences(live, result, places))


def _with_held(change: Change, snapshot: Snapshot) -> Change:
    """Name the fields that stay as others want them, with both values."""
    told = [each for each in snapshot.held.get(change.ref, ()) if each.told]
    live, desired = change.live, change.desired
    if not told or live is None or desired is None:
        return change
    was, wanted = discreet(live, desired, change.secrets)
    found = (
        HeldValue(
            each.manager,
            each.field,
            each.verdict,
            wanted=value_at(wanted, each.field),
            live=value_at(was, each.field),
        )
        for each in told
    )
    return replace(change, held=tuple(found))


def _departure(
    entry: Entry, live: Manifest, stack: StackId, given_up: Container[str]
) -> Change | None:
    """Decide what becomes of an object that is in no bundle any more; None: it never was ours."""
    if other := taken_back(entry, live, stack):
        reason = f"belongs to {other}"
        return Change(entry.ref, entry.component, Action.RELEASE, live=live, reason=reason)
    if not recorded_as_ours(live, stack, entry.uid):
        return None
    action = Action.RELEASE if entry.component in given_up else Action.PRUNE
    return Change(entry.ref, entry.component, action, live=live)


def _change(
    ref: Ref,
    component: str,
    manifest: Manifest,
    snapshot: Snapshot,
    stack: StackId,
    entry: Entry | None,
) -> Change:
    live = snapshot.live.get(ref)
    if live is None:
        done = _is_done(manifest, snapshot, entry)
        action = Action.UNCHANGED if done else Action.CREATE
        return Change(ref, component, action, desired=manifest, reason=GONE if done else "")
    if ref in snapshot.proven:
        return Change(ref, component, Action.UNCHANGED, desired=manifest, live=live)
    if ref in snapshot.left:
        return Change(ref, component, Action.UNCHANGED, manifest, live, reason=LEFT, left=True)
    if ref in snapshot.fixed:
        result = expected(live, manifest)
        found = differences(live, result)
        reason = "; ".join(snapshot.fixed[ref])
        recreated = Change(ref, component, Action.RECREATE, manifest, live, found, reason=reason)
        return replace(recreated, result=result)
    predicted = snapshot.predicted.get(ref, manifest)
    found = differences(live, predicted)
    change = Change(ref, component, Action.UPDATE, manifest, live, found, result=predicted)
    other = owner(live, stack)
    if other or (not ours(live, stack) and entry is None):
        drift = drifted(live, entry, stack, predicted) if entry is not None else ()
        by = other or maker(live, stack)
        reason = f"from {by}" if by else "exists already"
        return replace(change, action=Action.ADOPT, reason=reason, drift=drift)
    return _compared(change, live, predicted, stack, entry)


def _is_done(manifest: Manifest, snapshot: Snapshot, entry: Entry | None) -> bool:
    """Tell what has completed as it is now wanted and went, and was not taken along by others."""
    if entry is None or not entry.ended:
        return False
    space = namespace_ref(entry.ref.namespace)
    taken_along = space in snapshot.absent
    return not taken_along and Mark.parse(entry.mark).digest == digest(manifest)


def _compared(
    change: Change, live: Manifest, predicted: Manifest, stack: StackId, entry: Entry | None
) -> Change:
    """Tell an update from nothing by what applying the object would make of it."""
    regained = owned_digest(live, stack) != owned_digest(predicted, stack)
    if not change.differences and not regained:
        # What leaves fields to others is not proven by its manifest, but by what is sent of it.
        known = _proof_holds(mark_of(predicted), version_of(predicted), live, stack, entry)
        return replace(change, action=Action.UNCHANGED, stamp=not known)
    mark = EARLIER if earlier_entry(live, stack) else "field ownership"
    reason = "" if change.differences else mark
    drift = drifted(live, entry, stack, predicted) if entry is not None else ()
    return replace(change, reason=reason, drift=drift)


def surprises(change: Change, live: Manifest, predicted: Manifest, stack: StackId) -> str:
    """Say what would be changed in an object now that nobody has agreed to; empty for nothing."""
    agreed = change.differences
    news = [each for each in differences(live, predicted) if each not in agreed]
    # Values of Secrets are masked: that one has changed again can be seen from who holds it.
    was = change.live if change.ref.kind == "Secret" else None
    if was is not None and owned_digest(live, stack) != owned_digest(was, stack):
        return "its values"
    return ", ".join(each.path for each in news)


def proven_unchanged(
    manifest: Manifest, live: Manifest, stack: StackId, entry: Entry | None
) -> bool:
    """Tell from metadata alone that applying an object again would change nothing.

    The mark says that the values were this manifest's, whoever of us wrote them; the server takes
    a field out of our entry in managedFields as soon as anybody else writes another value to it.
    """
    return _proof_holds(Mark(digest(manifest)), version_of(manifest), live, stack, entry)


def _proof_holds(
    sent: Mark, version: str, live: Manifest, stack: StackId, entry: Entry | None
) -> bool:
    """Tell whether an object is as it was recorded, and what was sent is what would be."""
    return (
        entry is not None
        and bool(entry.owned)
        and entry.uid == live["metadata"].get("uid")
        and entry.version == version
        and mark_of(live).digest == sent.digest != ""
        and entry.owned == owned_digest(live, stack)
        and not live["metadata"].get("deletionTimestamp")
    )


def drifted(
    live: Manifest, entry: Entry, stack: StackId, predicted: Manifest | None = None
) -> tuple[Drift, ...]:
    """Name who changed an object after we applied it, as far as managedFields tells.

    Where it is known what applying it again would come to, that is who holds what we lost, and
    nobody for what no one holds: who takes a field away is not remembered. Else it is whoever
    wrote last, controllers after all others: they write to much that is not ours.
    """
    if not entry.owned:
        return ()
    if entry.owned == owned_digest(live, stack):
        return _overwritten(live, entry, stack)
    others = [
        each
        for each in live["metadata"].get("managedFields") or ()
        if each.get("manager") not in (stack.manager, FIELD_MANAGER)
        and each.get("subresource") != "status"
    ]
    lost = lost_fields(live, predicted, stack) if predicted is not None else frozenset()
    holders = [each for each in others if overlap(claimed([each]), lost)] if lost else others
    found = [Drift(each.get("manager", ""), each.get("time", ""), ()) for each in holders]
    found.sort(key=lambda each: each.time, reverse=True)
    found.sort(key=lambda each: busy(each.manager))
    gone = named_fields(abandoned(lost, claimed(others)))
    nobody = [] if found and not gone else [Drift("", "", gone)]
    return (*found[:1], *nobody)


def _overwritten(live: Manifest, entry: Entry, stack: StackId) -> tuple[Drift, ...]:
    """Tell of another run of ours that wrote to an object and is not in the record."""
    recorded = Mark.parse(entry.mark).run
    if not recorded or mark_of(live).run == recorded:
        return ()
    own = own_entry(live, stack) or {}
    return (Drift(str(own.get("manager", "")), str(own.get("time", "")), ()),)


def taken_back(entry: Entry, live: Manifest, stack: StackId) -> str:
    """Name who has signed an object of ours since, our label still on it; empty when nobody has."""
    same = entry.uid == live["metadata"].get("uid")
    return owner(live, stack) if same and labels_of(live).get(STACK_LABEL) == stack.label else ""
