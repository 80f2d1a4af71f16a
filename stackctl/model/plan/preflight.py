"""Whether a cluster has what a bundle needs: facts and requirements in, findings out.

A new check is one function from needs and facts to findings, and its name in `CHECKS`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import BUILTIN, DEFINITION, GroupKind, defined, kind_of
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.objects.versions import satisfies
from stackctl.model.readiness.accelerators import TPU, offered_count, shows
from stackctl.model.readiness.placement import KeptOff, Taint, accelerated, taint_text, untolerated
from stackctl.model.resolve.graph import reached
from stackctl.model.shapes.ready_rules import kinds_in


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
class ServedKinds:
    """What is served of the kinds of a bundle."""

    versions: Mapping[GroupKind, tuple[str, ...]]  # apiVersions, the preferred one first
    silent: frozenset[str] = frozenset()  # groups whose server does not answer


@dataclass(frozen=True, slots=True)
class Facts:
    """What a cluster is and has."""

    version: str  # "v1.36.3"
    nodes: tuple[Node, ...]
    storage_classes: tuple[str, ...]
    default_storage: bool
    namespaces: frozenset[str]
    hidden: Mapping[Topic, str] = field(default_factory=dict)  # why it could not be looked at
    served: ServedKinds | None = None  # None: nobody looked


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

    How many GPUs a fresh node has is not known before the device plugin runs there, nor how many
    shares of them before it is set anew; readiness looks again then. TPUs come with their nodes.
    """
    needs = bundle.requires.gpu
    if needs is None or Topic.NODES in facts.hidden:
        return
    if len(facts.nodes) < needs.nodes:
        yield Finding("gpu", f"{needs.nodes} GPU nodes needed, {len(facts.nodes)} nodes there")
    for node in facts.nodes:
        offered = offered_count(needs.resource, node.allocatable)
        if 0 < offered < needs.perNode:
            yield Finding(
                f"node {node.name}",
                f"{offered} {needs.resource} allocatable, the profile expects {needs.perNode}",
                hint=f"kubectl describe node {node.name}",
            )
    offering = sum(1 for node in facts.nodes if offered_count(needs.resource, node.allocatable))
    if needs.resource == TPU and offering < needs.nodes <= len(facts.nodes):
        yield Finding(
            TPU,
            f"{needs.nodes} nodes with it needed, {offering} there; nothing of a stack brings it",
            hint="add a node pool with TPUs, or choose another profile",
        )


def gpu_taints(bundle: Bundle, facts: Facts) -> Iterator[Finding]:
    """What manages GPUs may run on as many of the nodes that have some as are needed.

    A node that offers GPUs already is in use, whatever was done to it since.
    """
    needs = bundle.requires.gpu
    if needs is None or Topic.NODES in facts.hidden:
        return
    pods = tuple(_accelerated_daemons(bundle))
    meant = [
        node
        for node in facts.nodes
        if shows(needs.resource, node.allocatable, node.labels, node.taints)
    ]
    closed: dict[str, tuple[Taint, list[str]]] = {}
    for node in meant:
        taint = next(filter(None, (untolerated(pod, node.taints) for pod in pods)), None)
        if taint is not None and not offered_count(needs.resource, node.allocatable):
            closed.setdefault(taint_text(taint), (taint, []))[1].append(node.name)
    usable = len(meant) - sum(len(names) for _, names in closed.values())
    if usable >= needs.nodes:
        return
    for taint, names in closed.values():
        found = KeptOff(taint, tuple(names))
        yield Finding(
            "gpu", f"{found}, which Pods for GPUs do not tolerate", hint=found.remedy("accelerated")
        )


def _accelerated_daemons(bundle: Bundle) -> Iterator[Mapping[str, Any]]:
    """Yield the Pod specs of the DaemonSets that run on GPU nodes."""
    for manifest in bundle.manifests:
        if kind_of(manifest) == ("apps", "DaemonSet"):
            pod = manifest["spec"]["template"]["spec"]
            if accelerated(pod):
                yield pod


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


def kinds(bundle: Bundle, facts: Facts) -> Iterator[Finding]:
    """Every kind is served in its version, or something that comes before brings it."""
    if facts.served is None:
        return
    coming = _coming(bundle)
    parts = {part.name: part for part in bundle.components}
    for part in bundle.components:
        for manifest in part.objects:
            kind = kind_of(manifest)
            expected = kind in coming or kind[0] in coming or kind[0] in facts.served.silent
            if not (expected or _is_served(manifest, facts.served) or _may_come(kind, part, parts)):
                yield _unserved(manifest, part, facts.served)


def _coming(bundle: Bundle) -> frozenset[GroupKind | str]:
    """Name the kinds that the bundle defines, and the groups for which it brings a server."""
    servers = {
        str(paths.get(each, ("spec", "group"), ""))
        for each in bundle.manifests
        if kind_of(each) == ("apiregistration.k8s.io", "APIService")
    }
    return frozenset((*defined(bundle.manifests), *servers - {""}))


def _is_served(manifest: Manifest, served: ServedKinds) -> bool:
    return manifest["apiVersion"] in served.versions.get(kind_of(manifest), ())


def _may_come(kind: GroupKind, part: BundleComponent, parts: Mapping[str, BundleComponent]) -> bool:
    """Tell whether an operator that a component waits for is said to define a kind by itself."""
    if kind in BUILTIN:
        return False
    waited_for = reached(part.needs, lambda name: parts[name].needs if name in parts else ())
    return any(
        parts[name].mode is not Mode.EXTERNAL and _declares(parts[name], kind)
        for name in waited_for & parts.keys()
    )


def _declares(part: BundleComponent, kind: GroupKind) -> bool:
    """Tell a kind with a rule in `readyWhen`, or with a definition of its group in `leftovers`."""
    groups = {ref.name.partition(".")[2] for ref in part.leftovers if ref.kind == DEFINITION[1]}
    return kind in kinds_in(part.rules) or kind[0] in groups


def _unserved(manifest: Manifest, part: BundleComponent, served: ServedKinds) -> Finding:
    kind, wanted = manifest["kind"], manifest["apiVersion"]
    there = served.versions.get(kind_of(manifest), ())
    instead = (
        f"{there[0]} is"
        if there
        else "no component of the stack defines it, or is waited for and says that it will"
    )
    return Finding(
        f"{part.name}: {ref_of(manifest)}",
        f"{kind} of {wanted} is not served; {instead}",
        hint="write the version that is served"
        if there
        else "install what defines the kind first, or name the kind in `readyWhen` of the "
        "component whose operator does; what is served: kubectl api-resources",
    )


def foreign_namespaces(bundle: Bundle) -> dict[str, str]:
    """Name the namespaces that a bundle needs and does not make, each with who needs it first."""
    made = {ref.name for ref in bundle.objects if ref.kind == "Namespace"}
    wanted: dict[str, str] = {}
    for ref, (component, _) in bundle.objects.items():
        if ref.namespace and ref.namespace not in made:
            wanted.setdefault(ref.namespace, component)
    return wanted


CHECKS: tuple[Callable[[Bundle, Facts], Iterator[Finding]], ...] = (
    kubernetes,
    gpu_nodes,
    gpu_taints,
    storage,
    namespaces,
    kinds,
)
