"""What a cluster is and has, as far as a profile can ask for it.

Whether that is enough is decided in `model.preflight`.
"""

from stackctl.cluster.connection import Connection
from stackctl.model.preflight import Facts, Node

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def read(connection: Connection) -> Facts:
    """Look at the server's version, its nodes, storage classes and namespaces."""
    client = connection.client
    nodes = client.list("/api/v1/nodes").items
    classes = client.list("/apis/storage.k8s.io/v1/storageclasses", metadata_only=True).items
    namespaces = client.list("/api/v1/namespaces", metadata_only=True).items
    return Facts(
        version=connection.info.version,
        nodes=tuple(
            Node(
                name=node["metadata"]["name"],
                allocatable=dict(node.get("status", {}).get("allocatable") or {}),
                labels=dict(node["metadata"].get("labels") or {}),
            )
            for node in nodes
        ),
        storage_classes=tuple(item["metadata"]["name"] for item in classes),
        default_storage=any(
            (item["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
            for item in classes
        ),
        namespaces=frozenset(item["metadata"]["name"] for item in namespaces),
    )
