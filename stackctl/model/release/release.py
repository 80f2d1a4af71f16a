"""What is recorded of a deployment: revisions, inventories, locks; encoded as JSON.

Reading and writing them on the cluster is `cluster.releases`.
"""

import gzip
import json
import re
import zlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from stackctl.errors import LaterFormat, ReleaseError
from stackctl.model.catalogue.catalogue import CatalogueSource
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.objects.refs import RECORD_NAMESPACE, Manifest, Ref, ref_of
from stackctl.model.ownership.proof import Mark
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.shapes import json_text
from stackctl.model.shapes.decode import encoded
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.model.shapes.ready_rules import ReadyRules, is_late, read_rules
from stackctl.model.shapes.shapes import (
    FLAG,
    NAME,
    REFERENCE,
    TEXT,
    TEXT_MAP,
    TEXTS,
    WHOLE,
    Leaf,
    Shape,
    misshapen,
    one_of,
)

FORMAT = 2  # 1: the same, kept in a Secret
WITH_RULES = 3  # with rules of readiness; written only where there are any
WITH_SOURCES = 4  # with what it was made of, what others were left, what `status` tries
WITH_ENDS = 5  # with what has completed and goes; with rules for what reports nothing
WITH_ACCELERATORS = 6  # with other accelerators than whole GPUs of NVIDIA
MOST_BYTES = 64 << 20  # of one release or component, unpacked
_LONGEST_VALUE = 400  # characters
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


INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class LeftField:
    """A field that was left to whoever holds it, and what it was to be."""

    manager: str
    field: str  # as the API server names it
    wanted: str  # as JSON; secrets masked


def as_recorded(value: Any) -> str:
    """Write a value that was not sent as it is recorded: nobody needs more than its beginning."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


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
    unsure: bool = False  # whether it was: the stack wrote it, and no record tells since when
    ended: bool = False  # goes by itself, and was seen to complete: that it is gone is right
    left: tuple[LeftField, ...] = ()  # to others, though it is not known to be theirs to write


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is there because the stack made it, and of what that cannot be told."""

    created: frozenset[Ref] = frozenset()
    unsure: frozenset[Ref] = frozenset()


def provenance(entries: Iterable[Entry]) -> Provenance:
    """Read out of an inventory what the stack made."""
    known = tuple(entries)
    return Provenance(
        frozenset(each.ref for each in known if each.created),
        frozenset(each.ref for each in known if each.unsure),
    )


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
    rules: ReadyRules = field(default_factory=dict)  # how kinds in the inventory get ready
    sources: tuple[CatalogueSource, ...] = ()  # the catalogues it was made from
    samples: Mapping[str, tuple[Manifest, ...]] = field(
        default_factory=dict
    )  # component → what its webhooks have accepted, in a dry run
    gpu_nodes: int = 0  # that had GPUs when it was ready

    @property
    def word(self) -> str:
        """How it ended, for people: to Helm, a run that somebody stopped has failed as well."""
        said = self.message.removeprefix(f"stack {self.stack}: ")
        stopped = self.status is ReleaseStatus.FAILED and said.startswith(INTERRUPTED)
        return INTERRUPTED if stopped else self.status.value

    @property
    def lost(self) -> tuple[str, ...]:
        """Components of which it is not recorded any more what was applied."""
        return tuple(name for name in self.components if name not in self.shards)

    @property
    def restorable(self) -> bool:
        """It can be gone back to: what it applied was recorded, and is not known to be lost."""
        return not self.lost and bool(self.bundle or not self.inventory)

    @property
    def untold(self) -> bool:
        """The run has not said how it ended: its inventory is what it was about to touch."""
        if self.status is ReleaseStatus.FAILED:
            return not self.finished
        return self.status.pending and self.status is not ReleaseStatus.UNINSTALLING


def written_off(release: Release, components: Container[str]) -> Release:
    """Take note that what was applied of components is lost, so that nobody looks for it again."""
    shards = {name: each for name, each in release.shards.items() if name not in components}
    return replace(release, shards=shards)


def encode(release: Release) -> bytes:
    """Write a release as compressed JSON, the same bytes for the same release."""
    plain = {each.name: getattr(release, each.name) for each in fields(release)}
    plain["stack"] = release.stack.name  # the namespace is where it is kept
    plain["requires"] = _plain_needs(release.requires)
    plain["inventory"] = [_plain(entry) for entry in release.inventory]
    plain["samples"] = {name: list(each) for name, each in release.samples.items()}
    plain["rules"] = encoded(release.rules)
    plain["sources"] = [[each.folder, each.digest] for each in release.sources]
    kept = {key: each for key, each in plain.items() if each or key not in _LATER}
    # What is older can read it too where it has nothing that came later.
    forms = [_LATER[key] for key in kept if key in _LATER]
    left = [WITH_SOURCES] if any(entry.left for entry in release.inventory) else []
    if any(entry.ended for entry in release.inventory) or any(map(is_late, release.rules.items())):
        forms.append(WITH_ENDS)
    if plain["requires"]["gpu"] and len(plain["requires"]["gpu"]) > _FIRST_OF_GPUS:
        forms.append(WITH_ACCELERATORS)
    return pack({"format": max([FORMAT, *forms, *left])} | kept)


def _plain_needs(needs: Needs) -> dict[str, Any]:
    """Leave out of GPUs what they are by themselves."""
    plain, usual = asdict(needs), asdict(GpuNeeds())
    if plain["gpu"]:
        later = {key: plain["gpu"].pop(key) for key in ("resource", "shares")}
        plain["gpu"] |= {key: value for key, value in later.items() if value != usual[key]}
    return plain


_FIRST_OF_GPUS = 2  # nodes, perNode
_LATER = {
    "rules": WITH_RULES,
    "sources": WITH_SOURCES,
    "samples": WITH_SOURCES,
    "gpu_nodes": WITH_SOURCES,
}


def _plain(entry: Entry) -> dict[str, Any]:
    """Leave out what is empty; there are thousands of entries."""
    values = {name: value for name in _NAMES if (value := getattr(entry, name))}
    if entry.left:
        values["left"] = [[each.manager, each.field, each.wanted] for each in entry.left]
    return {"ref": entry.ref.key} | values


def _are_texts(value: Any, count: int) -> bool:
    return not misshapen(value, TEXTS) and len(value) == count


_NAMES = tuple(each.name for each in fields(Entry) if each.name != "ref")
_ENTRY: Shape = {
    "ref!": REFERENCE,
    "component!": TEXT,
    "version!": TEXT,
    "created": FLAG,
    "unsure": FLAG,
    "ended": FLAG,
    "rendered": TEXT,
    "left": [Leaf("a manager, a field and a value", lambda each: _are_texts(each, 3))],
    **dict.fromkeys(("uid", "mark", "owned"), TEXT),
}
_FORMAT: Shape = {"format!": WHOLE}
_SHAPE: Shape = {
    "format!": WHOLE,
    "stack!": NAME,
    "revision!": WHOLE,
    "status!": one_of(ReleaseStatus),
    **{f"{key}!": TEXT for key in ("profile", "bundle", "cluster", "by", "tool", "begun")},
    **dict.fromkeys(("finished", "message", "command"), TEXT),
    **dict.fromkeys(("sets", "components", "shards"), TEXT_MAP),
    "requires!": {
        "kubernetes": TEXT,
        "gpu": {"nodes": WHOLE, "perNode": WHOLE, "resource": TEXT, "shares": WHOLE},
        "storageClass": FLAG,
    },
    "inventory!": [_ENTRY],
    "rules": {"*": {}},
    "sources": [Leaf("a folder and a digest", lambda each: _are_texts(each, 2))],
    "samples": {"*": [{}]},
    "gpu_nodes": WHOLE,
}


def decode(content: bytes, namespace: str = RECORD_NAMESPACE) -> Release:
    """Read what `encode` wrote; the namespace is where it was found.

    Raises:
        LaterFormat: a later stackctl wrote it.
        ReleaseError: the content is damaged.
    """
    try:
        plain = unpack(content)
        if misshapen(plain, _FORMAT):
            raise ValueError("not a release")  # noqa: TRY301 - as every other damage
        if plain["format"] > WITH_ACCELERATORS:
            raise LaterFormat("recorded by a later stackctl", hint=UPGRADE_HINT)
        for problem in misshapen(plain, _SHAPE):
            raise ValueError(str(problem))  # noqa: TRY301 - as every other damage
        given = {key: value for key, value in plain.items() if value is not None}
        return _release({key: given[key] for key in given if key != "format"}, namespace)
    except (ValueError, TypeError) as error:  # the latter of fields that nobody knows
        raise ReleaseError(f"cannot be read: {error}") from error


def _release(plain: dict[str, Any], namespace: str) -> Release:
    if plain["revision"] < 1:
        raise ValueError("revision: expected 1 or more")
    for name, shard in plain.get("shards", {}).items():
        if not _DIGEST.fullmatch(shard):
            raise ValueError(f"shards.{name}: expected a digest")
    gpu = plain["requires"].get("gpu")
    needs = Needs(**plain["requires"] | {"gpu": GpuNeeds(**gpu) if gpu else None})
    return Release(
        **plain
        | {
            "stack": StackId(plain["stack"], namespace),
            "status": ReleaseStatus(plain["status"]),
            "requires": needs,
            "inventory": tuple(map(_entry, plain["inventory"])),
            "rules": read_rules(plain.get("rules") or {}),
            "sources": tuple(CatalogueSource(*each) for each in plain.get("sources") or ()),
            "samples": {
                name: tuple(map(_sample, each)) for name, each in plain.get("samples", {}).items()
            },
        }
    )


def _sample(plain: Manifest) -> Manifest:
    """Read an object that is to be sent, in a dry run, to where its name leads."""
    problems = object_problems(plain)
    if problems or not ref_of(plain).addressable:
        raise ValueError(str(problems[0]) if problems else "samples: a name leads elsewhere")
    return plain


def _entry(plain: Mapping[str, Any]) -> Entry:
    """Read an entry; the first format kept the digest of what was sent as `rendered`."""
    values = {key: value for key, value in plain.items() if key != "rendered"}
    if earlier := plain.get("rendered"):
        values["mark"] = str(Mark(earlier))
    left = tuple(LeftField(*each) for each in plain.get("left") or ())
    entry = Entry(**(values | {"ref": Ref.parse(plain["ref"]), "left": left}))
    if not entry.ref.addressable:
        raise ValueError(f"{entry.ref} names no object")
    return entry


def pack(value: Any) -> bytes:
    """Compress a JSON value; equal values give equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(errors="replace"), compresslevel=6, mtime=0)


def unpack(content: bytes) -> Any:
    """Read what `pack` wrote.

    Raises:
        ValueError: it is damaged, or much larger than anything recorded.
    """
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | _GZIP)
    try:
        text = decompressor.decompress(content, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"not compressed as it should be: {error}") from error
    if not decompressor.eof:
        raise ValueError("it is cut off" if len(text) < MOST_BYTES else "it is too large")
    return json_text.read(text)


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
        elif known is None:
            entries[ref] = Entry(ref, component, version, unsure=found.written)
        elif not _same(known, found):
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
