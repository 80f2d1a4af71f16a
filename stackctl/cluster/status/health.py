"""The status of a recorded stack: ready or not, drifted or not, GPUs there or not, and the way out.

What is wrong is told with the next command, each time: nobody should have to look it up at night.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace

from stackctl.cluster.connection import Connection
from stackctl.cluster.look import facts
from stackctl.cluster.record import indexes, lock, releases
from stackctl.cluster.record.missing_record import absent
from stackctl.cluster.status.drift import Drifts, read_drift
from stackctl.cluster.status.gpus import gpus, read_pods
from stackctl.cluster.status.left_fields import still_left
from stackctl.cluster.status.serving import look_at_webhooks
from stackctl.cluster.status.statuses import NOTHING, Statuses, read_statuses
from stackctl.errors import Forbidden
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.drift import refusing
from stackctl.model.plan.plan import HeldValue
from stackctl.model.plan.preflight import Facts, Finding, Topic
from stackctl.model.readiness.ending import GONE
from stackctl.model.readiness.finalizers import controllers_of, finalizers_of, remedy, stuck
from stackctl.model.readiness.kubectl import describe
from stackctl.model.readiness.status import Assessment, Status
from stackctl.model.release.redeploy import redeploy
from stackctl.model.release.release import Entry, Release, ReleaseStatus
from stackctl.model.run.outcome import ComponentStatus, Gpus, HeldLock, ObjectStatus, StackStatus

# A component's status is the worst of its objects'.
_WORST = (
    Status.FAILED,
    Status.NOT_FOUND,
    Status.TERMINATING,
    Status.IN_PROGRESS,
    Status.UNKNOWN,
    Status.CURRENT,
)

_BROKEN = (Status.FAILED, Status.IN_PROGRESS)


def assess_stack(connection: Connection, stack: StackId, pool: Executor) -> StackStatus:
    """Compare what is recorded of a stack with what is there.

    Raises:
        ReleaseError: the stack was never deployed here.
    """
    client = connection.client
    recorded = releases.current(client, stack)
    if recorded is None:
        raise absent(connection, stack)
    release = recorded.release
    locked = pool.submit(_lock, connection, stack)
    keeping = pool.submit(releases.kept, client, stack)
    reading = pool.submit(_read_statuses, connection, release)
    seen, offered = _gpus(connection, release, pool)
    statuses = reading.result()
    found = _found(statuses)
    drifts = read_drift(connection, release, found, pool)
    left = still_left(connection, [each for each in release.inventory if each.ref in found])
    way_back = redeploy(release, _refusing(drifts))
    components = _components(release, statuses, drifts, left, way_back)
    well = [part.name for part in components if part.status is Status.CURRENT]
    serving = look_at_webhooks(connection, release, statuses.live, well, pool)
    hold, unlocked = locked.result()
    gone = releases.newest_gone(client, stack, release.revision, keeping.result())
    return StackStatus(
        target=connection.info,
        release=release,
        components=components,
        gpus=_explained(offered(statuses), components, way_back),
        locked_by=str(hold) if hold else "",
        unseen=(*_unseen(release, seen), *drifts.unseen, *serving.unseen, *unlocked),
        run=_of_run(release, hold, gone),
        findings=serving.findings,
        remedy=way_back,
    )


def _explained(
    found: Iterable[Gpus], components: Iterable[ComponentStatus], way_back: str
) -> tuple[Gpus, ...]:
    """Look for missing GPUs at what would offer them, before the nodes."""
    objects = [item for part in components for item in part.objects]
    gone = any(item.ref.kind == "DaemonSet" and item.status is Status.NOT_FOUND for item in objects)
    return tuple(
        replace(each, hints=(way_back,))
        if gone and not (each.complete or each.closed or each.missing)
        else each
        for each in found
    )


def _refusing(drifts: Drifts) -> frozenset[str]:
    return frozenset().union(*(refusing(ref.kind, found) for ref, found in drifts.of.items()))


def stands_well(
    connection: Connection, release: Release, seen: Mapping[Ref, Manifest], pool: Executor
) -> bool:
    """Tell whether everything recorded is ready; `seen` was read just now."""
    reading = pool.submit(_read_statuses, connection, release, seen)
    _, offered = _gpus(connection, release, pool)
    statuses = reading.result()
    if any(each.status is not Status.CURRENT for each in statuses.of.values()):
        return False
    if any(each.allocatable < each.expected for each in offered(statuses)):
        return False
    return not look_at_webhooks(
        connection, release, statuses.live, release.components, pool
    ).findings


def _gpus(
    connection: Connection, release: Release, pool: Executor
) -> tuple[Facts, Callable[[Statuses], tuple[Gpus, ...]]]:
    """Look at nodes and at who uses them, if GPUs are wanted; what they offer is said then."""
    wanted = release.requires.gpu is not None
    reading = pool.submit(lambda: read_pods(connection.client) if wanted else None)
    seen = facts.read(connection, pool, {Topic.NODES} if wanted else ())
    pods = reading.result()
    return seen, lambda statuses: gpus(release, seen, pods, _tolerations(statuses.live))


def _read_statuses(
    connection: Connection, release: Release, seen: Mapping[Ref, Manifest] = NOTHING
) -> Statuses:
    refs = [entry.ref for entry in release.inventory]
    return read_statuses(
        connection.client,
        connection.discovery,
        refs,
        stack=release.stack,
        may_match_no_node=frozenset(refs) if release.requires.gpu is None else (),
        rules=release.rules,
        seen=seen,
    )


def _found(statuses: Statuses) -> Mapping[Ref, Manifest]:
    """Choose what is there.

    Where we may not even see the status of an object, we cannot see who changed it either.
    """
    absent = (Status.UNKNOWN, Status.NOT_FOUND)
    return {
        ref: live for ref, live in statuses.live.items() if statuses.of[ref].status not in absent
    }


def _lock(connection: Connection, stack: StackId) -> tuple[HeldLock | None, tuple[str, ...]]:
    """Find who holds the lock now; without the right to see it, say so."""
    try:
        hold = lock.find(connection.client, stack)
    except Forbidden as refusal:
        return None, (f"whether a run is on: {refusal}",)
    return (hold if hold is not None and not hold.expired else None), ()


def _of_run(release: Release, hold: HeldLock | None, gone: int) -> Finding | None:
    """Say what is wrong with the last run, that its record is gone, or that one is on."""
    name, stack = f"revision {release.revision}", release.stack
    if hold is not None:
        what = f"{hold}; should it have died: stackctl unlock --stack {stack}"
        return Finding("a run is on", what, f"stackctl status --watch --stack {stack}")
    if gone:
        where = indexes.ref_of_index(stack, gone)
        what = f"{where} is gone; what it had made beside what revision {release.revision} names"
        return Finding(f"revision {gone}", f"{what} is not looked at", indexes.repair_hint(stack))
    if release.status is ReleaseStatus.UNINSTALLING:
        what = "its teardown began and has not ended; no run is on"
        return Finding(name, what, f"stackctl teardown --stack {stack}")
    if release.status.pending:
        what = f"{release.status}, and no run is on: the one that began it has died"
        return Finding(name, what, redeploy(release))
    if release.status is ReleaseStatus.FAILED:
        return Finding(name, f"{release.word}: {release.message}", redeploy(release))
    return None


def _tolerations(live: Mapping[Ref, Manifest]) -> Iterable[Mapping[str, str]]:
    for ref, obj in live.items():
        if ref.kind == "DaemonSet":
            yield from obj["spec"]["template"]["spec"].get("tolerations") or ()


def _unseen(release: Release, seen: Facts) -> tuple[str, ...]:
    """Return what is expected and could not be looked at."""
    why = seen.hidden.get(Topic.NODES)
    return (f"GPUs are not counted: {why}",) if release.requires.gpu and why else ()


def _components(
    release: Release,
    statuses: Statuses,
    drifts: Drifts,
    left: Mapping[Ref, tuple[HeldValue, ...]],
    way_back: str,
) -> tuple[ComponentStatus, ...]:
    controllers = controllers_of({entry.ref: entry.component for entry in release.inventory})

    def standing(entry: Entry) -> ObjectStatus:
        found = statuses.of.get(entry.ref, Assessment(Status.NOT_FOUND, "not there"))
        if found.status is Status.NOT_FOUND and entry.ended:
            found = Assessment(Status.CURRENT, GONE)
        live = statuses.live.get(entry.ref)
        if found.status is Status.TERMINATING and live is not None:
            found = Assessment(found.status, stuck(live, controllers), _way_out(live))
        drift = drifts.of.get(entry.ref, ())
        hint = found.hint or _hint(entry.ref, found.status, way_back)
        if drift and found.status in _BROKEN:  # by whoever changed it, for all that is known
            hint = way_back
        kept = left.get(entry.ref, ())
        return ObjectStatus(entry.ref, found.status, found.message, drift, kept, hint)

    return tuple(
        _component(
            name,
            version,
            [standing(entry) for entry in release.inventory if entry.component == name],
        )
        for name, version in release.components.items()
    )


def _way_out(live: Manifest) -> str:
    """Say what ends a deletion that does not end; what nothing holds will be gone by itself."""
    return remedy(live) if finalizers_of(live) else describe(ref_of(live))


def _hint(ref: Ref, status: Status, way_back: str) -> str:
    match status:
        case Status.CURRENT:
            return ""
        case Status.NOT_FOUND:
            return way_back
        case Status.UNKNOWN:
            return "kubectl auth whoami"
    return describe(ref)


def _component(name: str, version: str, objects: list[ObjectStatus]) -> ComponentStatus:
    worst = min((each.status for each in objects), key=_WORST.index, default=Status.CURRENT)
    cause = next((each for each in objects if each.status is worst), None)
    told = cause if worst is not Status.CURRENT else None
    return ComponentStatus(
        name=name,
        version=version,
        namespace=_home(objects),
        status=worst,
        ready=sum(each.status is Status.CURRENT for each in objects),
        total=len(objects),
        message=f"{told.ref}: {told.message}" if told else "",
        objects=tuple(objects),
        hint=told.hint if told else "",
    )


def _home(objects: Iterable[ObjectStatus]) -> str:
    """Name the namespace that most objects are in: a component may reach into others."""
    spaces = Counter(each.ref.namespace for each in objects if each.ref.namespace)
    return spaces.most_common(1)[0][0] if spaces else ""
