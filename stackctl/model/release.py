"""What is recorded of a deployment: revisions, inventories, locks; encoded as JSON.

Reading and writing them on the cluster is `cluster.releases`.
"""

import gzip
import json
import zlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from stackctl.errors import ReleaseError
from stackctl.model.objects import Ref
from stackctl.model.profile import GpuNeeds, Needs
from stackctl.model.stack_id import StackId

FORMAT = 1
UPGRADE_HINT = "install the newest stackctl and try again"


class ReleaseStatus(StrEnum):
    """Helm's words."""

    DEPLOYED = "deployed"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"
    UNINSTALLING = "uninstalling"

    @property
    def pending(self) -> bool:
        """A run began and has not said how it ended."""
        return self.value.startswith("pending-") or self is ReleaseStatus.UNINSTALLING


@dataclass(frozen=True, slots=True)
class Entry:
    """One object in an inventory; uid and hashes are empty until it was applied."""

    ref: Ref
    component: str
    version: str  # the API version it was applied with
    uid: str = ""
    rendered: str = ""  # digest of the manifest that was sent
    owned: str = ""  # digest of our entry in managedFields after the apply
    created: bool = False  # by us, not taken over


@dataclass(frozen=True, slots=True)
class Release:
    """One revision of a stack."""

    stack: StackId
    revision: int
    status: ReleaseStatus
    profile: str
    bundle: str  # digest
    cluster: str  # uid of kube-system
    by: str  # user@host
    tool: str  # stackctl's version
    begun: str  # RFC 3339
    finished: str = ""
    message: str = ""
    command: str = ""  # what was run: "rollback 2"
    sets: Mapping[str, str] = field(default_factory=dict)  # what --set said: parameter → text
    components: Mapping[str, str] = field(default_factory=dict)  # name → version
    shards: Mapping[str, str] = field(default_factory=dict)  # component → content digest
    requires: Needs = Needs()
    inventory: tuple[Entry, ...] = ()


def encode(release: Release) -> bytes:
    """Write a release as compressed JSON, the same bytes for the same release."""
    plain = {each.name: getattr(release, each.name) for each in fields(release)}
    plain["stack"] = release.stack.name  # the namespace is where it is kept
    plain["requires"] = asdict(release.requires)
    plain["inventory"] = [_plain(entry) for entry in release.inventory]
    return pack({"format": FORMAT} | plain)


def _plain(entry: Entry) -> dict[str, Any]:
    """Leave out what is empty; there are thousands of entries."""
    values = {name: value for name in _NAMES if (value := getattr(entry, name))}
    return {"ref": entry.ref.key} | values


_NAMES = tuple(each.name for each in fields(Entry) if each.name != "ref")


def decode(content: bytes) -> Release:
    """Read what `encode` wrote.

    Raises:
        ReleaseError: the content is damaged, or a later stackctl wrote it.
    """
    try:
        plain = unpack(content)
        if plain.pop("format") != FORMAT:
            raise ReleaseError("the release was recorded by a later stackctl", hint=UPGRADE_HINT)
        plain["stack"] = StackId(plain["stack"])
        plain["status"] = ReleaseStatus(plain["status"])
        gpu = plain["requires"].pop("gpu")
        plain["requires"] = Needs(**plain["requires"], gpu=GpuNeeds(**gpu) if gpu else None)
        plain["inventory"] = tuple(
            Entry(**(item | {"ref": Ref.parse(item["ref"])})) for item in plain["inventory"]
        )
        return Release(**plain)
    except (ValueError, TypeError, KeyError, zlib.error, EOFError, OSError) as error:
        raise ReleaseError(f"the recorded release cannot be read: {error}") from error


def pack(value: Any) -> bytes:
    """Compress a JSON value; equal values give equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def unpack(content: bytes) -> Any:
    """Read what `pack` wrote."""
    return json.loads(gzip.decompress(content))


def superset(
    previous: Iterable[Entry], desired: Iterable[tuple[Ref, str, str]], kept: Container[Ref]
) -> tuple[Entry, ...]:
    """Join what the last release owns with what this run is about to make.

    Written before the first change: whatever happens next, everything made is known. Objects
    that the run does not find and keep are created by us, and what was known of an object of
    that name is known of another one.
    """
    entries = {entry.ref: entry for entry in previous}
    for ref, component, version in desired:
        known = entries.get(ref)
        entries[ref] = (
            replace(known, component=component)
            if known is not None and ref in kept
            else Entry(ref, component, version, created=ref not in kept)
        )
    return tuple(entries.values())
