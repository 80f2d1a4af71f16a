"""Reads the record of a stack: its revisions, and the bundles they applied.

An index for each revision, and beside it the objects of each component under their content's
address. What they are kept in is for `indexes` and `shards`, writing them for `recording`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from stackctl.api.client import Client
from stackctl.cluster.record import first_format, indexes, reach, secret_settings, shards
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record.lock import RECORD_LABEL, lease_path
from stackctl.errors import (
    ConflictError,
    Forbidden,
    LaterFormat,
    ReleaseError,
)
from stackctl.model.catalogue.envelope import LABEL
from stackctl.model.compose.bundle import Bundle, needs_first, secrets_in
from stackctl.model.objects.masking import names_in
from stackctl.model.objects.refs import (
    RECORD_NAMESPACE,
    Manifest,
    labels_of,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.secrets import SECRETS

Tell = Callable[[str], None]
Held = Future[shards.StoredIndex | None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A release as it was read, with what a later write must still find there."""

    release: Release
    version: str  # resourceVersion; empty: it was made anew, and is not written yet
    newest: int = 0  # the revision that was the newest when it was made anew
    old: bool = False  # of the first format: moved before anything is written


def current(
    client: Client, stack: StackId, known: Sequence[int] = (), held: Held | None = None
) -> Recorded | None:
    """Read the newest revision, of those just seen; `None` when it was never deployed here.

    `held` is what is in Secrets, where that is being asked for already.

    Raises:
        ReleaseError: it cannot be read.
        ConflictError: it names what whoever can write it must not have touched for them.
    """
    revisions = known or _revisions(client, stack, held)
    return read_as_is(client, stack, revisions[-1]) if revisions else None


def latest(client: Client, stack: StackId) -> int:
    """Return the number of the newest revision, whether it can be read or not; 0: there is none."""
    return max(_revisions(client, stack), default=0)


def read(client: Client, stack: StackId, revision: int) -> Release:
    """Read one revision.

    Raises:
        ReleaseError: it does not exist, or no longer; those there are are named.
    """
    known = _revisions(client, stack)
    if revision not in known:
        indexes.require_labelled(client, stack, revision)
        there = ", ".join(map(str, known)) or "none"
        raise ReleaseError(
            f"stack {stack}: no revision {revision} (there: {there})", hint="stackctl history"
        )
    return read_as_is(client, stack, revision).release


def require_latest(
    client: Client, stack: StackId, recorded: Recorded | None, held: Held | None = None
) -> None:
    """Refuse a plan that was made before another run ended.

    Raises:
        ConflictError: there is a newer revision than the one that was planned from, or that one
            has ended since.
    """
    if recorded is not None and not recorded.version:
        require_newest(client, stack, recorded.newest)
        return
    newest = _newest(client, stack, held)
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
    listing = client.list(f"/api/v1{where}/configmaps", labels=labels, metadata_only=True)
    for item in listing.items:
        stack = StackId(labels_of(item)[RECORD_LABEL], item["metadata"]["namespace"])
        # Whoever may write ConfigMaps anywhere may label them as they like.
        if store.is_index(stack, item) and re.fullmatch(LABEL, stack.name):
            found[stack].append(store.revision_of(item))
    known = {stack: sorted(found[stack]) for stack in sorted(found)}
    if namespace not in ("", RECORD_NAMESPACE) or (name and StackId(name) in known):
        return known
    try:
        return first_format.stacks(client, name) | known
    except Forbidden:
        if known:
            return known
        raise


def bundle_of(client: Client, release: Release, tell: Tell | None = None) -> Bundle:
    """Read the bundle a revision applied.

    Raises:
        ReleaseError: objects that it applied are lost, and there is nobody to tell.
        ConflictError: it has what whoever can write it must not have touched for them.
    """
    if not release.restorable:
        if tell is None:
            raise shards.unrestorable(release)
        tell(str(shards.unrestorable(release)))
    stored = shards.stored(client, release) if release.shards else {}
    parts = []
    for component, shard in release.shards.items():
        try:
            parts.append(shards.joined(release, component, stored.get(shard, ())))
        except ReleaseError as error:
            if tell is None:
                raise
            tell(str(error))
    bundle = Bundle(release.profile, needs_first(parts), release.requires)
    SECRETS.name([*release.components, *names_in(bundle.manifests)])
    SECRETS.learn(secrets_in(bundle))
    reach.require_bundle(client, release.stack, bundle)
    return bundle


def kept(client: Client, stack: StackId) -> shards.StoredIndex | None:
    """List what is in Secrets; None for who may not know, and can do nothing about it."""
    try:
        return shards.kept(client, stack)
    except Forbidden:
        return None


def newest_gone(
    client: Client, stack: StackId, newest: int, held: shards.StoredIndex | None
) -> int:
    """Return the revision that was the newest and is not there any more; 0 where none is.

    `newest` is the newest there is, and `held` what is in Secrets, looked at since.
    """
    if held is None or held.newest <= newest or latest(client, stack) >= held.newest:
        return 0
    return held.newest


def secret_sets(client: Client, release: Release) -> dict[str, str]:
    """Read what `--set` said of secrets for a revision.

    Raises:
        ReleaseError: it is gone, or damaged.
    """
    if said := first_format.said(client, release):
        SECRETS.learn(said.values())
        return said
    return secret_settings.read(client, release)


def traces(client: Client, stack: StackId) -> bool:
    """Tell whether anything is there that a run on a stack without revisions left behind."""
    for path in (store.indexes_of(stack), store.secrets_of(stack)):
        if client.list(path, labels=store.mine(stack), metadata_only=True).items:
            return True
    return client.get(lease_path(stack), metadata_only=True) is not None


def numbers(client: Client, stack: StackId) -> list[int]:
    """List every revision, those of the first format included, oldest first."""
    found = map(store.revision_of, indexes.all_of(client, stack, metadata_only=True))
    return sorted({*found, *first_format.numbers(client, stack)} - {0})


def _newest(client: Client, stack: StackId, held: Held | None) -> Manifest | None:
    """Read the metadata of the newest index."""
    found = _metadata(client, stack, held)
    return found[-1] if found else None


def _revisions(client: Client, stack: StackId, held: Held | None = None) -> list[int]:
    return sorted({*map(store.revision_of, _metadata(client, stack, held))} - {0})


def _metadata(client: Client, stack: StackId, held: Held | None) -> list[Manifest]:
    """Read the metadata of the indexes, oldest first; of the first format, where that is all."""
    if found := indexes.all_of(client, stack, metadata_only=True):
        return found
    stored = held.result() if held is not None else None
    if stored is not None:
        return first_format.among(stack, stored)
    return first_format.all_of(client, stack, metadata_only=True)


def read_as_is(client: Client, stack: StackId, revision: int) -> Recorded:
    """Read one revision, and what it is written over.

    Raises:
        ReleaseError: it is not there, or damaged.
        ConflictError: it names what it may not.
    """
    name = store.name_of(stack, revision)
    if (found := client.get(f"{store.indexes_of(stack)}/{name}")) is not None:
        release, old = indexes.opened(client, stack, found), False
    elif (found := first_format.find(client, stack, revision)) is not None:
        release, old = first_format.opened(stack, found), True
    else:
        raise indexes.gone(stack, revision)
    reach.require_release(client, release)
    return Recorded(release, found["metadata"]["resourceVersion"], old=old)


def _readable(client: Client, stack: StackId, tell: Tell | None) -> list[Release]:
    found: dict[int, Release] = {}
    old_ones = [(each, True) for each in first_format.all_of(client, stack)]
    for each, old in (*old_ones, *((each, False) for each in indexes.all_of(client, stack))):
        try:
            release = (
                first_format.opened(stack, each) if old else indexes.opened(client, stack, each)
            )
            reach.require_release(client, release)
            found[release.revision] = release
        except LaterFormat:
            raise
        except (ReleaseError, ConflictError) as error:
            if tell is None:
                raise
            tell(f"left out: {error}")
    return [found[revision] for revision in sorted(found)]
