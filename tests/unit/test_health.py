"""How a recorded stack stands, as far as it is counted."""

from dataclasses import replace
from typing import Any

import pytest

from stackctl.cli.report.status import gpu_lines
from stackctl.cli.terminal.terminal import Paint
from stackctl.cluster.status.gpus import gpus
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.preflight import Facts, Node
from stackctl.model.readiness.accelerators import NVIDIA as GPU
from stackctl.model.release.release import Release, ReleaseStatus

RELEASE = Release(
    stack=StackId("ml", RECORD_NAMESPACE),
    revision=1,
    status=ReleaseStatus.DEPLOYED,
    profile="gpu8",
    bundle="",
    cluster="",
    by="",
    tool="",
    begun="",
    requires=Needs(gpu=GpuNeeds(1, 8)),
)


def test_gpus_are_counted_as_kubernetes_writes_them():
    """A quantity may be written with a suffix: 1k are a thousand, 500m is not one."""
    nodes = (Node("a", {GPU: "1k"}, {}), Node("b", {GPU: "500m"}, {}), Node("c", {}, {}))
    (found,) = gpus(RELEASE, Facts("v1.36.3", nodes, (), False, frozenset()))
    assert (found.allocatable, found.nodes) == (1000, {"a": 1000, "b": 0})


def facts(*nodes: Node) -> Facts:
    """A cluster of these nodes."""
    return Facts("v1.36.3", nodes, (), False, frozenset())


def node(name: str, gpus: int, **fields: Any) -> Node:
    """A node in which GPUs were found."""
    labels = {"feature.node.kubernetes.io/pci-0302_10de.present": "true"}
    return Node(name, {GPU: str(gpus)}, labels, **fields)


TAINT = {"key": "maint", "value": "yes", "effect": "NoExecute"}


def test_nodes_that_are_gone_are_still_expected():
    """The record knows how many there were; the profile, how many there have to be."""
    (found,) = gpus(replace(RELEASE, gpu_nodes=2), facts(Node("cpu-0", {}, {})))
    assert (found.allocatable, found.expected, found.complete) == (0, 16, False)
    assert found.hints == ("kubectl get nodes --show-labels",)
    (found,) = gpus(RELEASE, facts())
    assert (found.allocatable, found.expected) == (0, 8)


def test_a_node_that_is_gone_is_not_looked_for_in_one_that_is_well():
    """How many are missing is told; a node that offers less than it should is named beside."""
    (found,) = gpus(replace(RELEASE, gpu_nodes=2), facts(node("a", 8)))
    assert (found.missing, found.hints) == (1, ("kubectl get nodes --show-labels",))
    (text, *_) = gpu_lines((found,), Paint(on=False))
    assert text.endswith("on 1 of 2 nodes; 1 node is missing")
    (found,) = gpus(replace(RELEASE, gpu_nodes=2), facts(node("a", 8), node("b", 4)))
    assert (found.missing, found.hints) == (0, ("kubectl describe node b",))


@pytest.mark.parametrize(
    ("fields", "why", "hint"),
    [
        ({"cordoned": True}, "cordoned", "kubectl uncordon a"),
        ({"ready": False}, "not ready", "kubectl describe node a"),
        (
            {"taints": (TAINT,)},
            "taint maint=yes:NoExecute",
            "kubectl taint node a maint=yes:NoExecute-",
        ),
    ],
)
def test_a_node_that_takes_no_pods_is_named(fields, why, hint):
    """Its GPUs are counted, and nobody can be given them."""
    (found,) = gpus(RELEASE, facts(node("a", 8, **fields)))
    assert (found.allocatable, found.closed, found.hints) == (8, {"a": why}, (hint,))
    assert not found.complete


@pytest.mark.parametrize(
    ("taint", "tolerations"),
    [
        (TAINT, [{"key": "maint", "operator": "Exists"}]),
        (TAINT, [{"key": "maint", "value": "yes", "effect": "NoExecute"}]),
        (TAINT | {"effect": "PreferNoSchedule"}, []),
        ({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}, []),
    ],
)
def test_a_taint_that_keeps_nothing_of_ours_away_is_none(taint, tolerations):
    """What the stack's own DaemonSets tolerate by its name is how such nodes are set apart."""
    (found,) = gpus(RELEASE, facts(node("a", 8, taints=(taint,))), (), tolerations)
    assert found.complete


def test_who_tolerates_everything_says_nothing_of_a_taint():
    """It runs there, and the Pods that use GPUs do not."""
    (found,) = gpus(RELEASE, facts(node("a", 8, taints=(TAINT,))), (), [{"operator": "Exists"}])
    assert found.closed


def test_gpus_in_use_are_those_of_pods_with_a_node():
    """Containers together, or the largest that runs before them; who waits holds nothing."""

    def pod(node: str, before: int, *asked: int) -> dict[str, Any]:
        def containers(*counts: int) -> list[dict[str, Any]]:
            return [{"resources": {"limits": {GPU: str(each)}}} for each in counts]

        spec = {"initContainers": containers(before), "containers": containers(*asked)}
        return {"spec": spec | ({"nodeName": node} if node else {})}

    pods = [pod("a", 0, 1, 2), pod("a", 4, 1), pod("", 0, 8), {"spec": {"nodeName": "a"}}]
    (found,) = gpus(RELEASE, facts(node("a", 8)), pods)
    assert found.in_use == 7


def test_instances_of_mig_count_by_whichever_name():
    """What is divided is expected in parts, and told by name where there are several."""
    shared = replace(RELEASE, requires=Needs(gpu=GpuNeeds(1, 8, GPU, 4)))
    one, three = "nvidia.com/mig-1g.10gb", "nvidia.com/mig-3g.40gb"
    pods = [
        {
            "spec": {
                "nodeName": "a",
                "containers": [{"resources": {"limits": {one: "2", three: 1}}}],
            }
        }
    ]
    (found,) = gpus(shared, facts(Node("a", {GPU: "0", one: "24", three: "8"}, {})), pods)
    assert (found.resource, found.allocatable, found.expected) == ("nvidia.com/*", 32, 32)
    assert (found.parts, found.in_use, found.complete) == ({one: 24, three: 8}, 3, True)
    (found,) = gpus(shared, facts(Node("a", {GPU: "8"}, {})))
    assert (found.resource, found.allocatable, found.expected) == (GPU, 8, 32)
    assert not found.complete


def test_accelerators_nobody_asked_for_are_told_as_they_are():
    """They are no reason to be troubled, whatever keeps Pods from their nodes."""
    tpu = Node("tpu-0", {"google.com/tpu": "4"}, {}, taints=(TAINT,))
    own, other = gpus(RELEASE, facts(node("a", 8), tpu))
    assert (own.resource, own.nodes) == (GPU, {"a": 8})
    assert (other.resource, other.allocatable, other.expected) == ("google.com/tpu", 4, 4)
    assert other.complete


def test_a_profile_may_ask_for_another_makers():
    """By its resource, in record and status."""
    amd = replace(RELEASE, requires=Needs(gpu=GpuNeeds(1, 8, "amd.com/gpu")))
    label = {"feature.node.kubernetes.io/pci-1002.present": "true"}
    (found,) = gpus(amd, facts(Node("a", {}, label), Node("b", {}, {})))
    assert (found.resource, found.nodes, found.expected) == ("amd.com/gpu", {"a": 0}, 8)
