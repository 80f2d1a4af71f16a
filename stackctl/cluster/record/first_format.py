"""Records as stackctl 0.1 first wrote them: the index of each revision in a Secret.

They are read, and moved to where indexes are kept now by the first run that writes. The sign that
`record_store` leaves in their place keeps a program that knows no other format from going on.
"""

import base64
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import filterfalse

from stackctl.api.client import Client
from stackctl.cluster.record import indexes, secret_settings, shards
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.errors import AlreadyExists, Forbidden, ReleaseError
from stackctl.model.objects.refs import Manifest, Ref, labels_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release, decode
from stackctl.secrets import HIDDEN


def numbers(client: Client, stack: StackId) -> list[int]:
    """List the revisions that are recorded in this way."""
    return [store.revision_of(each) for each in all_of(client, stack, metadata_only=True)]


def all_of(client: Client, stack: StackId, *, metadata_only: bool = False) -> list[Manifest]:
    """Read every index that is kept in this way, oldest first."""
    if not stack.administrators:
        return []
    labels = store.mine(stack, store.REVISION_LABEL)
    try:
        found = client.list(store.secrets_of(stack), labels=labels, metadata_only=metadata_only)
    except Forbidden:
        if metadata_only:
            raise
        return []
    return _in_order(found.items)


def among(stack: StackId, held: shards.StoredIndex) -> list[Manifest]:
    """Choose the metadata of these indexes of what is in the Secrets of a record, oldest first."""
    if not stack.administrators:
        return []
    return _in_order(each for each in held.others if store.REVISION_LABEL in labels_of(each))


def _in_order(found: Iterable[Manifest]) -> list[Manifest]:
    """Leave out the sign, which is above all."""
    return sorted(filterfalse(shards.is_sign, found), key=store.revision_of)


def find(client: Client, stack: StackId, revision: int) -> Manifest | None:
    """Read the index of one revision."""
    if not stack.administrators:
        return None
    return client.get(f"{store.secrets_of(stack)}/{store.name_of(stack, revision)}")


def stacks(client: Client, name: str | None) -> dict[StackId, list[int]]:
    """Find the stacks that are recorded in this way, with their revisions."""
    labels = ",".join((f"{RECORD_LABEL}={name}" if name else RECORD_LABEL, store.REVISION_LABEL))
    found: dict[StackId, list[int]] = {}
    for item in client.list(store.secrets_of(StackId("")), labels=labels, metadata_only=True).items:
        if not shards.is_sign(item):
            stack = StackId(labels_of(item)[RECORD_LABEL])
            found.setdefault(stack, []).append(store.revision_of(item))
    return {stack: sorted(found[stack]) for stack in sorted(found)}


def opened(stack: StackId, found: Manifest) -> Release:
    """Read the release that an index holds.

    Raises:
        ReleaseError: it is damaged; the Secret is named, what is lost and the way out.
    """
    release = _as_it_is(stack, found)
    # Some of it may be secret; nothing in it says what.
    return replace(release, sets=dict.fromkeys(release.sets, HIDDEN))


def said(client: Client, release: Release) -> dict[str, str]:
    """Read what `--set` said for a revision that is still recorded in this way."""
    found = find(client, release.stack, release.revision) if release.sets else None
    return dict(_as_it_is(release.stack, found).sets) if found is not None else {}


def _as_it_is(stack: StackId, found: Manifest) -> Release:
    where = Ref("", "Secret", stack.namespace, found["metadata"]["name"])
    try:
        content = base64.b64decode((found.get("data") or {}).get("release", ""))
        release = decode(content, stack.namespace)
        indexes.require_its_own(release, stack, store.revision_of(found))
    except ReleaseError as error:
        raise indexes.unreadable(stack, store.revision_of(found), where, error) from error
    return release


def move(client: Client, stack: StackId, secrets: Sequence[Manifest]) -> None:
    """Move the indexes among the Secrets of a record to where they are kept now, newest first.

    Killed at any moment, the newest one is found; what cannot be read stays where it is.
    """
    old = [each for each in secrets if labels_of(each).get(store.REVISION_LABEL)]
    for number in sorted(map(store.revision_of, filterfalse(shards.is_sign, old)), reverse=True):
        found = find(client, stack, number)
        if found is None:
            continue
        try:
            release = opened(stack, found)
        except ReleaseError:
            continue
        secret_settings.keep(client, release, said(client, release))
        with suppress(AlreadyExists):  # by a run that was killed before it came to the next line
            client.create(store.indexes_of(stack), indexes.index(client, release))
        client.delete(f"{store.secrets_of(stack)}/{found['metadata']['name']}")
