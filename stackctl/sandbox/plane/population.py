"""Makes the Node objects of a sandbox be those that are wanted, and gives it a storage class.

What the nodes then do, and where volumes come from, is simulated by kwok and the agent.
"""

from stackctl.errors import SandboxError
from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.plane.nodes import GROUP_LABEL, NodeGroup, node_manifests
from stackctl.sandbox.plane.server import Server, ServerAnswer

PROVISIONER = "volumes.sandbox.stackctl.dev"

_NODES = "/api/v1/nodes"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
# As a cluster's own disks are offered: where the first Pod runs, and free to grow.
_STORAGE_CLASS: Manifest = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
    "allowVolumeExpansion": True,
}
_QUERY = "fieldManager=stackctl-sandbox&force=true"


def populate(server: Server, groups: tuple[NodeGroup, ...], arch: str) -> bool:
    """Create missing nodes, correct others, delete unwanted ones; tell whether any came or went."""
    wanted = {node["metadata"]["name"]: node for node in node_manifests(groups, arch)}
    answer = _expect(server.ask("GET", f"{_NODES}?labelSelector={GROUP_LABEL}"), "the nodes")
    there = {node["metadata"]["name"] for node in answer.document["items"]}
    for name in sorted(there - wanted.keys()):
        _expect(server.ask("DELETE", f"{_NODES}/{name}"), f"Node/{name}")
    for name, node in wanted.items():
        # Applied, so that a group that loses its GPUs also loses what says that it has some.
        _apply(server, f"{_NODES}/{name}", node)
    return there != wanted.keys()


def offer_storage(server: Server) -> None:
    """Let claims that name no storage class find one."""
    _apply(server, f"{_CLASSES}/{_STORAGE_CLASS['metadata']['name']}", _STORAGE_CLASS)


def _apply(server: Server, path: str, manifest: Manifest) -> None:
    answer = server.ask("PATCH", f"{path}?{_QUERY}", manifest, kind="apply-patch+yaml")
    _expect(answer, f"{manifest['kind']}/{manifest['metadata']['name']}")


def _expect(answer: ServerAnswer, what: str) -> ServerAnswer:
    if not answer.ok:
        raise SandboxError(f"{what}: {answer.message}")
    return answer
