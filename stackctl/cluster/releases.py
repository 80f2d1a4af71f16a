"""The record of a stack on its cluster: revisions and the bundles they applied.

One Secret for each revision is the index; the objects of each component are stored beside it
under their content's address, so that an upgrade of one component stores one shard. No Secret
exceeds what the API server takes. Values and their encoding are in `model.release`.
"""

import base64
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from stackctl.api.client import Client
from stackctl.cluster.lock import RECORD_LABEL, lease_path
from stackctl.errors import (
    AlreadyExists,
    ConflictError,
    Forbidden,
    LockedError,
    NotFound,
    PreflightError,
    ReleaseError,
    StaleWrite,
)
from stackctl.model.bundle import Bundle, BundleComponent, from_plain, needs_first, to_plain
from stackctl.model.objects import FIELD_MANAGER, MANAGED_BY, Manifest
from stackctl.model.release import Release, ReleaseStatus, decode, encode, pack, unpack
from stackctl.model.stack_id import StackId

REVISION_LABEL = "stackctl.dev/revision"
SHARD_LABEL = "stackctl.dev/shard"
TYPE = "stackctl.dev/release"
PART_BYTES = 600 * 1024  # base64 makes 800 KiB of it
SHARDS_AT_ONCE = 50  # a request names each
KEPT_REVISIONS = 10
TERMINATING_SECONDS = 60.0
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Recorded:
    """A release as it was read, with what a later write must still find there."""

    release: Release
    version: str  # resourceVersion


def current(client: Client, stack: StackId, known: Sequence[int] = ()) -> Recorded | None:
    """Read the newest revision, of those just seen; `None` when it was never deployed here."""
    revisions = known or _revisions(client, stack)
    return _read(client, stack, revisions[-1]) if revisions else None


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
    return _read(client, stack, revision).release


def require_latest(client: Client, stack: StackId, recorded: Recorded | None) -> None:
    """Refuse a plan that was made before another run ended.

    Raises:
        ConflictError: there is a newer revision than the one that was planned from, or that one
            has ended since.
    """
    newest = _indexes(client, stack, metadata_only=True)[-1:]
    version = newest[0]["metadata"]["resourceVersion"] if newest else ""
    if version != (recorded.version if recorded else ""):
        latest = _number(newest[0]) if newest else 0
        raise ConflictError(
            f"stack {stack}: revision {latest} was recorded after the plan was made",
            hint="run the command again to plan anew",
        )


def history(client: Client, stack: StackId) -> tuple[Release, ...]:
    """Read every revision kept, oldest first; what a later one replaced is `superseded`."""
    found = [_decoded(each) for each in _indexes(client, stack)]
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
    labels = ",".join([*([f"{RECORD_LABEL}={name}"] if name else [RECORD_LABEL]), REVISION_LABEL])
    found: dict[StackId, list[int]] = defaultdict(list)
    for item in client.list(f"/api/v1{where}/secrets", labels=labels, metadata_only=True).items:
        metadata = item["metadata"]
        stack = StackId(metadata["labels"][RECORD_LABEL], metadata["namespace"])
        found[stack].append(_number(item))
    return {stack: sorted(found[stack]) for stack in sorted(found)}


def begin(
    client: Client, release: Release, components: Iterable[BundleComponent], pool: Executor
) -> Recorded:
    """Store a pending revision with everything it is about to touch, before it is touched."""
    held = _shards(client, release.stack)
    missing = [part for part in components if part.digest not in held]
    list(pool.map(lambda part: _store(client, release.stack, part), missing))
    try:
        stored = client.create(secrets_of(release.stack), _index(release, ""))
    except AlreadyExists as error:
        raise LockedError(
            f"stack {release.stack}: another run recorded revision {release.revision} meanwhile"
        ) from error
    return Recorded(release, stored["metadata"]["resourceVersion"])


def update(client: Client, recorded: Recorded, release: Release) -> Recorded:
    """Write a revision again, provided nobody else has since we read it.

    Raises:
        LockedError: another run has taken over.
    """
    try:
        path = f"{secrets_of(release.stack)}/{_name(release.stack, release.revision)}"
        stored = client.replace(path, _index(release, recorded.version))
    except (NotFound, StaleWrite) as error:
        raise LockedError(
            f"stack {release.stack}: another run has taken over; nothing more was written"
        ) from error
    return Recorded(release, stored["metadata"]["resourceVersion"])


def bundle_of(client: Client, release: Release) -> Bundle:
    """Read the bundle a revision applied."""
    stored = _stored(client, release)
    parts = [
        _joined(release.stack, component, stored[shard])
        for component, shard in release.shards.items()
    ]
    return Bundle(release.profile, needs_first(parts), release.requires)


def tidy(client: Client, stack: StackId) -> None:
    """Keep the newest revisions, and only the shards that one of them names."""
    found = _indexes(client, stack)
    _delete(client, stack, (each["metadata"]["name"] for each in found[:-KEPT_REVISIONS]))
    if len(found) <= 1:
        return
    kept = [_decoded(each) for each in found[-KEPT_REVISIONS:]]
    named = {shard for release in kept for shard in release.shards.values()}
    for shard, names in _shards(client, stack).items():
        if shard not in named:
            _delete(client, stack, names)


def traces(client: Client, stack: StackId) -> bool:
    """Tell whether anything is there that a run on a stack without revisions left behind."""
    if client.list(
        secrets_of(stack), labels=f"{RECORD_LABEL}={stack.name}", metadata_only=True
    ).items:
        return True
    return client.get(lease_path(stack), metadata_only=True) is not None


def forget(client: Client, stack: StackId) -> None:
    """Remove everything recorded of a stack."""
    listing = client.list(
        secrets_of(stack), labels=f"{RECORD_LABEL}={stack.name}", metadata_only=True
    )
    # Indexes go last and newest last: as long as one is there, a killed teardown can be resumed.
    items = sorted(listing.items, key=_removal_rank)
    _delete(client, stack, [item["metadata"]["name"] for item in items])


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


def _removal_rank(item: Manifest) -> tuple[bool, int]:
    revision = item["metadata"]["labels"].get(REVISION_LABEL)
    return revision is not None, int(revision or 0)


def _delete(client: Client, stack: StackId, names: Iterable[str]) -> None:
    for name in names:
        client.delete(f"{secrets_of(stack)}/{name}")


def secrets_of(stack: StackId) -> str:
    """Return where the Secrets of a stack's record are."""
    return f"/api/v1/namespaces/{stack.namespace}/secrets"


def _name(stack: StackId, revision: int) -> str:
    return f"stackctl.{stack.name}.v{revision}"


def _revisions(client: Client, stack: StackId) -> list[int]:
    return [_number(each) for each in _indexes(client, stack, metadata_only=True)]


def _indexes(client: Client, stack: StackId, *, metadata_only: bool = False) -> list[Manifest]:
    """Read the Secret of every revision there is, oldest first."""
    labels = f"{RECORD_LABEL}={stack.name},{REVISION_LABEL}"
    found = client.list(secrets_of(stack), labels=labels, metadata_only=metadata_only).items
    return sorted(found, key=_number)


def _number(index: Manifest) -> int:
    return int(index["metadata"]["labels"][REVISION_LABEL])


def _read(client: Client, stack: StackId, revision: int) -> Recorded:
    name = _name(stack, revision)
    secret = client.get(f"{secrets_of(stack)}/{name}")
    if secret is None:
        raise ReleaseError(f"stack {stack}: no revision {revision}", hint="stackctl status")
    return Recorded(_decoded(secret), secret["metadata"]["resourceVersion"])


def _decoded(index: Manifest) -> Release:
    try:
        content = base64.b64decode(index["data"]["release"])
        return decode(content, index["metadata"]["namespace"])
    except (KeyError, ValueError) as error:
        metadata = index["metadata"]
        where = f"Secret/{metadata['namespace']}/{metadata['name']}"
        raise ReleaseError(f"{where}: not a release record") from error


def _index(release: Release, version: str) -> Manifest:
    labels = {REVISION_LABEL: str(release.revision), "stackctl.dev/status": release.status.value}
    name = _name(release.stack, release.revision)
    return _secret(release.stack, name, labels, {"release": encode(release)}, version)


def _shards(client: Client, stack: StackId) -> dict[str, list[str]]:
    """List the shards that are complete, with the names of the Secrets each is kept in."""
    labels = f"{RECORD_LABEL}={stack.name},{SHARD_LABEL}"
    found: dict[str, list[tuple[int, str]]] = {}
    for item in client.list(secrets_of(stack), labels=labels, metadata_only=True).items:
        metadata = item["metadata"]
        total = int(metadata["annotations"]["stackctl.dev/parts"])
        found.setdefault(metadata["labels"][SHARD_LABEL], []).append((total, metadata["name"]))
    return {
        shard: [name for _, name in parts]
        for shard, parts in found.items()
        if len(parts) == parts[0][0]
    }


def _store(client: Client, stack: StackId, part: BundleComponent) -> None:
    shard = part.digest
    content = pack(to_plain(part))
    pieces = [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]
    for number, piece in enumerate(pieces):
        name = f"stackctl.{stack.name}.{part.name}.{shard[:12]}.{number}"
        secret = _secret(stack, name, {SHARD_LABEL: shard}, {"objects": piece})
        secret["metadata"]["annotations"] = {"stackctl.dev/parts": str(len(pieces))}
        # Applied, not created: a killed run may have left this very part.
        client.apply(f"{secrets_of(stack)}/{name}", secret, force=True)


def _stored(client: Client, release: Release) -> Mapping[str, Sequence[Manifest]]:
    """Read the Secrets that a revision's shards are kept in, many shards with each request."""
    found: dict[str, list[Manifest]] = defaultdict(list)
    shards = sorted(set(release.shards.values()))
    for at in range(0, len(shards), SHARDS_AT_ONCE):
        wanted = f"{SHARD_LABEL} in ({','.join(shards[at : at + SHARDS_AT_ONCE])})"
        for each in client.list(
            secrets_of(release.stack), labels=f"{RECORD_LABEL}={release.stack.name},{wanted}"
        ).items:
            found[each["metadata"]["labels"][SHARD_LABEL]].append(each)
    return found


def _joined(stack: StackId, component: str, parts: Sequence[Manifest]) -> BundleComponent:
    """Make a component of the parts it is kept in."""
    if not parts:
        raise ReleaseError(f"stack {stack}: the recorded objects of {component} are gone")
    ordered = sorted(parts, key=_part_number)
    content = b"".join(base64.b64decode(part["data"]["objects"]) for part in ordered)
    try:
        return from_plain(unpack(content))
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise ReleaseError(
            f"stack {stack}: the recorded objects of {component} cannot be read: {error}"
        ) from error


def _part_number(secret: Manifest) -> int:
    return int(secret["metadata"]["name"].rpartition(".")[2])


def _secret(
    stack: StackId,
    name: str,
    labels: Mapping[str, str],
    content: Mapping[str, bytes],
    version: str = "",
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": stack.namespace,
        "labels": {MANAGED_BY: FIELD_MANAGER, RECORD_LABEL: stack.name, **labels},
    }
    if version:
        metadata["resourceVersion"] = version
    encoded = {key: base64.b64encode(value).decode() for key, value in content.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": TYPE,
        "metadata": metadata,
        "data": encoded,
    }
