"""Writes the record of a stack: before the first change, after the last, and when it is let go.

Objects come before the index that names them, so that whatever an index says can be read. What is
read of a record is for `releases`.
"""

import threading
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Executor

from stackctl.api.client import Client
from stackctl.cluster.record import first_format, indexes, reach, releases, secret_settings, shards
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record.releases import Recorded
from stackctl.errors import (
    AlreadyExists,
    Forbidden,
    LockedError,
    NotFound,
    PreflightError,
    ReleaseError,
    StaleWrite,
)
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    MANAGED_BY,
    Manifest,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release

KEPT_REVISIONS = 10
TERMINATING_SECONDS = 60.0
POLL_SECONDS = 0.2


def ensure_namespace(client: Client, stack: StackId, stop: threading.Event) -> bool:
    """Make sure that the namespace of the record is there, and tell whether it was.

    The administrators' one is made. One that a teardown is just removing is waited for: nothing
    can be written into it.

    Raises:
        PreflightError: a tenant's is not there.
    """
    path = f"/api/v1/namespaces/{stack.namespace}"
    try:
        live = client.get(path, metadata_only=True)
    except Forbidden:
        return True  # somebody else has made it; if not, the first write will say so
    stood = live is not None and not live["metadata"].get("deletionTimestamp")
    for _ in range(int(TERMINATING_SECONDS / POLL_SECONDS)):
        if live is None or not live["metadata"].get("deletionTimestamp"):
            break
        stop.wait(POLL_SECONDS)
        live = client.get(path, metadata_only=True)
    if live is not None:
        return stood
    if not stack.administrators:
        raise PreflightError(
            f"stack {stack}: the namespace {stack.namespace}, which is to hold its record, "
            "does not exist",
            hint=f"kubectl create namespace {stack.namespace}",
        )
    metadata = {"name": stack.namespace, "labels": {MANAGED_BY: FIELD_MANAGER}}
    client.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    return False


def begin(
    client: Client,
    release: Release,
    components: Collection[BundleComponent],
    pool: Executor,
    secrets: Mapping[str, str] | None = None,
    held: shards.StoredIndex | None = None,
) -> Recorded:
    """Store a pending revision with everything it is about to touch, before it is touched.

    `secrets` is what `--set` says of secrets; the release has only their names. `held` is what is
    stored, where that was looked at under the lock already.
    """
    stack = release.stack
    reach.require_release(client, release)
    held = held or shards.kept(client, stack)
    signed = pool.submit(_ready_for_indexes, client, stack, held, 0)
    settings = pool.submit(secret_settings.keep, client, release, secrets or {})
    keep_shards(
        client, stack, [part for part in components if part.digest not in held.shards], pool
    )
    settings.result()
    signed.result()
    try:
        stored = client.create(store.indexes_of(stack), indexes.index(client, release))
    except AlreadyExists as error:
        indexes.require_labelled(client, stack, release.revision)
        raise LockedError(
            f"stack {stack}: another run recorded revision {release.revision} meanwhile"
        ) from error
    shards.sign(client, stack, release.revision)
    return Recorded(release, stored["metadata"]["resourceVersion"])


def _ready_for_indexes(
    client: Client, stack: StackId, held: shards.StoredIndex, newest: int
) -> None:
    """Keep programs that know no other format away, before an index is written in this one."""
    if not held.newest:
        shards.sign(client, stack, newest)
    first_format.move(client, stack, held.others)


def keep_shards(
    client: Client, stack: StackId, components: Iterable[BundleComponent], pool: Executor
) -> None:
    """Store the objects of components."""
    list(pool.map(lambda part: shards.keep(client, stack, part), components))


def update(client: Client, recorded: Recorded, release: Release) -> Recorded:
    """Write a revision again, provided nobody else has since we read it.

    Raises:
        LockedError: another run has taken over.
    """
    if recorded.old:
        recorded = _moved(client, recorded)
    stack = release.stack
    try:
        path = f"{store.indexes_of(stack)}/{store.name_of(stack, release.revision)}"
        stored = client.replace(path, indexes.index(client, release, recorded.version))
    except (NotFound, StaleWrite) as error:
        raise LockedError(
            f"stack {stack}: another run has taken over; nothing more was written"
        ) from error
    return Recorded(release, stored["metadata"]["resourceVersion"])


def write(client: Client, recorded: Recorded, release: Release, pool: Executor) -> Recorded:
    """Write a revision again, or for the first time where it was made anew.

    Raises:
        LockedError: another run has taken over.
    """
    if recorded.version:
        return update(client, recorded, release)
    return begin(client, release, (), pool)


def _moved(client: Client, recorded: Recorded) -> Recorded:
    """Move a record of the first format to where it is kept now.

    Raises:
        LockedError: another run has written to it.
    """
    stack = recorded.release.stack
    _ready_for_indexes(client, stack, shards.kept(client, stack), recorded.release.revision)
    moved = releases.read_as_is(client, stack, recorded.release.revision)
    if moved.release != recorded.release:
        raise LockedError(f"stack {stack}: another run has taken over; nothing more was written")
    return moved


def tidy(client: Client, stack: StackId) -> None:
    """Remove all but the newest revisions, and what none of those names."""
    found = indexes.all_of(client, stack)
    old, kept = found[:-KEPT_REVISIONS], found[-KEPT_REVISIONS:]
    store.delete_all(client, store.indexes_of(stack), _names(old))
    if len(found) <= 1:
        return
    try:
        known = [indexes.opened(client, stack, each) for each in kept]
    except ReleaseError:
        return  # what it names is not known: then nothing is let go
    secret_settings.tidy(client, stack, [each.revision for each in known])
    named = {shard for release in known for shard in release.shards.values()}
    held = shards.kept(client, stack)
    for shard, names in (*held.shards.items(), *held.broken.items()):
        if shard not in named:
            store.delete_all(client, store.secrets_of(stack), names)
    indexes.tidy_parts(client, stack, kept)


def forget(client: Client, stack: StackId) -> None:
    """Remove everything recorded of a stack."""
    # Indexes go last and newest last: as long as one is there, a killed teardown can be resumed.
    for path in (store.secrets_of(stack), store.indexes_of(stack)):
        items = client.list(path, labels=store.mine(stack), metadata_only=True).items
        store.delete_all(client, path, _names(sorted(items, key=store.revision_of)))


def drop(client: Client, stack: StackId, revisions: Iterable[int], spoilt: Collection[str]) -> None:
    """Remove indexes that cannot be read, and shards that are not what was stored."""
    names = [store.name_of(stack, revision) for revision in revisions]
    held = shards.kept(client, stack)
    store.delete_all(client, store.indexes_of(stack), names)
    store.delete_all(client, store.secrets_of(stack), names)
    for shard, parts in (*held.shards.items(), *held.broken.items()):
        if shard in spoilt:
            store.delete_all(client, store.secrets_of(stack), parts)
    shards.sign(client, stack, releases.latest(client, stack))


def _names(items: Iterable[Manifest]) -> list[str]:
    return [item["metadata"]["name"] for item in items]
