"""The revision that a run records: as it is intended, and as it has become.

Values only; when they are written is for `run`.
"""

from collections.abc import Mapping
from dataclasses import replace

from stackctl.cluster.change.intent import RunIntent
from stackctl.cluster.change.outcome import Outcome
from stackctl.errors import StackError, headline
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, Ref, version_of
from stackctl.model.ownership.ownership import owned_digest, written_by
from stackctl.model.ownership.proof import Mark, mark_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change
from stackctl.model.release.release import (
    Entry,
    Found,
    LeftField,
    Release,
    ReleaseStatus,
    as_recorded,
    superset,
)
from stackctl.model.shapes.ready_rules import rules_for
from stackctl.secrets import SECRETS


def pending(intent: RunIntent, cluster: str, by: str, begun: str) -> Release:
    """Return the revision as intended: its inventory is the old one and the new."""
    previous = intent.recorded.release if intent.recorded else None
    kept = {
        change.ref: _found(change, intent)
        for change in intent.plan.changes
        if change.live is not None and change.action not in (Action.CREATE, Action.RECREATE)
    }
    entries = {entry.ref: entry for entry in intent.inventory}
    kept |= {
        change.ref: Found(entries[change.ref].uid, written=True, untouched=True)
        for change in intent.plan.changes
        if change.done
    }
    desired = [
        (ref, component, version_of(manifest))
        for ref, (component, manifest) in intent.touched.objects.items()
    ]
    elsewhere = intent.elsewhere
    left = {entry.ref for entry in elsewhere}
    inside = [entry for entry in intent.inventory if entry.ref not in left]
    kinds = frozenset((ref.group, ref.kind) for ref in intent.bundle.objects)
    return Release(
        stack=intent.stack,
        revision=previous.revision + 1 if previous else 1,
        status=intent.pending or _pending_status(previous),
        profile=intent.bundle.profile,
        bundle=intent.bundle.digest,
        cluster=cluster,
        by=by,
        tool=intent.tool,
        begun=begun,
        command=intent.command,
        sets=intent.sets,
        components={part.name: part.version for part in intent.bundle.components},
        shards={part.name: part.digest for part in intent.bundle.components},
        requires=intent.bundle.requires,
        inventory=(*elsewhere, *superset(inside, desired, kept)),
        rules=rules_for(kinds, intent.bundle.rules),
        sources=intent.sources,
        samples=_samples(intent.bundle),
        gpu_nodes=previous.gpu_nodes if previous and intent.bundle.requires.gpu else 0,
    )


def _samples(bundle: Bundle) -> dict[str, tuple[Manifest, ...]]:
    """Choose what shows whether the webhooks of a component answer."""
    found = {
        part.name: tuple(part.samples[each.accepts] for each in part.probes if each.accepts)
        for part in bundle.components
    }
    return {name: samples for name, samples in found.items() if samples}


def _found(change: Change, intent: RunIntent) -> Found:
    """Return what is known of an object that stays before the first change."""
    live = change.live or {}
    untouched = change.action is Action.UNCHANGED and not change.stamp
    return Found(live["metadata"]["uid"], written_by(live, intent.stack), untouched)


def _pending_status(previous: Release | None) -> ReleaseStatus:
    if previous is None or previous.status is ReleaseStatus.UNINSTALLING:
        return ReleaseStatus.PENDING_INSTALL
    return ReleaseStatus.PENDING_UPGRADE


def finished(
    release: Release, intent: RunIntent, outcome: Outcome, error: StackError | None, finished: str
) -> Release:
    """Return the revision as it has become: what is there gets its proofs, what is gone leaves."""
    desired = intent.touched.objects
    elsewhere = {entry.ref for entry in intent.elsewhere}
    live = _there(intent, outcome)
    there = {change.ref for change in intent.plan.changes} - outcome.pruned
    absent = _never_made(intent, outcome)
    left = {change.ref: _left(change) for change in intent.plan.changes if change.held}
    entries = [
        entry
        if entry.ref in elsewhere
        else replace(
            _proven(entry, desired[entry.ref][1], live, intent.stack),
            left=left.get(entry.ref, ()),
            ended=_ended(entry, outcome),
        )
        if entry.ref in desired
        else entry
        for entry in release.inventory
        # What the plan did not even see has been deleted, or made again, by somebody else.
        if entry.ref in elsewhere
        or ((entry.ref in desired or entry.ref in there) and entry.ref not in absent)
    ]
    return replace(
        release,
        status=ReleaseStatus.DEPLOYED if error is None else ReleaseStatus.FAILED,
        message=headline(error).removeprefix(f"stack {intent.stack}: ") if error else "",
        finished=finished,
        gpu_nodes=release.gpu_nodes if outcome.gpu_nodes is None else outcome.gpu_nodes,
        inventory=tuple(entries),
    )


def _ended(entry: Entry, outcome: Outcome) -> bool:
    """Tell whether an object has completed as it is now: what was changed may run again."""
    return entry.ref in outcome.ended or (entry.ended and entry.ref not in outcome.changed)


def _left(change: Change) -> tuple[LeftField, ...]:
    return tuple(
        LeftField(each.manager, each.field, as_recorded(SECRETS.masked(each.wanted)))
        for each in change.held
    )


def _never_made(intent: RunIntent, outcome: Outcome) -> set[Ref]:
    """Name what was planned as new and is not ours: somebody else's, or never sent at all."""
    new = {
        change.ref
        for change in intent.plan.changes
        if change.action is Action.CREATE and change.live is None
    }
    return outcome.foreign | (new - outcome.attempted)


def _there(intent: RunIntent, outcome: Outcome) -> dict[Ref, Manifest]:
    """Return the objects as they are after the run, untouched ones included."""
    untouched = {
        change.ref: change.live
        for change in intent.plan.changes
        if change.action is Action.UNCHANGED and not change.stamp and change.live is not None
    }
    return untouched | outcome.applied


def _proven(
    entry: Entry, manifest: Manifest, live: Mapping[Ref, Manifest], stack: StackId
) -> Entry:
    """Add what lets the next run see that an object is unchanged without asking."""
    found = live.get(entry.ref)
    if found is None:
        return entry
    return replace(
        entry,
        version=version_of(manifest),
        uid=found["metadata"]["uid"],
        mark=str(_recordable(mark_of(found), entry.ref)),
        owned=owned_digest(found, stack),
    )


def _recordable(mark: Mark, ref: Ref) -> Mark:
    """Return a mark as it may be recorded: a Secret's values could be guessed by the whole."""
    return mark.without_content if ref.kind == "Secret" else mark
