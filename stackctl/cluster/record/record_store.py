"""What a record is kept in: ConfigMaps for what was done, Secrets for what was applied.

Whoever may read the ConfigMaps of the namespace sees a stack's status, inventory and history and
none of its Secrets. A ConfigMap for each revision is its index. What is larger than the API server
takes is cut into parts; indexes name theirs by digest, components are found by theirs. What a
record says is for `model.release`, which revisions there are for `releases`.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from stackctl.api.client import Client
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.errors import ReleaseError
from stackctl.model.compose.bundle import BundleComponent, from_plain, to_plain
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    MANAGED_BY,
    Manifest,
    Ref,
    annotations_of,
    digest,
    labels_of,
    ref_of,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import FORMAT, Release, decode, encode, pack, unpack
from stackctl.secrets import SECRETS

REVISION_LABEL = "stackctl.dev/revision"
STATUS_LABEL = "stackctl.dev/status"
SHARD_LABEL = "stackctl.dev/shard"
PART_LABEL = "stackctl.dev/part"
PARTS = "stackctl.dev/parts"
TYPE = "stackctl.dev/release"
NEWEST = "stackctl.dev/newest"
_ABOVE_ALL = 2**31 - 1  # no revision's number
_NUMBER = re.compile("[0-9]{1,10}")
PART_BYTES = 600 * 1024  # base64 makes 800 KiB of it
SHARDS_AT_ONCE = 50  # a request names each


def secrets_of(stack: StackId) -> str:
    """Return where the Secrets of a stack's record are."""
    return f"/api/v1/namespaces/{stack.namespace}/secrets"


def indexes_of(stack: StackId) -> str:
    """Return where the ConfigMaps of a stack's record are."""
    return f"/api/v1/namespaces/{stack.namespace}/configmaps"


def mine(stack: StackId, *labels: str) -> str:
    """Select what is kept of one stack."""
    return ",".join((f"{RECORD_LABEL}={stack.name}", *labels))


def name_of(stack: StackId, revision: int) -> str:
    """Name the object that a revision's index is kept in."""
    return f"stackctl.{stack.name}.v{revision}"


def ref_of_index(stack: StackId, revision: int) -> Ref:
    """Name it for people."""
    return Ref("", "ConfigMap", stack.namespace, name_of(stack, revision))


def repair_hint(stack: StackId) -> str:
    """Say how a record that is damaged is put in order."""
    return f"stackctl record repair --stack {stack}"


# The index of a revision.


def index(client: Client, release: Release, version: str = "") -> Manifest:
    """Make the index of a release; what does not fit into it is stored at once."""
    release = replace(
        release, message=SECRETS.mask(release.message), command=SECRETS.mask(release.command)
    )
    content = encode(release)
    mark = content_mark(content)
    data, pieces = {"digest": mark}, _pieces(content)
    if len(pieces) > 1:
        data[PARTS.rpartition("/")[2]] = str(len(pieces))
        for number, piece in enumerate(pieces):
            part = _config(release.stack, _part_name(release.stack, mark, number), piece)
            part["metadata"]["labels"][PART_LABEL] = mark
            path = f"{indexes_of(release.stack)}/{part['metadata']['name']}"
            client.apply(path, part, force=True)
    made = _config(
        release.stack, name_of(release.stack, release.revision), content if not pieces[1:] else b""
    )
    made["metadata"]["labels"] |= {
        REVISION_LABEL: str(release.revision),
        STATUS_LABEL: release.status.value,
    }
    if version:
        made["metadata"]["resourceVersion"] = version
    return made | {"data": data}


def opened(client: Client, stack: StackId, found: Manifest) -> Release:
    """Read the release that an index holds.

    Raises:
        LaterFormat: a later stackctl wrote it.
        ReleaseError: it is damaged; the object is named, what is lost and the way out.
    """
    revision = revision_of(found)
    where = Ref("", "ConfigMap", stack.namespace, found["metadata"]["name"])
    try:
        release = decode(_content(client, stack, found), stack.namespace)
        require_its_own(release, stack, revision)
    except ReleaseError as error:
        raise unreadable(stack, revision, where, error) from error
    return release


def require_its_own(release: Release, stack: StackId, revision: int) -> None:
    """Refuse what is in the place of another revision, or another stack's."""
    if (release.stack, release.revision) != (stack, revision):
        raise ReleaseError(f"holds revision {release.revision} of stack {release.stack}")


def unreadable(stack: StackId, revision: int, where: Ref, why: ReleaseError) -> ReleaseError:
    """Name an object of a record, what is wrong with it, what that loses, and the way out."""
    return type(why)(
        f"stack {stack}: {where}: {why}; what revision {revision} owns cannot be known from it",
        hint=why.hint or repair_hint(stack),
    )


def gone(stack: StackId, revision: int) -> ReleaseError:
    """Say that the index of a revision is not there any more."""
    return unreadable(stack, revision, ref_of_index(stack, revision), ReleaseError("is gone"))


def require_labelled(client: Client, stack: StackId, revision: int) -> None:
    """Refuse an index that cannot be found by its label.

    Raises:
        ReleaseError: it is there, and its label says something else.
    """
    found = client.get(f"{indexes_of(stack)}/{name_of(stack, revision)}", metadata_only=True)
    if found is not None and revision_of(found) != revision:
        why = ReleaseError(f"has lost its label {REVISION_LABEL}={revision}")
        raise unreadable(stack, revision, ref_of_index(stack, revision), why)


def revision_of(found: Manifest) -> int:
    """Tell which revision an index is of; 0 where it does not say so in its label."""
    text = labels_of(found).get(REVISION_LABEL, "")
    return int(text) if _NUMBER.fullmatch(text) else 0


def _content(client: Client, stack: StackId, found: Manifest) -> bytes:
    """Put the content of an index together, as it was written."""
    data = found.get("data") or {}
    mark, count = data.get("digest", ""), data.get("parts", "0")
    if not _NUMBER.fullmatch(count):
        raise ReleaseError("does not say what it consists of")
    if count == "0":
        content = _bytes(found)
    else:
        names = (_part_name(stack, mark, number) for number in range(int(count)))
        content = b"".join(_part(client, stack, name) for name in names)
    if content_mark(content) != mark:
        raise ReleaseError("is not what was written")
    return content


def _part(client: Client, stack: StackId, name: str) -> bytes:
    found = client.get(f"{indexes_of(stack)}/{name}")
    if found is None:
        raise ReleaseError(f"its part ConfigMap/{stack.namespace}/{name} is gone")
    return _bytes(found)


def _bytes(found: Manifest) -> bytes:
    return base64.b64decode((found.get("binaryData") or {}).get("release", ""))


def content_mark(content: bytes) -> str:
    """Digest what an index holds."""
    return sha256(content).hexdigest()[:32]


def _pieces(content: bytes) -> list[bytes]:
    return [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]


def _part_name(stack: StackId, mark: str, number: int) -> str:
    return f"stackctl.{stack.name}.part.{mark[:12]}.{number}"


def tidy_parts(client: Client, stack: StackId, indexes: Iterable[Manifest]) -> None:
    """Let the parts go that no index names."""
    named = {(each.get("data") or {}).get("digest") for each in indexes}
    parts = client.list(indexes_of(stack), labels=mine(stack, PART_LABEL), metadata_only=True)
    names = (
        each["metadata"]["name"]
        for each in parts.items
        if labels_of(each).get(PART_LABEL) not in named
    )
    delete_all(client, indexes_of(stack), names)


# The objects of components.


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """What is in the Secrets of a record, as far as their metadata tells."""

    shards: Mapping[str, Sequence[str]]  # the names of their Secrets; those that are complete
    broken: Mapping[str, Sequence[str]]  # those of which a part is gone
    others: Sequence[Manifest]  # the sign, and indexes of the first format

    @property
    def newest(self) -> int:
        """The revision that the sign says is the newest; 0 where there is no sign."""
        texts = [annotations_of(each).get(NEWEST, "") for each in self.others if is_sign(each)]
        return max((int(text) for text in texts if _NUMBER.fullmatch(text)), default=0)


def kept(client: Client, stack: StackId) -> StoredIndex:
    """List the Secrets of a record."""
    parts: dict[str, list[Manifest]] = defaultdict(list)
    others = []
    for item in client.list(secrets_of(stack), labels=mine(stack), metadata_only=True).items:
        if shard := labels_of(item).get(SHARD_LABEL):
            parts[shard].append(item)
        else:
            others.append(item)
    names = {shard: [each["metadata"]["name"] for each in parts[shard]] for shard in parts}
    whole = {shard for shard, items in parts.items() if _complete(items)}
    return StoredIndex(
        shards={shard: names[shard] for shard in names if shard in whole},
        broken={shard: names[shard] for shard in names if shard not in whole},
        others=others,
    )


def _complete(parts: Sequence[Manifest]) -> bool:
    return {annotations_of(part).get(PARTS) for part in parts} == {str(len(parts))}


def shard_ref(stack: StackId, component: str, shard: str, number: int = 0) -> Ref:
    """Name the Secret that a part of a component's objects is kept in."""
    name = f"stackctl.{stack.name}.{component}.{shard[:12]}.{number}"
    return Ref("", "Secret", stack.namespace, name)


def store(client: Client, stack: StackId, part: BundleComponent) -> None:
    """Store the objects of a component; they may be there already."""
    pieces = _pieces(pack(to_plain(part)))
    for number, piece in enumerate(pieces):
        name = shard_ref(stack, part.name, part.digest, number).name
        made = secret(stack, name, {"objects": base64.b64encode(piece).decode()})
        made["metadata"]["labels"][SHARD_LABEL] = part.digest
        made["metadata"]["annotations"] = {PARTS: str(len(pieces))}
        # Applied, not created: a killed run may have left this very part.
        client.apply(f"{secrets_of(stack)}/{name}", made, force=True)


def stored(
    client: Client, release: Release, only: Iterable[str] = ()
) -> Mapping[str, Sequence[Manifest]]:
    """Read the Secrets that a revision's shards are kept in, many shards with each request."""
    found: dict[str, list[Manifest]] = defaultdict(list)
    shards = sorted(set(only) or set(release.shards.values()))
    for at in range(0, len(shards), SHARDS_AT_ONCE):
        wanted = f"{SHARD_LABEL} in ({','.join(shards[at : at + SHARDS_AT_ONCE])})"
        labels = mine(release.stack, wanted)
        for each in client.list(secrets_of(release.stack), labels=labels).items:
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
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ReleaseError(
            f"stack {release.stack}: {where}: {error}; the objects of {component} in revision "
            f"{release.revision} are lost",
            hint=f"stackctl record check --stack {release.stack} says what can be done about it",
        ) from error


def unrestorable(release: Release) -> ReleaseError:
    """Say of a revision that it cannot be gone back to, and why."""
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
    ordered = sorted(parts, key=_part_number)
    content = b"".join(base64.b64decode((each.get("data") or {})["objects"]) for each in ordered)
    plain = unpack(content)
    if digest(plain) != shard or plain["name"] != component:
        raise ValueError("is not what was stored")
    part = from_plain(plain)
    for ref in map(ref_of, part.objects):
        if not ref.addressable:
            raise ValueError(f"{ref} names no object")
    return part


def _part_number(secret: Manifest) -> int:
    return int(secret["metadata"]["name"].rpartition(".")[2])


# The sign: a Secret for each stack that says which revision is the newest. The first programs look
# for indexes in Secrets; they find this one above all others, and refuse it as of a later format.


def sign(client: Client, stack: StackId, revision: int) -> None:
    """Say which revision is the newest, so that its loss is noticed."""
    name = name_of(stack, _ABOVE_ALL)
    content = {"release": base64.b64encode(pack({"format": FORMAT})).decode()}
    made = secret(stack, name, content)
    made["metadata"]["labels"][REVISION_LABEL] = str(_ABOVE_ALL)
    made["metadata"]["annotations"] = {NEWEST: str(revision)}
    client.apply(f"{secrets_of(stack)}/{name}", made, force=True)


def is_sign(found: Manifest) -> bool:
    """Tell the sign from an index of the first format."""
    return revision_of(found) == _ABOVE_ALL


# What both are made of.


def secret(stack: StackId, name: str, content: Mapping[str, str]) -> Manifest:
    """Make a Secret of a record; the content is encoded already."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": TYPE,
        "metadata": _metadata(stack, name),
        "data": dict(content),
    }


def _config(stack: StackId, name: str, content: bytes) -> Manifest:
    made: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(stack, name)}
    encoded = base64.b64encode(content).decode()
    return made | ({"binaryData": {"release": encoded}} if content else {})


def _metadata(stack: StackId, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": stack.namespace,
        "labels": {MANAGED_BY: FIELD_MANAGER, RECORD_LABEL: stack.name},
    }


def delete_all(client: Client, path: str, names: Iterable[str]) -> None:
    """Delete objects of a record, those that are gone already left out."""
    for name in names:
        client.delete(f"{path}/{name}")
