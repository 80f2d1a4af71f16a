"""Makes the Node objects of a sandbox be those that are wanted.

What the nodes then do is simulated by kwok and the agent.
"""

from stackctl.errors import SandboxError
from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.plane.nodes import GROUP_LABEL, NodeGroup, node_manifests
from stackctl.sandbox.plane.server import Server, ServerAnswer

_NODES = "/api/v1/nodes"
_QUERY = "fieldManager=stackctl-sandbox&force=true"


def populate(server: Server, groups: tuple[NodeGroup, ...], arch: str) -> bool:
    """Create missing nodes, correct others, delete unwanted ones; tell whether any came or went."""
    wanted = {node["metadata"]["name"]: node for node in node_manifests(groups, arch)}
    answer = _expect(server.ask("GET", f"{_NODES}?labelSelector={GROUP_LABEL}"), "the nodes")
    there = {node["metadata"]["name"] for node in answer.document["items"]}
    for name in sorted(there - wanted.keys()):
        _expect(server.ask("DELETE", f"{_NODES}/{name}"), f"Node/{name}")
    for name, node in wanted.items():
        _apply(server, name, node)
    return there != wanted.keys()


def _apply(server: Server, name: str, node: Manifest) -> None:
    # Applied, so that a group that loses its GPUs also loses what says that it has some.
    path = f"{_NODES}/{name}?{_QUERY}"
    _expect(server.ask("PATCH", path, node, kind="apply-patch+yaml"), f"Node/{name}")


def _expect(answer: ServerAnswer, what: str) -> ServerAnswer:
    if not answer.ok:
        raise SandboxError(f"{what}: {answer.message}")
    return answer
