"""What a stack owns, found on the cluster where its record does not say it any more.

An object counts that carries the stack's label and was written by its field manager, and that no
controller made: labels are copied. What only a record knows stays unknown, and is said.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace

from stackctl.cluster.connection import Connection
from stackctl.cluster.look import removal_impact
from stackctl.cluster.record import indexes, releases, shards
from stackctl.errors import ConflictError, LaterFormat, ReleaseError
from stackctl.model.objects.refs import COMPONENT_LABEL, Manifest, Ref, labels_of
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.ownership import written_by
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.reach import may_be_in
from stackctl.model.release.release import Entry, Release, ReleaseStatus

_NAMED = 3
UNKNOWN = (
    "not known without it: which namespaces the stack made (they stay), what its operators made "
    "by themselves, and objects that have lost the stack's label"
)


def owned(
    connection: Connection, stack: StackId, pool: Executor, spaces: Iterable[str] = ()
) -> dict[Ref, Manifest]:
    """Find what the stack has made, of every kind that is served."""
    found = removal_impact.labelled_everywhere(connection, stack, pool, {stack.namespace, *spaces})
    return dict(_written(found.objects, stack))


def _written(objects: Mapping[Ref, Manifest], stack: StackId) -> Iterator[tuple[Ref, Manifest]]:
    """Leave out what is somebody else's, and what is known under another group already."""
    seen = set()
    for ref, live in objects.items():
        uid = live["metadata"]["uid"]
        metadata = live["metadata"]
        others = metadata.get("ownerReferences") or metadata.get("deletionTimestamp")
        mine = written_by(live, stack) and not others
        if mine and uid not in seen and may_be_in(ref, stack):
            seen.add(uid)
            yield ref, live


def strays(
    connection: Connection,
    stack: StackId,
    seen: Mapping[Ref, Manifest],
    known: Container[Ref],
    pool: Executor,
    *,
    lost: bool,
) -> dict[Ref, Manifest]:
    """Find what the stack has made and nothing names any more.

    Of the kinds that were looked at anyway; where there is no record, of every kind.
    """
    there = dict(_written(seen if lost else _without(seen, known), stack))
    if lost and there:
        there = owned(connection, stack, pool, {ref.namespace for ref in there} - {""}) | there
    named = {live["metadata"]["uid"] for ref, live in seen.items() if ref in known}
    return {
        ref: live
        for ref, live in there.items()
        if ref not in known and live["metadata"]["uid"] not in named
    }


def _without(seen: Mapping[Ref, Manifest], known: Container[Ref]) -> dict[Ref, Manifest]:
    return {ref: live for ref, live in seen.items() if ref not in known}


def unnamed(
    connection: Connection, stack: StackId, recorded: releases.Recorded, pool: Executor
) -> ReleaseError | None:
    """Return the error for what the stack has made, as it says itself, and the record misses."""
    entries = recorded.release.inventory
    known, uids = {each.ref for each in entries}, {each.uid for each in entries}
    spaces = {ref.namespace for ref in known} - {""}
    found = owned(connection, stack, pool, spaces).items()
    left = [r for r, live in found if r not in known and live["metadata"]["uid"] not in uids]
    if not left:
        return None
    revision = recorded.release.revision
    where = indexes.ref_of_index(stack, revision)
    why = f"does not name what the stack has made: {first_few(sorted(left), _NAMED)}"
    return ReleaseError(f"stack {stack}: {where}: {why}", hint=indexes.repair_hint(stack))


def entry_of(ref: Ref, live: Manifest, connection: Connection) -> Entry:
    """Record an object as far as it tells of itself."""
    resource = connection.discovery.find(ref.group, ref.kind)
    component = labels_of(live).get(COMPONENT_LABEL, "")
    version = resource.version if resource else ""
    return Entry(ref, component, version, uid=live["metadata"]["uid"], unsure=True)


def rebuild(
    connection: Connection, stack: StackId, pool: Executor, *, by: str, tool: str
) -> releases.Recorded | None:
    """Make a record of what the last readable revision says and of what is there.

    It is still to be written, and its message says what was wrong. None where the newest revision
    can be read and names everything, and where there is nothing to make a record of.

    Raises:
        LaterFormat: a later stackctl has written it.
        ConflictError: it names what it may not.
    """
    client = connection.client
    why = _trouble(connection, stack, pool)
    if not why:
        return None
    good = releases.history(client, stack, lambda _: None)
    last = good[-1] if good else None
    # Later revisions may have written to what the last readable one knew.
    entries = {e.ref: replace(e, mark="", owned="") for e in (last.inventory if last else ())}
    spaces = {ref.namespace for ref in entries} - {""}
    for ref, live in owned(connection, stack, pool, spaces).items():
        entries.setdefault(ref, entry_of(ref, live, connection))
    if not entries:
        return None
    newest = releases.latest(client, stack)
    base = last or Release(
        stack=stack,
        revision=0,
        status=ReleaseStatus.FAILED,
        profile="",
        bundle="",
        cluster=connection.info.cluster_uid,
        by=by,
        tool=tool,
        begun="",
    )
    release = replace(
        base,
        revision=max(newest, shards.kept(client, stack).newest) + 1,
        status=ReleaseStatus.FAILED,
        by=by,
        tool=tool,
        command="record repair",
        message=f"made anew: {why}",
        inventory=tuple(entries.values()),
    )
    return releases.Recorded(release, "", newest)


def _trouble(connection: Connection, stack: StackId, pool: Executor) -> str:
    """Return why the newest revision does not do: it is gone, cannot be read, or misses objects."""
    try:
        recorded = releases.current(connection.client, stack)
        if recorded is None:
            return f"stack {stack}: no record is there"
        kept, newest = releases.kept(connection.client, stack), recorded.release.revision
        if gone := releases.newest_gone(connection.client, stack, newest, kept):
            return str(indexes.gone(stack, gone))
        if error := unnamed(connection, stack, recorded, pool):
            return str(error)
    except LaterFormat:
        raise
    except (ReleaseError, ConflictError) as error:
        return str(error)
    return ""
