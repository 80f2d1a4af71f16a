"""What a record keeps in Secrets: the objects of components, and which revision is the newest.

Components are found by the digest of their content, so that each is stored once. That sign of the
newest revision lets its loss be noticed; the first programs look for indexes in Secrets, find it
above all others, and refuse it as of a later format.
"""

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackctl.api.client import Client
from stackctl.cluster.record import record_store as store
from stackctl.errors import ReleaseError
from stackctl.model.compose.bundle import BundleComponent, from_plain, to_plain
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    Manifest,
    Ref,
    annotations_of,
    digest,
    labels_of,
    ref_of,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import FORMAT, Release, pack, unpack

SHARD_LABEL = "stackctl.dev/shard"
NEWEST = "stackctl.dev/newest"
SHARDS_AT_ONCE = 50  # a request names each
_ABOVE_ALL = 2**31 - 1  # no revision's number
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """What is in the Secrets of a record."""

    shards: Mapping[str, Sequence[str]]  # the names of their Secrets; those that are whole
    broken: Mapping[str, Sequence[str]]  # those of which a part is gone, or is not what was stored
    others: Sequence[Manifest]  # the sign, and indexes of the first format

    @property
    def newest(self) -> int:
        """The revision that the sign says is the newest; 0 where there is no sign."""
        texts = [annotations_of(each).get(NEWEST, "") for each in self.others if is_sign(each)]
        return max((int(text) for text in texts if store.NUMBER.fullmatch(text)), default=0)


def kept(client: Client, stack: StackId) -> StoredIndex:
    """List the Secrets of a record; only what others have written to is read as well."""
    parts: dict[str, list[Manifest]] = defaultdict(list)
    others = []
    for item in client.list(
        store.secrets_of(stack), labels=store.mine(stack), metadata_only=True
    ).items:
        if shard := labels_of(item).get(SHARD_LABEL):
            parts[shard].append(item)
        else:
            others.append(item)
    names = {shard: [each["metadata"]["name"] for each in parts[shard]] for shard in parts}
    whole = {shard for shard, items in parts.items() if _complete(items)}
    whole -= _spoilt(client, stack, [each for each in whole if not all(map(_ours, parts[each]))])
    return StoredIndex(
        shards={shard: names[shard] for shard in names if shard in whole},
        broken={shard: names[shard] for shard in names if shard not in whole},
        others=others,
    )


def _ours(part: Manifest) -> bool:
    """Tell whether the content is what we stored: the API server says who wrote it last."""
    return any(
        entry.get("manager") == FIELD_MANAGER
        and entry.get("operation") == "Apply"
        and "f:objects" in ((entry.get("fieldsV1") or {}).get("f:data") or {})
        for entry in part["metadata"].get("managedFields") or ()
    )


def _spoilt(client: Client, stack: StackId, doubtful: Sequence[str]) -> set[str]:
    """Find which shards are not what was stored, by what is in them."""
    found = set()
    for shard, parts in _parts_of(client, stack, doubtful).items():
        try:
            _content(shard, parts)
        except _UNREADABLE:
            found.add(shard)
    return found


def _complete(parts: Sequence[Manifest]) -> bool:
    return {annotations_of(part).get(store.PARTS) for part in parts} == {str(len(parts))}


def shard_ref(stack: StackId, component: str, shard: str, number: int = 0) -> Ref:
    """Name the Secret that a part of a component's objects is kept in."""
    name = f"stackctl.{stack.name}.{component}.{shard[:12]}.{number}"
    return Ref("", "Secret", stack.namespace, name)


def keep(client: Client, stack: StackId, part: BundleComponent) -> None:
    """Store the objects of a component; they may be there already."""
    pieces = store.pieces(pack(to_plain(part)))
    for number, piece in enumerate(pieces):
        name = shard_ref(stack, part.name, part.digest, number).name
        made = store.secret(stack, name, {"objects": base64.b64encode(piece).decode()})
        made["metadata"]["labels"][SHARD_LABEL] = part.digest
        made["metadata"]["annotations"] = {store.PARTS: str(len(pieces))}
        # Applied, not created: a killed run may have left this very part.
        store.write(client, f"{store.secrets_of(stack)}/{name}", made)


def stored(
    client: Client, release: Release, only: Iterable[str] = ()
) -> Mapping[str, Sequence[Manifest]]:
    """Read the Secrets that a revision's shards are kept in, many shards with each request."""
    shards = sorted(set(only) or set(release.shards.values()))
    return _parts_of(client, release.stack, shards)


def _parts_of(client: Client, stack: StackId, shards: Sequence[str]) -> dict[str, list[Manifest]]:
    found: dict[str, list[Manifest]] = defaultdict(list)
    for at in range(0, len(shards), SHARDS_AT_ONCE):
        wanted = f"{SHARD_LABEL} in ({','.join(shards[at : at + SHARDS_AT_ONCE])})"
        labels = store.mine(stack, wanted)
        for each in client.list(store.secrets_of(stack), labels=labels).items:
            found[each["metadata"]["labels"][SHARD_LABEL]].append(each)
    return found


def joined(release: Release, component: str, parts: Sequence[Manifest]) -> BundleComponent:
    """Make a component of the parts it is kept in.

    Raises:
        ReleaseError: it is not what was stored; the Secret is named, what is lost, the way out.
    """
    shard = release.shards[component]
    where = shard_ref(release.stack, component, shard)
    try:
        return _joined(component, shard, parts)
    except _UNREADABLE as error:
        raise ReleaseError(
            f"stack {release.stack}: {where}: {error}; the objects of {component} in revision "
            f"{release.revision} are lost",
            hint=f"stackctl record check --stack {release.stack} says what can be done about it",
        ) from error


def unrestorable(release: Release) -> ReleaseError:
    """Return the error for a revision that cannot be gone back to, with the reason."""
    whose = f"of {', '.join(release.lost)} " if release.lost else ""
    return ReleaseError(
        f"stack {release.stack}: revision {release.revision} cannot be restored: the objects "
        f"{whose}in it are lost",
        hint=f"stackctl history --stack {release.stack} shows which can be",
    )


def _joined(component: str, shard: str, parts: Sequence[Manifest]) -> BundleComponent:
    if not parts:
        raise ValueError("is gone")
    if not _complete(parts):
        raise ValueError("is there in part only")
    plain = _content(shard, parts)
    if plain["name"] != component:
        raise ValueError("is not what was stored")
    part = from_plain(plain)
    for ref in map(ref_of, part.objects):
        if not ref.addressable:
            raise ValueError(f"{ref} names no object")
    return part


def _content(shard: str, parts: Sequence[Manifest]) -> Any:
    """Read what the parts of a shard hold together, if it is what was stored."""
    ordered = sorted(parts, key=_part_number)
    held = [(each.get("data") or {}).get("objects", "") for each in ordered]
    if "" in held:
        raise ValueError("has no objects in it")
    plain = unpack(b"".join(map(base64.b64decode, held)))
    if digest(plain) != shard:
        raise ValueError("is not what was stored")
    return plain


def _part_number(secret: Manifest) -> int:
    return int(secret["metadata"]["name"].rpartition(".")[2])


def sign(client: Client, stack: StackId, revision: int) -> None:
    """Write down which revision is the newest, so that its loss is noticed."""
    name = store.name_of(stack, _ABOVE_ALL)
    content = {"release": base64.b64encode(pack({"format": FORMAT})).decode()}
    made = store.secret(stack, name, content)
    made["metadata"]["labels"][store.REVISION_LABEL] = str(_ABOVE_ALL)
    made["metadata"]["annotations"] = {NEWEST: str(revision)}
    store.write(client, f"{store.secrets_of(stack)}/{name}", made)


def is_sign(found: Manifest) -> bool:
    """Tell the sign from an index of the first format."""
    return store.revision_of(found) == _ABOVE_ALL
