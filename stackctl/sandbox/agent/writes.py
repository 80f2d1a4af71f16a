"""How the agent changes objects: as its own field manager, and never an object that moved on."""

from typing import Any

from stackctl.api.client import PATCHES, Client, encode
from stackctl.model.objects.refs import Manifest

MANAGER = "sandbox-agent"


def merge(client: Client, path: str, change: Manifest) -> None:
    """Send a merge patch."""
    _patch(client, path, change, "merge")


def patch_fields(client: Client, path: str, manifest: Manifest, changes: list[Manifest]) -> None:
    """Send a JSON patch that holds for exactly this version of the object.

    Raises:
        Rejected: the object has changed; it will be seen again.
    """
    version = manifest["metadata"]["resourceVersion"]
    test = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
    _patch(client, path, [test, *changes], "json")


def _patch(client: Client, path: str, body: Any, kind: str) -> None:
    client.request(
        "PATCH",
        path,
        query={"fieldManager": MANAGER},
        body=encode(body),
        content_type=PATCHES[kind],
    )
