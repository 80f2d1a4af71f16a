"""What a record is kept in: ConfigMaps for what was done, Secrets for what was applied.

Whoever may read the ConfigMaps of the namespace sees a stack's status, inventory and history and
none of its Secrets. What is larger than the API server takes is cut into parts. What is in the
ConfigMaps is for `indexes`, what is in the Secrets for `shards` and `secret_settings`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from stackctl.api.client import Client
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.errors import Invalid
from stackctl.model.objects.refs import FIELD_MANAGER, MANAGED_BY, Manifest, labels_of
from stackctl.model.ownership.stack_id import StackId

REVISION_LABEL = "stackctl.dev/revision"
PARTS = "stackctl.dev/parts"
NUMBER = re.compile("[0-9]{1,10}")
_TYPE = "stackctl.dev/release"
_PART_BYTES = 600 * 1024  # base64 makes 800 KiB of it


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


def revision_of(found: Manifest) -> int:
    """Return the revision an index is of; 0 where it does not say so in its label."""
    text = labels_of(found).get(REVISION_LABEL, "")
    return int(text) if NUMBER.fullmatch(text) else 0


def is_index(stack: StackId, found: Manifest) -> bool:
    """Tell an index from a copy of one, and from what was labelled by hand."""
    revision = revision_of(found)
    return bool(revision) and found["metadata"]["name"] == name_of(stack, revision)


def secret(stack: StackId, name: str, content: Mapping[str, str]) -> Manifest:
    """Make a Secret of a record; the content is encoded already."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": _TYPE,
        "metadata": metadata(stack, name),
        "data": dict(content),
    }


def metadata(stack: StackId, name: str) -> dict[str, Any]:
    """Make the metadata of an object of a record."""
    return {
        "name": name,
        "namespace": stack.namespace,
        "labels": {MANAGED_BY: FIELD_MANAGER, RECORD_LABEL: stack.name},
    }


def pieces(content: bytes) -> list[bytes]:
    """Cut content into parts that the API server takes."""
    return [content[at : at + _PART_BYTES] for at in range(0, len(content), _PART_BYTES)]


def write(client: Client, path: str, made: Manifest) -> None:
    """Write an object of a record, whatever is in its place."""
    try:
        client.apply(path, made, force=True)
    except Invalid:
        # Neither what a Secret is nor what cannot be changed is changed; it is ours, and made anew.
        client.delete(path)
        client.apply(path, made, force=True)


def delete_all(client: Client, path: str, names: Iterable[str]) -> None:
    """Delete objects of a record, those that are gone already left out."""
    for name in names:
        client.delete(f"{path}/{name}")
