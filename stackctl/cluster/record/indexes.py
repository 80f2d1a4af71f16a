"""The index of each revision: a ConfigMap, and others for what does not fit into it.

An index names its parts by their digest. What a record says is for `model.release`, which
revisions there are for `releases`.
"""

import base64
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from stackctl.api.client import Client
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.errors import ReleaseError
from stackctl.model.objects.refs import Manifest, Ref, labels_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release, decode, encode
from stackctl.secrets import SECRETS

STATUS_LABEL = "stackctl.dev/status"
PART_LABEL = "stackctl.dev/part"


def index(client: Client, release: Release, version: str = "") -> Manifest:
    """Make the index of a release; what does not fit into it is stored at once."""
    release = replace(
        release, message=SECRETS.mask(release.message), command=SECRETS.mask(release.command)
    )
    content = encode(release)
    mark = content_mark(content)
    data, pieces = {"digest": mark}, store.pieces(content)
    if len(pieces) > 1:
        data[store.PARTS.rpartition("/")[2]] = str(len(pieces))
        for number, piece in enumerate(pieces):
            part = _config(release.stack, _part_name(release.stack, mark, number), piece)
            part["metadata"]["labels"][PART_LABEL] = mark
            path = f"{store.indexes_of(release.stack)}/{part['metadata']['name']}"
            store.write(client, path, part)
    made = _config(
        release.stack,
        store.name_of(release.stack, release.revision),
        content if not pieces[1:] else b"",
    )
    made["metadata"]["labels"] |= {
        store.REVISION_LABEL: str(release.revision),
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
    revision = store.revision_of(found)
    where = Ref("", "ConfigMap", stack.namespace, found["metadata"]["name"])
    try:
        release = decode(_content(client, stack, found), stack.namespace)
        require_its_own(release, stack, revision)
    except ReleaseError as error:
        raise unreadable(stack, revision, where, error) from error
    return release


def all_of(client: Client, stack: StackId, *, metadata_only: bool = False) -> list[Manifest]:
    """Read the index of every revision there is, oldest first."""
    labels = store.mine(stack, store.REVISION_LABEL)
    found = client.list(store.indexes_of(stack), labels=labels, metadata_only=metadata_only).items
    mine = (each for each in found if store.is_index(stack, each))
    return sorted(mine, key=store.revision_of)


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
    """Return the error for an index that is not there any more, or is not labelled as one."""
    why = ReleaseError("is gone, or has lost its labels")
    return unreadable(stack, revision, ref_of_index(stack, revision), why)


def ref_of_index(stack: StackId, revision: int) -> Ref:
    """Name it for people."""
    return Ref("", "ConfigMap", stack.namespace, store.name_of(stack, revision))


def repair_hint(stack: StackId) -> str:
    """Return the command that puts a damaged record in order."""
    return f"stackctl record repair --stack {stack}"


def require_labelled(client: Client, stack: StackId, revision: int) -> None:
    """Refuse an index that cannot be found by its label.

    Raises:
        ReleaseError: it is there, and its labels say something else.
    """
    found = client.get(
        f"{store.indexes_of(stack)}/{store.name_of(stack, revision)}", metadata_only=True
    )
    wanted = {RECORD_LABEL: stack.name, store.REVISION_LABEL: str(revision)}
    labels = labels_of(found) if found is not None else wanted
    lost = [f"{key}={value}" for key, value in wanted.items() if labels.get(key) != value]
    if lost:
        why = ReleaseError(f"has lost its label {', '.join(lost)}")
        raise unreadable(stack, revision, ref_of_index(stack, revision), why)


def _content(client: Client, stack: StackId, found: Manifest) -> bytes:
    """Read the content of an index from its parts, as it was written."""
    data = found.get("data") or {}
    mark, count = data.get("digest", ""), data.get("parts", "0")
    if not store.NUMBER.fullmatch(count):
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
    found = client.get(f"{store.indexes_of(stack)}/{name}")
    if found is None:
        raise ReleaseError(f"its part ConfigMap/{stack.namespace}/{name} is gone")
    return _bytes(found)


def _bytes(found: Manifest) -> bytes:
    return base64.b64decode((found.get("binaryData") or {}).get("release", ""))


def content_mark(content: bytes) -> str:
    """Digest what an index holds."""
    return sha256(content).hexdigest()[:32]


def _part_name(stack: StackId, mark: str, number: int) -> str:
    return f"stackctl.{stack.name}.part.{mark[:12]}.{number}"


def tidy_parts(client: Client, stack: StackId, indexes: Iterable[Manifest]) -> None:
    """Remove the parts that no index names."""
    named = {(each.get("data") or {}).get("digest") for each in indexes}
    parts = client.list(
        store.indexes_of(stack), labels=store.mine(stack, PART_LABEL), metadata_only=True
    )
    names = (
        each["metadata"]["name"]
        for each in parts.items
        if labels_of(each).get(PART_LABEL) not in named
    )
    store.delete_all(client, store.indexes_of(stack), names)


def _config(stack: StackId, name: str, content: bytes) -> Manifest:
    made: Manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": store.metadata(stack, name),
    }
    encoded = base64.b64encode(content).decode()
    return made | ({"binaryData": {"release": encoded}} if content else {})
