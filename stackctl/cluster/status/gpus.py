"""The GPUs of a stack's nodes: how many there are and should be, and which nodes take no Pods.

Accelerators of other makers, which no profile of the stack asks for, are told as they are.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stackctl.api.client import Client
from stackctl.errors import Forbidden
from stackctl.model.catalogue.profile import GpuNeeds
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.preflight import Facts, Node, Topic
from stackctl.model.readiness import kept
from stackctl.model.readiness.accelerators import offered, others, shows
from stackctl.model.readiness.placement import taint_text, tolerates
from stackctl.model.readiness.requests import requested
from stackctl.model.release.release import Release
from stackctl.model.run.outcome import Gpus

PODS = "/api/v1/pods"
Toleration = Mapping[str, Any]
_OF_NODES = "node.kubernetes.io/"  # taints that say what is said by the node's conditions
LIVE = "status.phase!=Succeeded,status.phase!=Failed"


def read_pods(client: Client) -> Sequence[Manifest] | None:
    """List the Pods that hold what they asked for; None where they may not be listed."""
    try:
        return client.list(PODS, fields=LIVE, keep=kept.request).items
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
    own = _wanted(needs, release.gpu_nodes, seen, pods, tuple(tolerations))
    rest = (_there(each, seen, pods) for each in others(needs.resource))
    return (own, *(each for each in rest if each.nodes))


def _wanted(
    needs: GpuNeeds,
    recorded: int,
    seen: Facts,
    pods: Iterable[Manifest] | None,
    tolerated: Sequence[Toleration],
) -> Gpus:
    """Count what the profile asks for, beside what there should be."""
    found = _there(needs.resource, seen, pods, _has_gpus)
    meant = [node for node in seen.nodes if node.name in found.nodes]
    closed = {node.name: why for node in meant if (why := _closed(node, tolerated))}
    nodes = max(needs.nodes, recorded, len(meant))
    missing = nodes - len(meant)
    found = replace(found, expected=nodes * needs.offered, closed=closed, missing=missing)
    if found.complete:
        return found
    return replace(found, hints=tuple(_hints(found.nodes, closed, needs.offered, missing)))


def _there(
    resource: str,
    seen: Facts,
    pods: Iterable[Manifest] | None,
    meant: Callable[[str, Node], bool] = lambda _resource, _node: False,
) -> Gpus:
    """Count what nodes offer of a resource, by whichever of its names, and what is in use."""
    nodes, names = {}, Counter[str]()
    for node in seen.nodes:
        there = offered(resource, node.allocatable)
        if there or meant(resource, node):
            nodes[node.name] = sum(there.values())
            names.update(there)
    named = sorted(names) or [resource]
    used = None if pods is None else sum(requested(pod, each) for pod in pods for each in named)
    total, one = sum(nodes.values()), len(named) == 1
    title = named[0] if one else f"{resource.partition('/')[0]}/*"
    return Gpus(title, total, total, nodes, used, parts={} if one else dict(names))


def _has_gpus(resource: str, node: Node) -> bool:
    """Tell by what was found out about a node whether accelerators are in it.

    Not by its taints, which may only mean that nobody else is to come.
    """
    labels = {key: each for key, each in node.labels.items() if key.endswith(".present")}
    return shows(resource, node.allocatable, labels)


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


def _hints(
    nodes: Mapping[str, int], closed: Mapping[str, str], offered: int, missing: int
) -> Iterator[str]:
    for name, why in closed.items():
        if why == "cordoned":
            yield f"kubectl uncordon {name}"
        elif why.startswith("taint "):
            yield f"kubectl taint node {name} {why.removeprefix('taint ')}-"
        else:
            yield f"kubectl describe node {name}"
    if missing > 0:
        yield "kubectl get nodes --show-labels"
    worst = min(nodes, key=lambda name: nodes[name], default="")
    if not closed and worst and nodes[worst] < offered:
        yield f"kubectl describe node {worst}"
