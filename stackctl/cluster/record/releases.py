"""The record of a stack on its cluster: its revisions, and the bundles they applied.

An index for each revision, and beside it the objects of each component under their content's
address, so that an upgrade of one component stores one shard. What they are kept in is for
`record_store`; values and their encoding are in `model.release`.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from stackctl.api.client import Client
from stackctl.cluster.record import first_format, reach, secret_settings
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record.lock import RECORD_LABEL, lease_path
from stackctl.errors import (
    AlreadyExists,
    ConflictError,
    Forbidden,
    LaterFormat,
    LockedError,
    NotFound,
    PreflightError,
    ReleaseError,
    StaleWrite,
)
from stackctl.model.compose.bundle import Bundle, BundleComponent, needs_first, secrets_in
from stackctl.model.objects.masking import names_in
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    MANAGED_BY,
    RECORD_NAMESPACE,
    Manifest,
    labels_of,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.secrets import SECRETS

KEPT_REVISIONS = 10
TERMINATING_SECONDS = 60.0
POLL_SECONDS = 0.2

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A release as it was read, with what a later write must still find there."""

    release: Release
    version: str  # resourceVersion; empty: it was made anew, and is not written yet
    newest: int = 0  # the revision that was the newest when it was made anew
    old: bool = False  # of the first format: moved before anything is written


def current(client: Client, stack: StackId, known: Sequence[int] = ()) -> Recorded | None:
    """Read the newest revision, of those just seen; `None` when it was never deployed here.

    Raises:
        ReleaseError: it cannot be read.
        ConflictError: it names what whoever can write it must not have touched for them.
    """
    revisions = known or _revisions(client, stack)
    return read_as_is(client, stack, revisions[-1]) if revisions else None


def latest(client: Client, stack: StackId) -> int:
    """Tell the number of the newest revision, whether it can be read or not; 0: there is none."""
    return max(_revisions(client, stack), default=0)


def read(client: Client, stack: StackId, revision: int) -> Release:
    """Read one revision.

    Raises:
        ReleaseError: it does not exist, or no longer; those there are are named.
    """
    known = _revisions(client, stack)
    if revision not in known:
        there = ", ".join(map(str, known)) or "none"
        raise ReleaseError(
            f"stack {stack}: no revision {revision} (there: {there})", hint="stackctl history"
        )
    return read_as_is(client, stack, revision).release


def require_latest(client: Client, stack: StackId, recorded: Recorded | None) -> None:
    """Refuse a plan that was made before another run ended.

    Raises:
        ConflictError: there is a newer revision than the one that was planned from, or that one
            has ended since.
    """
    if recorded is not None and not recorded.version:
        require_newest(client, stack, recorded.newest)
        return
    newest = _newest(client, stack)
    version = newest["metadata"]["resourceVersion"] if newest else ""
    if version != (recorded.version if recorded else ""):
        raise _went_on(stack, store.revision_of(newest) if newest else 0)


def require_newest(client: Client, stack: StackId, revision: int) -> None:
    """Refuse to go on from a revision that is not the newest any more.

    Raises:
        ConflictError: there is a newer one.
    """
    found = latest(client, stack)
    if found != revision:
        raise _went_on(stack, found)


def _went_on(stack: StackId, found: int) -> ConflictError:
    what = f"revision {found} was recorded" if found else "the record has gone"
    return ConflictError(
        f"stack {stack}: {what} after the plan was made",
        hint="run the command again to plan anew",
    )


def history(client: Client, stack: StackId, tell: Tell | None = None) -> tuple[Release, ...]:
    """Read every revision kept, oldest first; what a later one replaced is `superseded`.

    Raises:
        ReleaseError: one cannot be read, and there is nobody to tell that it is left out.
    """
    found = _readable(client, stack, tell)
    deployed = [each.revision for each in found if each.status is ReleaseStatus.DEPLOYED]
    newest = deployed[-1] if deployed else 0
    return tuple(
        replace(each, status=ReleaseStatus.SUPERSEDED)
        if each.status is ReleaseStatus.DEPLOYED and each.revision != newest
        else each
        for each in found
    )


def places(
    client: Client, namespace: str = "", name: str | None = None
) -> dict[StackId, list[int]]:
    """Find the stacks recorded on the cluster, or in a namespace, with their revisions.

    Raises:
        Forbidden: they may not be listed there.
    """
    where = f"/namespaces/{namespace}" if namespace else ""
    labels = ",".join((f"{RECORD_LABEL}={name}" if name else RECORD_LABEL, store.REVISION_LABEL))
    found: dict[StackId, list[int]] = defaultdict(list)
    for item in client.list(f"/api/v1{where}/configmaps", labels=labels, metadata_only=True).items:
        stack = StackId(labels_of(item)[RECORD_LABEL], item["metadata"]["namespace"])
        if revision := store.revision_of(item):
            found[stack].append(revision)
    known = {stack: sorted(found[stack]) for stack in sorted(found)}
    if namespace not in ("", RECORD_NAMESPACE) or (name and StackId(name) in known):
        return known
    try:
        return first_format.stacks(client, name) | known
    except Forbidden:
        if known:
            return known
        raise


def begin(
    client: Client,
    release: Release,
    components: Collection[BundleComponent],
    pool: Executor,
    secrets: Mapping[str, str] | None = None,
) -> Recorded:
    """Store a pending revision with everything it is about to touch, before it is touched.

    `secrets` is what `--set` says of secrets; the release has only their names.
    """
    stack = release.stack
    reach.require_release(client, release)
    held = store.kept(client, stack)
    if not held.newest:
        store.sign(client, stack, 0)
    first_format.move(client, stack, held.others)
    keep_shards(
        client, stack, [part for part in components if part.digest not in held.shards], pool
    )
    secret_settings.keep(client, release, secrets or {})
    try:
        stored = client.create(store.indexes_of(stack), store.index(client, release))
    except AlreadyExists as error:
        store.require_labelled(client, stack, release.revision)
        raise LockedError(
            f"stack {stack}: another run recorded revision {release.revision} meanwhile"
        ) from error
    store.sign(client, stack, release.revision)
    return Recorded(release, stored["metadata"]["resourceVersion"])


def keep_shards(
    client: Client, stack: StackId, components: Iterable[BundleComponent], pool: Executor
) -> None:
    """Store the objects of components."""
    list(pool.map(lambda part: store.store(client, stack, part), components))


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
        stored = client.replace(path, store.index(client, release, recorded.version))
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


def bundle_of(client: Client, release: Release, tell: Tell | None = None) -> Bundle:
    """Read the bundle a revision applied.

    Raises:
        ReleaseError: objects that it applied are lost, and there is nobody to tell.
        ConflictError: it has what whoever can write it must not have touched for them.
    """
    if not release.restorable:
        if tell is None:
            raise store.unrestorable(release)
        tell(str(store.unrestorable(release)))
    stored = store.stored(client, release) if release.shards else {}
    parts = []
    for component, shard in release.shards.items():
        try:
            parts.append(store.joined(release, component, stored.get(shard, ())))
        except ReleaseError as error:
            if tell is None:
                raise
            tell(str(error))
    bundle = Bundle(release.profile, needs_first(parts), release.requires)
    SECRETS.name([*release.components, *names_in(bundle.manifests)])
    SECRETS.learn(secrets_in(bundle))
    reach.require_bundle(client, release.stack, bundle)
    return bundle


def kept(client: Client, stack: StackId) -> store.StoredIndex | None:
    """List what is in Secrets; None for who may not know, and can do nothing about it."""
    try:
        return store.kept(client, stack)
    except Forbidden:
        return None


def secret_sets(client: Client, release: Release) -> dict[str, str]:
    """Read what `--set` said of secrets for a revision.

    Raises:
        ReleaseError: it is gone, or damaged.
    """
    if said := first_format.said(client, release):
        SECRETS.learn(said.values())
        return said
    return secret_settings.read(client, release)


def tidy(client: Client, stack: StackId) -> None:
    """Keep the newest revisions, and only what one of them names."""
    found = _indexes(client, stack)
    old, kept = found[:-KEPT_REVISIONS], found[-KEPT_REVISIONS:]
    store.delete_all(client, store.indexes_of(stack), _names(old))
    if len(found) <= 1:
        return
    try:
        releases = [store.opened(client, stack, each) for each in kept]
    except ReleaseError:
        return  # what it names is not known: then nothing is let go
    secret_settings.tidy(client, stack, [each.revision for each in releases])
    named = {shard for release in releases for shard in release.shards.values()}
    held = store.kept(client, stack)
    for shard, names in (*held.shards.items(), *held.broken.items()):
        if shard not in named:
            store.delete_all(client, store.secrets_of(stack), names)
    store.tidy_parts(client, stack, kept)


def traces(client: Client, stack: StackId) -> bool:
    """Tell whether anything is there that a run on a stack without revisions left behind."""
    for path in (store.indexes_of(stack), store.secrets_of(stack)):
        if client.list(path, labels=store.mine(stack), metadata_only=True).items:
            return True
    return client.get(lease_path(stack), metadata_only=True) is not None


def forget(client: Client, stack: StackId) -> None:
    """Remove everything recorded of a stack."""
    # Indexes go last and newest last: as long as one is there, a killed teardown can be resumed.
    for path in (store.secrets_of(stack), store.indexes_of(stack)):
        items = client.list(path, labels=store.mine(stack), metadata_only=True).items
        store.delete_all(client, path, _names(sorted(items, key=store.revision_of)))


def ensure_namespace(client: Client, stack: StackId, stop: threading.Event) -> None:
    """See to it that the namespace of the record is there; the administrators' one is made.

    One that a teardown is just removing is waited for: nothing can be written into it.

    Raises:
        PreflightError: a tenant's is not there.
    """
    path = f"/api/v1/namespaces/{stack.namespace}"
    try:
        live = client.get(path, metadata_only=True)
    except Forbidden:
        return  # somebody else has made it; if not, the first write will say so
    for _ in range(int(TERMINATING_SECONDS / POLL_SECONDS)):
        if live is None or not live["metadata"].get("deletionTimestamp"):
            break
        stop.wait(POLL_SECONDS)
        live = client.get(path, metadata_only=True)
    if live is not None:
        return
    if not stack.administrators:
        raise PreflightError(
            f"stack {stack}: the namespace {stack.namespace}, which is to hold its record, "
            "does not exist",
            hint=f"kubectl create namespace {stack.namespace}",
        )
    metadata = {"name": stack.namespace, "labels": {MANAGED_BY: FIELD_MANAGER}}
    client.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def _names(items: Iterable[Manifest]) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def numbers(client: Client, stack: StackId) -> list[int]:
    """List every revision, those of the first format included, oldest first."""
    found = map(store.revision_of, _indexes(client, stack, metadata_only=True))
    return sorted({*found, *first_format.numbers(client, stack)} - {0})


def drop(client: Client, stack: StackId, revisions: Iterable[int], shards: Collection[str]) -> None:
    """Remove indexes that cannot be read, and shards that are not what was stored."""
    names = [store.name_of(stack, revision) for revision in revisions]
    held = store.kept(client, stack)
    store.delete_all(client, store.indexes_of(stack), names)
    store.delete_all(client, store.secrets_of(stack), names)
    for shard, parts in (*held.shards.items(), *held.broken.items()):
        if shard in shards:
            store.delete_all(client, store.secrets_of(stack), parts)
    store.sign(client, stack, latest(client, stack))


def _newest(client: Client, stack: StackId) -> Manifest | None:
    """Read the metadata of the newest index."""
    found = _indexes(client, stack, metadata_only=True) or first_format.listed(client, stack)
    return found[-1] if found else None


def _revisions(client: Client, stack: StackId) -> list[int]:
    found = map(store.revision_of, _indexes(client, stack, metadata_only=True))
    return sorted({*found} - {0}) or first_format.numbers(client, stack)


def _indexes(client: Client, stack: StackId, *, metadata_only: bool = False) -> list[Manifest]:
    """Read the index of every revision there is, oldest first."""
    labels = store.mine(stack, store.REVISION_LABEL)
    found = client.list(store.indexes_of(stack), labels=labels, metadata_only=metadata_only).items
    return sorted(filter(store.revision_of, found), key=store.revision_of)


def read_as_is(client: Client, stack: StackId, revision: int) -> Recorded:
    """Read one revision, and what it is written over.

    Raises:
        ReleaseError: it is not there, or damaged.
        ConflictError: it names what it may not.
    """
    name = store.name_of(stack, revision)
    if (found := client.get(f"{store.indexes_of(stack)}/{name}")) is not None:
        release, old = store.opened(client, stack, found), False
    elif (found := first_format.find(client, stack, revision)) is not None:
        release, old = first_format.opened(stack, found), True
    else:
        raise store.gone(stack, revision)
    reach.require_release(client, release)
    return Recorded(release, found["metadata"]["resourceVersion"], old=old)


def _readable(client: Client, stack: StackId, tell: Tell | None) -> list[Release]:
    found: dict[int, Release] = {}
    indexes = [(each, True) for each in first_format.all_of(client, stack)]
    for each, old in (*indexes, *((each, False) for each in _indexes(client, stack))):
        try:
            release = first_format.opened(stack, each) if old else store.opened(client, stack, each)
            reach.require_release(client, release)
            found[release.revision] = release
        except LaterFormat:
            raise
        except (ReleaseError, ConflictError) as error:
            if tell is None:
                raise
            tell(f"left out: {error}")
    return [found[revision] for revision in sorted(found)]


def _moved(client: Client, recorded: Recorded) -> Recorded:
    """Move a record of the first format to where it is kept now.

    Raises:
        LockedError: another run has written to it.
    """
    stack = recorded.release.stack
    held = store.kept(client, stack)
    if not held.newest:
        store.sign(client, stack, recorded.release.revision)
    first_format.move(client, stack, held.others)
    moved = read_as_is(client, stack, recorded.release.revision)
    if moved.release != recorded.release:
        raise LockedError(f"stack {stack}: another run has taken over; nothing more was written")
    return moved
