"""Which nodes a sandbox simulates: reads `gpu=2x8,cpu=1` and writes Node manifests.

Nothing in here talks to a cluster.
"""

import re
from dataclasses import dataclass

from stackctl.errors import UsageError
from stackctl.model.objects.refs import Manifest, annotations_of, labels_of
from stackctl.model.readiness.accelerators import AMD, NVIDIA, TPU

DEFAULT_NODES = "gpu=2x8,cpu=1"
GROUP_LABEL = "sandbox.stackctl.dev/node-group"
GPUS_ANNOTATION = "sandbox.stackctl.dev/gpus"
NVIDIA_LABEL = "sandbox.stackctl.dev/pci-10de"
AMD_LABEL = "sandbox.stackctl.dev/pci-1002"
TPU_LABEL = "cloud.google.com/gke-tpu-accelerator"  # as Google's own nodes have it
KWOK_ANNOTATION = "kwok.x-k8s.io/node"

_GROUP = re.compile(r"(?P<name>[^=]+)=(?P<count>\d{1,9})(?:x(?P<gpus>\d{1,9}))?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?")
_TPU = "tpu-v6e-slice"
_MOST_NODES = 500
_MOST_GPUS = 16
_HINT = f"write groups as NAME=COUNT or NAME=COUNTxGPUS, for example --nodes {DEFAULT_NODES}"


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """Nodes that are alike; `gpus` is per node.

    What makes them is told by the name, up to a hyphen: `amd` and `tpu` have such accelerators,
    all others GPUs of NVIDIA.
    """

    name: str
    count: int
    gpus: int = 0

    def __str__(self) -> str:
        return f"{self.name}={self.count}x{self.gpus}" if self.gpus else f"{self.name}={self.count}"


def parse_nodes(text: str) -> tuple[NodeGroup, ...]:
    """Read a node specification such as `gpu=2x8,cpu=1`."""
    groups = tuple(_parse_group(part.strip()) for part in text.split(",") if part.strip())
    if not groups:
        raise UsageError("--nodes: no nodes given", hint=_HINT)
    names = [group.name for group in groups]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"--nodes: group {min(twice)!r} is given twice", hint=_HINT)
    if sum(group.count for group in groups) > _MOST_NODES:
        raise UsageError(f"--nodes: more than {_MOST_NODES} nodes", hint=_HINT)
    return groups


def _parse_group(text: str) -> NodeGroup:
    match = _GROUP.fullmatch(text)
    if not match:
        raise UsageError(f"--nodes: cannot read {text!r}", hint=_HINT)
    group = NodeGroup(match["name"], int(match["count"]), int(match["gpus"] or 0))
    if not _NAME.fullmatch(group.name):
        raise UsageError(
            f"--nodes: {group.name!r} cannot be part of a node's name",
            hint="use lower-case letters, digits and '-'",
        )
    if not group.count:
        raise UsageError(f"--nodes: {text!r} makes no node", hint=_HINT)
    if group.gpus > _MOST_GPUS:
        raise UsageError(f"--nodes: {text!r}: at most {_MOST_GPUS} GPUs per node", hint=_HINT)
    return group


def format_nodes(groups: tuple[NodeGroup, ...]) -> str:
    """Write what `parse_nodes` reads."""
    return ",".join(map(str, groups))


def node_manifests(groups: tuple[NodeGroup, ...], arch: str = "amd64") -> tuple[Manifest, ...]:
    """Write the Node objects of all groups."""
    return tuple(
        _node_manifest(group, f"{group.name}-{index}", arch)
        for group in groups
        for index in range(group.count)
    )


def _node_manifest(group: NodeGroup, name: str, arch: str) -> Manifest:
    labels = {
        "kubernetes.io/arch": arch,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        GROUP_LABEL: group.name,
    }
    annotations = {KWOK_ANNOTATION: "fake"}
    if group.gpus:
        labels |= _ACCELERATED.get(group.name.partition("-")[0], {NVIDIA_LABEL: "true"})
        annotations[GPUS_ANNOTATION] = str(group.gpus)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
    }


_ACCELERATED = {"amd": {AMD_LABEL: "true"}, "tpu": {TPU_LABEL: _TPU}}


def resource_of(node: Manifest) -> str:
    """Return by which name a node's accelerators are asked for."""
    labels = labels_of(node)
    return AMD if AMD_LABEL in labels else TPU if TPU_LABEL in labels else NVIDIA


def gpus_of(node: Manifest) -> int:
    """Return how many GPUs a node is said to have."""
    told = annotations_of(node).get(GPUS_ANNOTATION, "")
    return int(told) if re.fullmatch(r"\d{1,9}", told) else 0
