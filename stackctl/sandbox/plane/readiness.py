"""What a sandbox that is ready looks like; waiting for it is for `starting`."""

import socket
from dataclasses import dataclass

from stackctl.model.objects.conditions import holds
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.accelerators import NVIDIA, offered_count
from stackctl.sandbox.machine.places import Sandbox
from stackctl.sandbox.plane.nodes import GROUP_LABEL, gpus_of, resource_of
from stackctl.sandbox.plane.server import Server

_DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One simulated node as the API server knows it."""

    name: str
    ready: bool
    gpus: int  # that the node is made with
    allocatable: int  # that its device plugin offers
    resource: str = NVIDIA  # by which they are asked for


def api_pending(server: Server) -> str:
    """Return why the API server is not ready, empty when it is."""
    answer = server.ask("GET", "/readyz")
    return "" if answer.ok else f"the API server: {answer.message}"


def is_ending(server: Server) -> bool:
    """Tell whether an API server has been told to end and still waits for its clients."""
    answer = server.ask("GET", "/readyz")
    return not answer.ok and "[-]shutdown" in answer.message


def version_of(server: Server) -> str:
    """Return the version that the API server says it has, empty when it does not answer."""
    answer = server.ask("GET", "/version")
    return str(answer.document["gitVersion"]) if answer.ok else ""


def cluster_pending(server: Server) -> str:
    """Return what a cluster that takes Pods still lacks."""
    if not server.ask("GET", _DEFAULT_ACCOUNT).ok:
        return "no default ServiceAccount yet"
    waiting = [node.name for node in read_nodes(server) if not node.ready]
    return f"nodes not ready: {', '.join(waiting)}" if waiting else ""


def agent_pending(sandbox: Sandbox) -> str:
    """Return whether the agent takes the API server's calls."""
    if sandbox.long:  # we have no short way to that address
        return "" if sandbox.egress_socket.is_socket() else "the agent: no socket yet"
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(sandbox.egress_socket))
        except OSError as error:
            return f"the agent: {error.strerror}"
    return ""


def read_nodes(server: Server) -> tuple[NodeStatus, ...]:
    """Return the sandbox's nodes, empty when the API server does not answer."""
    answer = server.ask("GET", f"/api/v1/nodes?labelSelector={GROUP_LABEL}")
    return tuple(map(_node_status, answer.document["items"])) if answer.ok else ()


def _node_status(node: Manifest) -> NodeStatus:
    status, resource = node.get("status", {}), resource_of(node)
    # The taint goes a moment after the condition comes, and until then nothing is scheduled.
    tainted = any(taint["key"].startswith("node.kubernetes.io/") for taint in _taints(node))
    return NodeStatus(
        name=node["metadata"]["name"],
        ready=holds(node, "Ready") and not tainted,
        gpus=gpus_of(node),
        allocatable=offered_count(resource, status.get("allocatable", {})),
        resource=resource,
    )


def _taints(node: Manifest) -> list[dict[str, str]]:
    return node.get("spec", {}).get("taints") or []
