"""Whether a cluster has what a bundle needs: facts and requirements in, findings out.

A new check is one function from needs and facts to findings, and its name in `CHECKS`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.quantities import count
from stackctl.model.objects.refs import ref_of
from stackctl.model.objects.versions import satisfies

GPU = "nvidia.com/gpu"


@dataclass(frozen=True, slots=True)
class Node:
    """What a node offers."""

    name: str
    allocatable: Mapping[str, str]
    labels: Mapping[str, str]
    cordoned: bool = False
    ready: bool = True
    taints: tuple[Mapping[str, str], ...] = ()


class Topic(StrEnum):
    """What is looked at in the whole cluster, and may not be visible to us."""

    NODES = "GPU nodes"
    CLASSES = "storage classes"
    NAMESPACES = "namespaces"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a cluster is and has."""

    version: str  # "v1.36.3"
    nodes: tuple[Node, ...]
    storage_classes: tuple[str, ...]
    default_storage: bool
    namespaces: frozenset[str]
    hidden: Mapping[Topic, str] = field(default_factory=dict)  # why it could not be looked at


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is missing, and what would help."""

    subject: str
    message: str
    hint: str = ""


def check(bundle: Bundle, facts: Facts) -> tuple[Finding, ...]:
    """Return everything that is missing; empty when the cluster will do."""
    return tuple(finding for look in CHECKS for finding in look(bundle, facts))


def topics(bundle: Bundle) -> frozenset[Topic]:
    """Name what has to be looked at for a bundle."""
    wanted = {
        Topic.NODES: bundle.requires.gpu is not None,
        Topic.CLASSES: bundle.requires.storageClass,
        Topic.NAMESPACES: bool(foreign_namespaces(bundle)),
    }
    return frozenset(topic for topic, needed in wanted.items() if needed)


def unchecked(bundle: Bundle, facts: Facts) -> Iterator[str]:
    """Yield what is needed and could not be looked for."""
    for topic in (Topic.NODES, Topic.CLASSES):
        if topic in topics(bundle) and topic in facts.hidden:
            yield f"{topic} are not checked: {facts.hidden[topic]}"


def kubernetes(bundle: Bundle, facts: Facts) -> Iterator[Finding]:
    """The server is a version the profile is made for."""
    wanted = bundle.requires.kubernetes
    if wanted and not satisfies(facts.version, wanted):
        yield Finding("kubernetes", f"the server is {facts.version}, the profile needs {wanted}")


def gpu_nodes(bundle: Bundle, facts: Facts) -> Iterator[Finding]:
    """There are nodes enough, and those that offer GPUs already offer enough of them.

    How many GPUs a fresh node has is not known before the device plugin runs there; readiness
    looks again then.
    """
    needs = bundle.requires.gpu
    if needs is None or Topic.NODES in facts.hidden:
        return
    if len(facts.nodes) < needs.nodes:
        yield Finding("gpu", f"{needs.nodes} GPU nodes needed, {len(facts.nodes)} nodes there")
    for node in facts.nodes:
        offered = count(node.allocatable.get(GPU, "0"))
        if 0 < offered < needs.perNode:
            yield Finding(
                f"node {node.name}",
                f"{offered} {GPU} allocatable, the profile expects {needs.perNode}",
                hint=f"kubectl describe node {node.name}",
            )


def storage(bundle: Bundle, facts: Facts) -> Iterator[Finding]:
    """There is a default storage class where one is needed."""
    if Topic.CLASSES in facts.hidden:
        return
    if bundle.requires.storageClass and not facts.default_storage:
        known = ", ".join(facts.storage_classes) or "none"
        yield Finding("storage", f"no default StorageClass (there are: {known})")


def namespaces(bundle: Bundle, facts: Facts) -> Iterator[Finding]:
    """Namespaces that are not the stack's own, such as those jobs run in, exist."""
    for namespace, component in foreign_namespaces(bundle).items():
        if namespace not in facts.namespaces:
            yield Finding(
                f"namespace {namespace}",
                f"does not exist, and {component} has objects in it",
                hint=f"kubectl create namespace {namespace}",
            )


def foreign_namespaces(bundle: Bundle) -> dict[str, str]:
    """Name the namespaces that a bundle needs and does not make, each with who needs it first."""
    made = {ref.name for ref in bundle.objects() if ref.kind == "Namespace"}
    wanted: dict[str, str] = {}
    for part in bundle.components:
        for ref in map(ref_of, part.objects):
            if ref.namespace and ref.namespace not in made:
                wanted.setdefault(ref.namespace, part.name)
    return wanted


CHECKS: tuple[Callable[[Bundle, Facts], Iterator[Finding]], ...] = (
    kubernetes,
    gpu_nodes,
    storage,
    namespaces,
)
