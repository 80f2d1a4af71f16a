"""Where a connection of the API server goes: to nobody, a local process, or the responder.

Pure: the cluster comes as lists of objects. Opening connections is for `egress`.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from stackctl.model.objects.refs import Manifest, labels_of

_SERVICE_NAME = "kubernetes.io/service-name"
_DNS_PARTS = 3  # name, namespace, "svc"


class Way(Enum):
    """What to do with a connection."""

    REFUSED = auto()
    LOCAL = auto()  # a process registered for the Service
    SIMULATED = auto()  # the built-in responder
    KUBELET = auto()  # the responder in the role of a node
    DIRECT = auto()  # nothing of the cluster's: dial it


@dataclass(frozen=True, slots=True)
class Destination:
    """The answer: the way, who was meant, and the address to dial or the reason to refuse."""

    way: Way
    target: str = ""  # "namespace/service", "pod namespace/name", "node name"
    address: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What the decision depends on."""

    services: Sequence[Manifest] = ()
    slices: Sequence[Manifest] = ()
    pods: Sequence[Manifest] = ()
    nodes: Sequence[Manifest] = ()
    routes: Mapping[str, str] | None = None  # "namespace/service" → "host:port"


def resolve(host: str, port: int, world: World) -> Destination:
    """Return where a connection to an address inside or outside the cluster goes."""
    if (service := _service_at(host, world.services)) is not None:
        return _to_service(service, port, world)
    if (backend := _backend_at(host, port, world.slices)) is not None:
        return _to_backend(*backend, world)
    for node in world.nodes:
        if host in _node_addresses(node):
            return _to_node(node, port)
    for pod in world.pods:
        if pod.get("status", {}).get("podIP") == host:
            return _to_pod(pod)
    return _outside(host, port)


def _service_at(host: str, services: Iterable[Manifest]) -> Manifest | None:
    name = host.removesuffix(".cluster.local").split(".")
    named = name[:2] if len(name) == _DNS_PARTS and name[2] == "svc" else None
    for service in services:
        metadata = service["metadata"]
        if host in (service["spec"].get("clusterIPs") or ()):
            return service
        if named == [metadata["name"], metadata["namespace"]]:
            return service
    return None


def _to_service(service: Manifest, port: int, world: World) -> Destination:
    name = key_of(service)
    ports = service["spec"].get("ports") or ()
    port_name = next((entry.get("name", "") for entry in ports if entry["port"] == port), None)
    if port_name is None:
        return Destination(Way.REFUSED, name, reason=f'service "{name}" has no port {port}')
    ready = any(
        _is_ready(endpoint)
        for piece in slices_of(service, world.slices)
        if port_name in _port_names(piece)
        for endpoint in piece.get("endpoints") or ()
    )
    return _to_backend(name, ready, world)


def _to_backend(name: str, ready: bool, world: World) -> Destination:
    if not ready:
        return Destination(Way.REFUSED, name, reason=f'no endpoints available for service "{name}"')
    if address := (world.routes or {}).get(name):
        return Destination(Way.LOCAL, name, address=address)
    return Destination(Way.SIMULATED, name)


def _backend_at(host: str, port: int, slices: Iterable[Manifest]) -> tuple[str, bool] | None:
    """Find the Service that has this Pod address and port as an endpoint."""
    for piece in slices:
        numbers = {entry.get("port") for entry in piece.get("ports") or ()}
        for endpoint in piece.get("endpoints") or () if port in numbers else ():
            if host in endpoint["addresses"]:
                name = labels_of(piece).get(_SERVICE_NAME, "")
                return f"{piece['metadata']['namespace']}/{name}", _is_ready(endpoint)
    return None


def _to_node(node: Manifest, port: int) -> Destination:
    name = f"node {node['metadata']['name']}"
    endpoints = node["status"].get("daemonEndpoints") or {}
    if (endpoints.get("kubeletEndpoint") or {}).get("Port") == port:
        return Destination(Way.KUBELET, name)
    return Destination(Way.REFUSED, name, reason=f"{name} is simulated: nothing listens there")


def _to_pod(pod: Manifest) -> Destination:
    name = f"pod {key_of(pod)}"
    if pod["status"].get("phase") == "Running":
        return Destination(Way.SIMULATED, name)
    return Destination(Way.REFUSED, name, reason=f"{name} is not running")


def _outside(host: str, port: int) -> Destination:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return Destination(Way.DIRECT, host, address=address)
    if ip.is_private and not ip.is_loopback:
        return Destination(Way.REFUSED, host, reason="nothing in the sandbox has this address")
    return Destination(Way.DIRECT, host, address=address)


def slices_of(service: Manifest, slices: Iterable[Manifest]) -> Iterable[Manifest]:
    """Pick the EndpointSlices of a Service."""
    metadata = service["metadata"]
    for piece in slices:
        same_namespace = piece["metadata"]["namespace"] == metadata["namespace"]
        if same_namespace and labels_of(piece).get(_SERVICE_NAME) == metadata["name"]:
            yield piece


def key_of(manifest: Manifest) -> str:
    """Name a namespaced object as `namespace/name`."""
    return f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"


def _port_names(piece: Manifest) -> set[str]:
    return {entry.get("name") or "" for entry in piece.get("ports") or ()}


def _is_ready(endpoint: Manifest) -> bool:
    # Unknown counts as ready, the API says.
    return (endpoint.get("conditions") or {}).get("ready") is not False


def _node_addresses(node: Manifest) -> set[str]:
    return {entry["address"] for entry in node.get("status", {}).get("addresses") or ()}
