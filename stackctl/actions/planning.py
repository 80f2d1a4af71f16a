"""What a cluster has to say about a bundle before anything is changed."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from stackctl import __version__
from stackctl.cluster.change.intent import RunIntent, holders_elsewhere, is_elsewhere
from stackctl.cluster.context import RunContext
from stackctl.cluster.look import credentials, facts, installations, snapshot
from stackctl.cluster.look.sparing import spare
from stackctl.cluster.look.unseen import learn, unseen
from stackctl.cluster.record import reach, recovery, releases
from stackctl.cluster.record.shards import StoredIndex
from stackctl.cluster.status.drift import applied
from stackctl.errors import AccessDenied, ConflictError, PreflightError, ReleaseError, Unreachable
from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.bundle import Bundle, BundleComponent, secrets_in
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.refs import COMPONENT_LABEL, Manifest, Ref, labels_of, ref_of
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.conflict_policy import refused
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan import installations as elsewhere
from stackctl.model.plan.installations import new_components
from stackctl.model.plan.plan import DELETED, Action, Change, Plan, make
from stackctl.model.plan.plan_file import Recipe
from stackctl.model.plan.preflight import Finding, check, foreign_namespaces, topics, unchecked
from stackctl.model.plan.upgrades import require_way_back
from stackctl.model.release.history import version_changes
from stackctl.model.release.release import (
    Entry,
    Provenance,
    Release,
    ReleaseStatus,
    provenance,
)
from stackctl.model.run.events import Notice, Step
from stackctl.model.run.outcome import TargetInfo
from stackctl.secrets import SECRETS

_NAMED = 3
LATER = "run it again in a moment; what is served: kubectl api-resources"

_GOOD = (ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED)
STRAY = "in no record; by its label and its field manager the stack has made it"


def look(
    run: RunContext,
    stack: StackId,
    bundle: Bundle,
    *,
    known: Sequence[int] = (),
    refuse: bool = True,
    trying: bool = False,
    only: frozenset[str] = frozenset(),
) -> RunIntent:
    """Check, look and plan: steps 6 to 8 of every change; `known` revisions are not asked for.

    With `trying`, the server is asked whether it would take what is to be made. With `only`, it is
    about these components; those beside them in the bundle are as they were recorded.

    Raises:
        ConflictError: objects belong to others, or, with `refuse`, fields of them.
    """
    connection, pool, notify = run.connection, run.pool, run.notify
    for note in bundle.notes:
        notify(Notice(note))
    notify(Step("looking at the cluster"))
    reach.require_bundle(connection.client, stack, bundle)
    pool.submit(connection.discovery.all)  # known by the time it is asked for
    keeping = pool.submit(releases.kept, connection.client, stack)
    recording = pool.submit(releases.current, connection.client, stack, known, keeping)
    touched = bundle.narrowed(only) if only else bundle
    lacking = _lacking(run, touched)
    recorded = recording.result()
    inventory = _concerned(recorded.release.inventory if recorded else (), bundle, only)
    require_facts((*lacking, *_installed(run, stack, touched, inventory)))
    learn(connection.client, connection.discovery, (entry.ref for entry in inventory))
    found = snapshot.take(connection, touched, stack, inventory, pool, trying=trying)
    for note in untried(found.untried):
        notify(Notice(note))
    if refuse and (refusal := refused(found.held)):
        raise refusal
    SECRETS.learn(secrets_in(touched, found.live))
    plan = spare(connection, make(touched, stack, found, inventory), provenance(inventory), pool)
    plan = replace(
        _with_former(run, _with_unseen(run, plan, inventory), recorded),
        before=recorded.release.profile if recorded else "",
        generated=_wanting(run, stack, bundle, touched),
    )
    kept = keeping.result()
    gone = _newest_gone(run, stack, recorded, kept)
    return RunIntent(
        stack,
        bundle,
        plan,
        recorded,
        __version__,
        newest_gone=gone,
        lost=_lost(bundle, recorded, kept),
        strays=() if only else _strays(run, stack, found.live, plan, lost=gone),
        only=only,
    )


def _with_former(run: RunContext, plan: Plan, recorded: releases.Recorded | None) -> Plan:
    """Read what was applied of that which was deleted since, and would not come back the same."""
    changed = [each for each in plan.changes if each.reason == DELETED and each.former is None]
    if recorded is None or not changed or not plan.stack.administrators:
        return plan
    release = recorded.release
    try:
        before = applied(run.connection, release, {each.component for each in changed})
    except (AccessDenied, ReleaseError):
        return plan  # then it is told as new
    formers = {ref: manifest for ref, (_, manifest) in before.objects.items()}
    return replace(
        plan,
        changes=tuple(
            replace(each, former=formers.get(each.ref)) if each in changed else each
            for each in plan.changes
        ),
    )


def _lacking(run: RunContext, touched: Bundle) -> Sequence[Finding]:
    """Return what a cluster lacks for a bundle; where it lacks nothing, tell what was not seen."""
    kinds = {kind_of(each) for each in touched.manifests}
    wanted, spaces = topics(touched), foreign_namespaces(touched)
    seen = facts.read(run.connection, run.pool, wanted, spaces, kinds)
    lacking = check(touched, seen)
    for gap in unchecked(touched, seen) if not lacking else ():
        run.notify(Notice(gap))
    return lacking


def _newest_gone(
    run: RunContext, stack: StackId, recorded: releases.Recorded | None, kept: StoredIndex | None
) -> bool:
    """Tell whether the newest record is gone, so that what it had made may still be there."""
    newest = recorded.release.revision if recorded else 0
    gone = releases.newest_gone(run.client, stack, newest, kept)
    if not gone:
        return recorded is None
    run.notify(Notice(f"stack {stack}: revision {gone} was recorded and is gone"))
    return True


def _wanting(
    run: RunContext, stack: StackId, bundle: Bundle, touched: Bundle
) -> dict[Ref, tuple[str, ...]]:
    """Name the Secrets of what is applied that lack something; others may hold the same values."""
    found = credentials.wanting(run.client, stack, bundle)
    applied = {ref_of(each) for part in touched.components for each in part.credentials}
    return {ref: names for ref, names in found.items() if ref in applied}


def _concerned(inventory: Sequence[Entry], bundle: Bundle, only: frozenset[str]) -> list[Entry]:
    """Leave out what a run on some components has nothing to do with."""
    holders = holders_elsewhere(bundle, only)
    return [entry for entry in inventory if not is_elsewhere(entry, only, holders)]


def _installed(
    run: RunContext, stack: StackId, touched: Bundle, inventory: Iterable[Entry]
) -> Iterator[Finding]:
    """Look once whether what the stack is about to get is there already, by other means."""
    new = new_components(touched, {entry.component for entry in inventory})
    if not new:
        return
    workloads, hidden = installations.collect(installations.begin(run.connection, run.pool))
    if hidden:
        run.notify(Notice(f"whether components are there already is not checked: {hidden}"))
    found = elsewhere.installations(new, workloads, stack)
    said = () if hidden else elsewhere.abandoned(new, found, installations.served(run.connection))
    for text in (*elsewhere.beside(found, new), *said):
        run.notify(Notice(text))
    yield from elsewhere.already_there(found, new)


def last_good(known: Iterable[Release]) -> tuple[Release | None, list[Release]]:
    """Choose the newest good revision that can be restored; the good ones after it cannot."""
    lost: list[Release] = []
    for each in reversed([each for each in known if each.status in _GOOD]):
        if each.restorable:
            return each, lost
        lost.append(each)
    return None, lost


def untried(found: Mapping[Ref, str]) -> Iterator[str]:
    """Say what the server was not asked about before it is applied, once for each reason."""
    reasons: dict[str, list[Ref]] = {}
    for ref, why in found.items():
        reasons.setdefault(why.removeprefix(f"{ref}: "), []).append(ref)
    for why, refs in reasons.items():
        names = first_few(refs, _NAMED)
        yield f"not tried before it is applied: {names}: {why or 'a --dry-run does that'}"


def look_back(
    run: RunContext,
    stack: StackId,
    target: Release,
    *,
    trying: bool = False,
    take_over: Sequence[str] = (),
) -> RunIntent:
    """Check, look and plan to go back to what a revision applied.

    Raises:
        ConflictError: data was migrated since.
    """
    bundle = replace(_as_recorded(run, target), taking=tuple(take_over))
    intent = look(run, stack, bundle, trying=trying)
    if intent.recorded is not None:
        _require_way_back(run, intent.recorded.release, target)
    taking = [word for manager in take_over for word in ("--take-over", manager)]
    return replace(
        intent,
        pending=ReleaseStatus.PENDING_ROLLBACK,
        command=shlex.join(["rollback", str(target.revision), *taking]),
        recipe=Recipe(take_over=tuple(take_over)),
        sets=target.sets,
        secret_sets=_secret_sets(run, target),
        sources=target.sources,
    )


def _as_recorded(run: RunContext, target: Release) -> Bundle:
    """Read what a revision applied; a tenant's record does not say whose objects are taken over.

    What was taken over has the stack's marks by now, and needs nobody to say so any more.
    """
    bundle = releases.bundle_of(run.client, target)
    if target.stack.administrators:
        return bundle
    parts = (
        replace(part, mode=Mode.MANAGED) if part.mode is Mode.ADOPTED else part
        for part in bundle.components
    )
    return replace(bundle, components=tuple(parts))


def _secret_sets(run: RunContext, target: Release) -> Mapping[str, str]:
    """Read what `--set` said of secrets; what it made of the objects is recorded with those."""
    try:
        return releases.secret_sets(run.client, target)
    except ReleaseError as error:
        run.notify(Notice(f"{error}; an upgrade later on asks for it"))
        return {}


def _require_way_back(run: RunContext, now: Release, target: Release) -> None:
    """Ask what is there whether it has changed its data; of the same version it has not."""
    changes = version_changes(now.components, target.components)
    if any(each.changed and each.before and each.after for each in changes):
        require_way_back(changes, releases.bundle_of(run.client, now, lambda _: None))


def _lost(
    bundle: Bundle, recorded: releases.Recorded | None, held: StoredIndex | None
) -> tuple[BundleComponent, ...]:
    """Choose the components whose recorded objects are lost, and are these."""
    if recorded is None or held is None:
        return ()
    named = set(recorded.release.shards.values())
    return tuple(
        part
        for part in bundle.components
        if part.digest in named and part.digest not in held.shards
    )


def _strays(
    run: RunContext, stack: StackId, seen: Mapping[Ref, Manifest], plan: Plan, *, lost: bool
) -> tuple[Change, ...]:
    """Plan to delete what the stack has made, as it says itself, and what nothing names."""
    known = {change.ref for change in plan.changes}
    found = recovery.strays(run.connection, stack, seen, known, run.pool, lost=lost)
    changes = tuple(
        Change(ref, labels_of(live).get(COMPONENT_LABEL, ""), Action.PRUNE, live=live, reason=STRAY)
        for ref, live in found.items()
    )
    unsure = Provenance(unsure=frozenset(found))
    spared = spare(run.connection, replace(plan, changes=changes), unsure, run.pool)
    return tuple(each for each in spared.changes if each.action is Action.PRUNE)


def _with_unseen(run: RunContext, plan: Plan, inventory: Sequence[Entry]) -> Plan:
    """Keep on record what may be there and cannot be looked at.

    Raises:
        Unreachable: it would have to be made, if it is not there.
    """
    planned = {change.ref: change.action for change in plan.changes}
    known = {entry.ref: entry.component for entry in inventory}
    asked = [ref for ref in known if planned.get(ref) in (None, Action.CREATE)]
    discovery = run.connection.discovery
    doubts = unseen(run.client, discovery, asked)
    for ref, why in doubts.items():
        # Where a server is down, the bundle may be what mends it.
        if ref in planned and ref.group not in discovery.silent:
            raise Unreachable(f"{ref}: whether it is there cannot be told: {why}", hint=LATER)
        run.notify(Notice(f"{ref} is not looked at, and stays on record: {why}"))
    kept = (
        Change(ref, known[ref], Action.UNCHANGED, reason=f"not looked at: {why}")
        for ref, why in doubts.items()
        if ref not in planned
    )
    return replace(plan, changes=(*plan.changes, *kept))


def require_cluster(wanted: str, info: TargetInfo) -> None:
    """Refuse another cluster than the one the stack file names, and one we may not know."""
    if wanted and not info.cluster_uid:
        raise ConflictError(
            f"the stack file is meant for the cluster {wanted}, and whether context "
            f"{info.context} leads to it cannot be seen: cannot get the namespace kube-system",
            hint="ask for that permission, or take spec.target.clusterUID out of the stack file",
        )
    if wanted and wanted != info.cluster_uid:
        raise ConflictError(
            f"the stack file is meant for the cluster {wanted}, "
            f"and context {info.context} leads to {info.cluster_uid}",
            hint="choose another context with --context, or correct spec.target.clusterUID",
        )


def require_facts(findings: Sequence[Finding]) -> None:
    """Refuse a cluster that lacks something; everything missing is named."""
    if findings:
        lines = [f"  {each.subject}: {each.message}" for each in findings]
        hint = next((each.hint for each in findings if each.hint), "")
        said = "\n".join(["the cluster is not ready for this stack", *lines])
        raise PreflightError(said, hint=hint)
