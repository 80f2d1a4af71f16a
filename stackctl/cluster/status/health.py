"""The status of a recorded stack: ready or not, drifted or not, GPUs there or not."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace

from stackctl.cluster.connection import Connection
from stackctl.cluster.look import facts, lookup
from stackctl.cluster.record import lock, releases
from stackctl.cluster.record.missing_record import absent
from stackctl.cluster.status.left_fields import still_left
from stackctl.cluster.status.statuses import read_statuses
from stackctl.model.objects.quantities import count
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import drifted
from stackctl.model.plan.preflight import GPU, Facts, Topic
from stackctl.model.readiness.status import Assessment, Status
from stackctl.model.release.release import Entry, Release
from stackctl.model.run.outcome import ComponentStatus, Gpus, ObjectStatus, StackStatus

# A component's status is the worst of its objects'.
_WORST = (
    Status.FAILED,
    Status.NOT_FOUND,
    Status.TERMINATING,
    Status.IN_PROGRESS,
    Status.UNKNOWN,
    Status.CURRENT,
)


def assess_stack(connection: Connection, stack: StackId, pool: Executor) -> StackStatus:
    """Compare what is recorded of a stack with what is there.

    Raises:
        ReleaseError: the stack was never deployed here.
    """
    recorded = releases.current(connection.client, stack)
    if recorded is None:
        raise absent(connection, stack)
    release = recorded.release
    refs = [entry.ref for entry in release.inventory]
    seen = facts.read(connection, pool, {Topic.NODES} if release.requires.gpu else ())
    assessments = read_statuses(
        connection.client,
        connection.discovery,
        refs,
        stack=stack,
        may_match_no_node=frozenset(refs) if release.requires.gpu is None else (),
        rules=release.rules,
    )
    # Where we may not even see the status of an object, we cannot see who changed it either.
    seen_refs = [ref for ref in refs if assessments[ref].status is not Status.UNKNOWN]
    found = lookup.labelled(connection, stack, seen_refs, pool)
    left = still_left(connection, [each for each in release.inventory if each.ref in found])
    return StackStatus(
        target=connection.info,
        release=release,
        components=tuple(
            replace(
                part,
                objects=tuple(replace(each, left=left.get(each.ref, ())) for each in part.objects),
            )
            for part in _components(release, assessments, found)
        ),
        gpus=gpus(release, seen),
        locked_by=lock.held_by(connection.client, stack),
        unseen=_unseen(release, seen),
    )


def gpus(release: Release, seen: Facts) -> tuple[Gpus, ...]:
    """Count the GPUs that Pods could be given, where the profile expects any."""
    needs = release.requires.gpu
    if needs is None or Topic.NODES in seen.hidden:
        return ()
    offered = {node.name: count(node.allocatable.get(GPU, "0")) for node in seen.nodes}
    nodes = {name: gpus for name, gpus in offered.items() if gpus > 0}
    expected = max(needs.nodes, len(nodes)) * needs.perNode
    return (Gpus(GPU, sum(nodes.values()), expected, nodes),)


def _unseen(release: Release, seen: Facts) -> tuple[str, ...]:
    """Return what is expected and could not be looked at."""
    why = seen.hidden.get(Topic.NODES)
    return (f"GPUs are not counted: {why}",) if release.requires.gpu and why else ()


def _components(
    release: Release, assessments: Mapping[Ref, Assessment], found: Mapping[Ref, Manifest]
) -> tuple[ComponentStatus, ...]:
    return tuple(
        _component(
            name,
            version,
            [entry for entry in release.inventory if entry.component == name],
            assessments,
            found,
            release.stack,
        )
        for name, version in release.components.items()
    )


def _component(
    name: str,
    version: str,
    entries: list[Entry],
    assessments: Mapping[Ref, Assessment],
    found: Mapping[Ref, Manifest],
    stack: StackId,
) -> ComponentStatus:
    objects = tuple(_object(entry, assessments, found, stack) for entry in entries)
    worst = min((each.status for each in objects), key=_WORST.index, default=Status.CURRENT)
    reason = next((f"{o.ref}: {o.message}" for o in objects if o.status is worst), "")
    return ComponentStatus(
        name=name,
        version=version,
        namespace=_home(objects),
        status=worst,
        ready=sum(each.status is Status.CURRENT for each in objects),
        total=len(objects),
        message="" if worst is Status.CURRENT else reason,
        objects=objects,
    )


def _home(objects: tuple[ObjectStatus, ...]) -> str:
    """Name the namespace that most objects are in: a component may reach into others."""
    spaces = Counter(each.ref.namespace for each in objects if each.ref.namespace)
    return spaces.most_common(1)[0][0] if spaces else ""


def _object(
    entry: Entry,
    assessments: Mapping[Ref, Assessment],
    found: Mapping[Ref, Manifest],
    stack: StackId,
) -> ObjectStatus:
    assessment = assessments.get(entry.ref, Assessment(Status.NOT_FOUND, "not there"))
    live = found.get(entry.ref)
    drift = drifted(live, entry, stack) if live is not None else ()
    return ObjectStatus(entry.ref, assessment.status, assessment.message, drift)
