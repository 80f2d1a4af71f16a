"""The GPUs of a stack's nodes: how many there are and should be, and which nodes take no Pods."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stackctl.api.client import Client
from stackctl.errors import Forbidden
from stackctl.model.objects.quantities import count
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.preflight import GPU, Facts, Node, Topic
from stackctl.model.readiness.placement import taint_text, tolerates
from stackctl.model.readiness.requests import requested
from stackctl.model.release.release import Release
from stackctl.model.run.outcome import Gpus

PODS = "/api/v1/pods"
Toleration = Mapping[str, Any]
# Labels by which programs that look for devices tell of GPUs, and taints that say what is said.
_FOUND = ("nvidia.com/gpu.present", "10de.present")
_OF_NODES = "node.kubernetes.io/"
LIVE = "status.phase!=Succeeded,status.phase!=Failed"


def read_pods(client: Client) -> Sequence[Manifest] | None:
    """List the Pods that hold what they asked for; None where they may not be listed."""
    try:
        return client.list(PODS, fields=LIVE).items
    except Forbidden:
        return None


def gpus(
    release: Release,
    seen: Facts,
    pods: Iterable[Manifest] | None = None,
    tolerations: Iterable[Toleration] = (),
) -> tuple[Gpus, ...]:
    """Count the GPUs that the nodes offer, where the profile expects any.

    `tolerations` are those of the stack's DaemonSets: what they tolerate keeps no GPU from it.
    """
    needs = release.requires.gpu
    if needs is None or Topic.NODES in seen.hidden:
        return ()
    offered = {node.name: count(node.allocatable.get(GPU, "0")) for node in seen.nodes}
    meant = [node for node in seen.nodes if offered[node.name] or _has_gpus(node)]
    nodes = {node.name: offered[node.name] for node in meant}
    tolerated = tuple(tolerations)
    closed = {node.name: why for node in meant if (why := _closed(node, tolerated))}
    expected = max(needs.nodes, release.gpu_nodes, len(nodes)) * needs.perNode
    used = None if pods is None else sum(requested(pod, GPU) for pod in pods)
    found = Gpus(GPU, sum(nodes.values()), expected, nodes, used, closed)
    return (found if found.complete else replace(found, hints=tuple(_hints(nodes, closed))),)


def _has_gpus(node: Node) -> bool:
    """Tell by what was found out about a node whether GPUs are in it."""
    present = any(key.endswith(_FOUND) and each == "true" for key, each in node.labels.items())
    return present or GPU in node.allocatable


def _closed(node: Node, tolerated: Sequence[Toleration]) -> str:
    """Say why a node takes no new Pods of those who use GPUs; empty for one that does."""
    if node.cordoned:
        return "cordoned"
    if not node.ready:
        return "not ready"
    by_name = [each for each in tolerated if each.get("key")]  # who tolerates all says nothing
    for taint in node.taints:
        own = taint["key"].startswith(_OF_NODES) or taint["effect"] == "PreferNoSchedule"
        if not own and not any(tolerates(each, taint) for each in by_name):
            return f"taint {taint_text(taint)}"
    return ""


def _hints(nodes: Mapping[str, int], closed: Mapping[str, str]) -> Iterator[str]:
    for name, why in closed.items():
        if why == "cordoned":
            yield f"kubectl uncordon {name}"
        elif why.startswith("taint "):
            yield f"kubectl taint node {name} {why.removeprefix('taint ')}-"
        else:
            yield f"kubectl describe node {name}"
    if not closed:
        worst = min(nodes, key=lambda name: nodes[name], default="")
        yield f"kubectl describe node {worst}" if worst else "kubectl get nodes --show-labels"
