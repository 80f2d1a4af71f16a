"""What is recorded of a deployment: revisions, inventories, locks; encoded as JSON.

Reading and writing them on the cluster is `cluster.releases`.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from stackctl.errors import LaterFormat, ReleaseError
from stackctl.model.decode import decode as decode_plain
from stackctl.model.objects import RECORD_NAMESPACE, Ref
from stackctl.model.profile import Needs
from stackctl.model.proof import Mark
from stackctl.model.stack_id import StackId

FORMAT = 2  # 1: the same, kept in a Secret
LARGEST = 64 * 1024 * 1024  # bytes of one release or component, unpacked
_DIGEST = re.compile("[0-9a-f]{32}")
_GZIP = 16  # tells zlib to expect gzip's header
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
    """One object in an inventory; uid and proof are empty until it was applied."""

    ref: Ref
    component: str
    version: str  # the API version it was applied with
    uid: str = ""
    mark: str = ""  # what was written on it: `proof.Mark`; a Secret's without its digest
    owned: str = ""  # digest of our entry in managedFields after the apply; empty: no proof
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
    values = {name: value for name in _KINDS if (value := getattr(entry, name))}
    return {"ref": entry.ref.key} | values


_KINDS = {each.name: each.type for each in fields(Entry) if each.name != "ref"}
_TEXTS = tuple(each.name for each in fields(Release) if each.type is str)
_MAPS = ("sets", "components", "shards")


def decode(content: bytes, namespace: str = RECORD_NAMESPACE) -> Release:
    """Read what `encode` wrote; the namespace is where it was found.

    Raises:
        LaterFormat: a later stackctl wrote it.
        ReleaseError: the content is damaged.
    """
    try:
        plain = unpack(content)
        if _format(plain) > FORMAT:
            raise LaterFormat("recorded by a later stackctl", hint=UPGRADE_HINT)
        return _release({key: plain[key] for key in plain if key != "format"}, namespace)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ReleaseError(f"cannot be read: {_said(error)}") from error


def _format(plain: Any) -> int:
    if not isinstance(plain, dict) or type(plain["format"]) is not int or plain["format"] < 1:
        raise ValueError("not a release")
    return int(plain["format"])


def _release(plain: dict[str, Any], namespace: str) -> Release:
    for name in _TEXTS:
        _require(name, plain.get(name, ""), str)
    for name in _MAPS:
        _require_texts(name, plain.get(name, {}))
    _require("revision", plain["revision"], int)
    if plain["revision"] < 1:
        raise ValueError("revision is not what it should be")
    _require("stack", plain["stack"], str)
    for name, shard in plain.get("shards", {}).items():
        if not _DIGEST.fullmatch(shard):
            raise ValueError(f"shards.{name} is not a digest")
    return Release(
        **plain
        | {
            "stack": StackId(plain["stack"], namespace),
            "status": ReleaseStatus(plain["status"]),
            "requires": decode_plain(Needs, plain["requires"]),
            "inventory": tuple(map(_entry, plain["inventory"])),
        }
    )


def _entry(plain: Any) -> Entry:
    """Read an entry; the first format kept the digest of what was sent as `rendered`."""
    _require("ref", plain["ref"], str)
    values = {key: value for key, value in plain.items() if key != "rendered"}
    if earlier := plain.get("rendered"):
        _require("rendered", earlier, str)
        values["mark"] = str(Mark(earlier))
    entry = Entry(**(values | {"ref": Ref.parse(plain["ref"])}))
    for name, kind in _KINDS.items():
        _require(name, getattr(entry, name), kind)
    if not entry.ref.addressable:
        raise ValueError(f"{entry.ref} names no object")
    return entry


def _require(name: str, value: Any, kind: Any) -> None:
    if type(value) is not kind:
        raise ValueError(f"{name} is not what it should be")


def _require_texts(name: str, value: Any) -> None:
    _require(name, value, dict)
    for key, each in value.items():
        _require(f"{name}.{key}", each, str)


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def pack(value: Any) -> bytes:
    """Compress a JSON value; equal values give equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(errors="replace"), compresslevel=6, mtime=0)


def unpack(content: bytes) -> Any:
    """Read what `pack` wrote.

    Raises:
        ValueError: it did not, or it is larger than anything that we would write.
    """
    expander = zlib.decompressobj(wbits=zlib.MAX_WBITS | _GZIP)
    try:
        text = expander.decompress(content, LARGEST)
    except zlib.error as error:
        raise ValueError(f"not compressed as it should be: {error}") from error
    if not expander.eof:
        raise ValueError("it is cut off" if len(text) < LARGEST else "it is too large")
    return json.loads(text)


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found of an object that stays, before its first change."""

    uid: str
    written: bool  # by the stack: it has its label and an entry of its manager
    untouched: bool  # the run will send nothing for it


def superset(
    previous: Iterable[Entry],
    desired: Iterable[tuple[Ref, str, str]],
    kept: Mapping[Ref, Found],
) -> tuple[Entry, ...]:
    """Join what the last release owns with what this run is about to make.

    Written before the first change: whatever happens next, everything made is known, and nothing
    is taken for unchanged that the run may have touched. Objects that the run does not find and
    keep are created by us, and what was known of an object of that name is known of another one.
    """
    entries = {entry.ref: unproven(entry) for entry in previous}
    proofs = {entry.ref: entry.owned for entry in previous}
    for ref, component, version in desired:
        known, found = entries.get(ref), kept.get(ref)
        if found is None:
            entries[ref] = Entry(ref, component, version, created=True)
        elif known is None or not _same(known, found):
            entries[ref] = Entry(ref, component, version)
        else:
            proof = proofs[ref] if found.untouched else ""
            entries[ref] = replace(known, component=component, owned=proof)
    return tuple(entries.values())


def _same(entry: Entry, found: Found) -> bool:
    """Tell whether what was found is what was recorded, or was about to be made."""
    return entry.uid == found.uid if entry.uid else found.written


def unproven(entry: Entry) -> Entry:
    """Take away what lets a later run believe that an object is as it was."""
    return replace(entry, owned="")


def uninstalling(release: Release) -> Release:
    """Say of a release that a teardown is on, which may touch all of it."""
    inventory = tuple(unproven(entry) for entry in release.inventory)
    return replace(release, status=ReleaseStatus.UNINSTALLING, inventory=inventory)
