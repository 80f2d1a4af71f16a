"""The record of a stack on its cluster: revisions and the bundles they applied.

One Secret for each revision is the index; the objects of each component are stored beside it
under their content's address, so that an upgrade of one component stores one shard. No Secret
exceeds what the API server takes. What `--set` said of secrets is in a Secret of its own, so that
who reads the index does not read it. Values and their encoding are in `model.release`.
"""

import base64
import threading
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from stackctl.api.client import Client
from stackctl.cluster.lock import LEASES, RECORD_LABEL, lease_name
from stackctl.errors import (
    AlreadyExists,
    ConflictError,
    Forbidden,
    LockedError,
    NotFound,
    ReleaseError,
    StaleWrite,
)
from stackctl.model.bundle import (
    Bundle,
    BundleComponent,
    from_plain,
    needs_first,
    secrets_in,
    to_plain,
)
from stackctl.model.masking import names_in
from stackctl.model.objects import FIELD_MANAGER, MANAGED_BY, RECORD_NAMESPACE, Manifest
from stackctl.model.release import Release, ReleaseStatus, decode, encode, pack, unpack
from stackctl.model.stack_id import StackId
from stackctl.secrets import HIDDEN
from stackctl.secrets import SECRETS as KNOWN

NAMESPACE = f"/api/v1/namespaces/{RECORD_NAMESPACE}"
SECRETS = f"{NAMESPACE}/secrets"
REVISION_LABEL = "stackctl.dev/revision"
SHARD_LABEL = "stackctl.dev/shard"
SETS_LABEL = "stackctl.dev/sets"  # the revision whose secret settings are kept there
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


def current(client: Client, stack: StackId) -> Recorded | None:
    """Read the newest revision; `None` when the stack was never deployed here."""
    revisions = _revisions(client, stack)
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


def stacks(client: Client) -> tuple[StackId, ...]:
    """Name every stack recorded on the cluster."""
    listing = client.list(SECRETS, labels=REVISION_LABEL, metadata_only=True)
    return tuple(
        sorted({StackId(item["metadata"]["labels"][RECORD_LABEL]) for item in listing.items})
    )


def begin(
    client: Client,
    release: Release,
    components: Iterable[BundleComponent],
    pool: Executor,
    secrets: Mapping[str, str] | None = None,
) -> Recorded:
    """Store a pending revision with everything it is about to touch, before it is touched.

    `secrets` is what `--set` says of secrets; the release has only their names.
    """
    held = _shards(client, release.stack)
    missing = [part for part in components if part.digest not in held]
    list(pool.map(lambda part: _store(client, release.stack, part), missing))
    if secrets:
        _keep_secrets(client, release, secrets)
    try:
        stored = client.create(SECRETS, _index(release, ""))
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
        path = f"{SECRETS}/{_name(release.stack, release.revision)}"
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
    bundle = Bundle(release.profile, needs_first(parts), release.requires)
    KNOWN.name([*release.components, *names_in(bundle.manifests)])
    KNOWN.learn(secrets_in(bundle))
    return bundle


def secret_sets(client: Client, release: Release) -> dict[str, str]:
    """Read what `--set` said of secrets for a revision.

    Raises:
        ReleaseError: it is gone, or damaged.
    """
    hidden = [key for key, value in release.sets.items() if value == HIDDEN]
    if not hidden:
        return {}
    name = _sets_name(release)
    secret = client.get(f"{SECRETS}/{name}")
    try:
        found: dict[str, str] = unpack(base64.b64decode((secret or {})["data"]["sets"]))
        kept = {key: found[key] for key in hidden}
    except (KeyError, TypeError, ValueError, OSError, EOFError, zlib.error) as error:
        what = "is gone" if secret is None else "cannot be read"
        raise ReleaseError(
            f"Secret/{RECORD_NAMESPACE}/{name} {what}: it held what --set said of "
            f"{', '.join(hidden)}",
            hint=f"say it anew: --set {hidden[0]}=…, or leave it out: stackctl upgrade --reset",
        ) from error
    KNOWN.learn(kept.values())
    return kept


def tidy(client: Client, stack: StackId) -> None:
    """Keep the newest revisions, and only the shards that one of them names."""
    found = _indexes(client, stack)
    _delete(client, (each["metadata"]["name"] for each in found[:-KEPT_REVISIONS]))
    if len(found) <= 1:
        return
    kept = [_decoded(each) for each in found[-KEPT_REVISIONS:]]
    _delete(client, _sets_of_others(client, stack, [each.revision for each in kept]))
    named = {shard for release in kept for shard in release.shards.values()}
    for shard, names in _shards(client, stack).items():
        if shard not in named:
            _delete(client, names)


def traces(client: Client, stack: StackId) -> bool:
    """Tell whether anything is there that a run on a stack without revisions left behind."""
    if client.list(SECRETS, labels=f"{RECORD_LABEL}={stack.name}", metadata_only=True).items:
        return True
    return client.get(f"{LEASES}/{lease_name(stack)}", metadata_only=True) is not None


def forget(client: Client, stack: StackId) -> None:
    """Remove everything recorded of a stack."""
    listing = client.list(SECRETS, labels=f"{RECORD_LABEL}={stack.name}", metadata_only=True)
    # Indexes go last and newest last: as long as one is there, a killed teardown can be resumed.
    items = sorted(listing.items, key=_removal_rank)
    _delete(client, [item["metadata"]["name"] for item in items])


def ensure_namespace(client: Client, stop: threading.Event) -> None:
    """Make the namespace of the record; already there is fine.

    One that a teardown is just removing is waited for: nothing can be written into it.
    """
    try:
        live = client.get(NAMESPACE, metadata_only=True)
    except Forbidden:
        return  # somebody else has made it; if not, the first write will say so
    for _ in range(int(TERMINATING_SECONDS / POLL_SECONDS)):
        if live is None or not live["metadata"].get("deletionTimestamp"):
            break
        stop.wait(POLL_SECONDS)
        live = client.get(NAMESPACE, metadata_only=True)
    if live is not None:
        return
    labels = {MANAGED_BY: FIELD_MANAGER}
    metadata = {"name": RECORD_NAMESPACE, "labels": labels}
    client.apply(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def _keep_secrets(client: Client, release: Release, secrets: Mapping[str, str]) -> None:
    name = _sets_name(release)
    labels = {SETS_LABEL: str(release.revision)}
    secret = _secret(release.stack, name, labels, {"sets": pack(dict(secrets))})
    # Applied, not created: a run that was killed before its index was written may have left one.
    client.apply(f"{SECRETS}/{name}", secret, force=True)


def _sets_of_others(client: Client, stack: StackId, kept: Sequence[int]) -> list[str]:
    """Name the Secrets with settings of revisions that are not kept."""
    labels = f"{RECORD_LABEL}={stack.name},{SETS_LABEL}"
    return [
        item["metadata"]["name"]
        for item in client.list(SECRETS, labels=labels, metadata_only=True).items
        if int(item["metadata"]["labels"][SETS_LABEL]) not in kept
    ]


def _sets_name(release: Release) -> str:
    return f"{_name(release.stack, release.revision)}.sets"


def _removal_rank(item: Manifest) -> tuple[bool, int]:
    revision = item["metadata"]["labels"].get(REVISION_LABEL)
    return revision is not None, int(revision or 0)


def _delete(client: Client, names: Iterable[str]) -> None:
    for name in names:
        client.delete(f"{SECRETS}/{name}")


def _name(stack: StackId, revision: int) -> str:
    return f"stackctl.{stack.name}.v{revision}"


def _revisions(client: Client, stack: StackId) -> list[int]:
    return [_number(each) for each in _indexes(client, stack, metadata_only=True)]


def _indexes(client: Client, stack: StackId, *, metadata_only: bool = False) -> list[Manifest]:
    """Read the Secret of every revision there is, oldest first."""
    labels = f"{RECORD_LABEL}={stack.name},{REVISION_LABEL}"
    found = client.list(SECRETS, labels=labels, metadata_only=metadata_only).items
    return sorted(found, key=_number)


def _number(index: Manifest) -> int:
    return int(index["metadata"]["labels"][REVISION_LABEL])


def _read(client: Client, stack: StackId, revision: int) -> Recorded:
    name = _name(stack, revision)
    secret = client.get(f"{SECRETS}/{name}")
    if secret is None:
        raise ReleaseError(f"stack {stack}: no revision {revision}", hint="stackctl status")
    return Recorded(_decoded(secret), secret["metadata"]["resourceVersion"])


def _decoded(index: Manifest) -> Release:
    try:
        return decode(base64.b64decode(index["data"]["release"]))
    except (KeyError, ValueError) as error:
        name = index["metadata"]["name"]
        raise ReleaseError(f"Secret/{RECORD_NAMESPACE}/{name}: not a release record") from error


def _index(release: Release, version: str) -> Manifest:
    labels = {REVISION_LABEL: str(release.revision), "stackctl.dev/status": release.status.value}
    name = _name(release.stack, release.revision)
    release = replace(
        release,
        message=KNOWN.mask(release.message),
        command=KNOWN.mask(release.command),
    )
    return _secret(release.stack, name, labels, {"release": encode(release)}, version)


def _shards(client: Client, stack: StackId) -> dict[str, list[str]]:
    """List the shards that are complete, with the names of the Secrets each is kept in."""
    labels = f"{RECORD_LABEL}={stack.name},{SHARD_LABEL}"
    found: dict[str, list[tuple[int, str]]] = {}
    for item in client.list(SECRETS, labels=labels, metadata_only=True).items:
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
        client.apply(f"{SECRETS}/{name}", secret, force=True)


def _stored(client: Client, release: Release) -> Mapping[str, Sequence[Manifest]]:
    """Read the Secrets that a revision's shards are kept in, many shards with each request."""
    found: dict[str, list[Manifest]] = defaultdict(list)
    shards = sorted(set(release.shards.values()))
    for at in range(0, len(shards), SHARDS_AT_ONCE):
        wanted = f"{SHARD_LABEL} in ({','.join(shards[at : at + SHARDS_AT_ONCE])})"
        for each in client.list(
            SECRETS, labels=f"{RECORD_LABEL}={release.stack.name},{wanted}"
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
        "namespace": RECORD_NAMESPACE,
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
