"""In which order objects leave a cluster, and what must not leave with them.

Policies go first, for they may refuse what the others' going takes, and would without what they go
by. Custom resources go while their controllers still run, webhook configurations before the
workloads that answer them, definitions and namespaces last, and together: the server takes its
time over both, and neither needs the other by then.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from stackctl.model.objects import kinds
from stackctl.model.objects.refs import (
    CREDENTIALS_LABEL,
    Manifest,
    Ref,
    annotations_of,
    is_protected,
    labels_of,
    namespace_ref,
)
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.ownership import written_by
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Provenance


class RemovalPhase(IntEnum):
    """When an object is removed; a phase begins when the one before it is gone."""

    POLICIES = 0
    DATA = 1  # users' own instances, only when asked for
    CUSTOM_RESOURCES = 2
    WEBHOOKS = 3
    WORKLOADS = 4
    REST = 5
    DEFINITIONS = 6  # and namespaces


_PHASES = {
    kinds.Phase.CUSTOM_RESOURCES: RemovalPhase.CUSTOM_RESOURCES,
    kinds.Phase.WEBHOOKS: RemovalPhase.WEBHOOKS,
    kinds.Phase.API_SERVICES: RemovalPhase.WEBHOOKS,
    kinds.Phase.WORKLOADS: RemovalPhase.WORKLOADS,
    kinds.Phase.DEFINITIONS: RemovalPhase.DEFINITIONS,
    kinds.Phase.NAMESPACES: RemovalPhase.DEFINITIONS,
}
_NAMED = 3
POLICY, KEEP = "helm.sh/resource-policy", "keep"
DATA = "users' data"
HOLDS_DATA = "holds data"
BEFORE = "was there before the stack"
UNSURE = "whether the stack made it is not known: the record that would tell is lost"
# What the control plane puts into every namespace, or keeps about its content.
_ORDINARY = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
BOOKKEEPING = frozenset(
    {"Event", "Endpoints", "EndpointSlice", "ControllerRevision", "Lease", "PodMetrics"}
)


@dataclass(frozen=True, slots=True)
class KeptObject:
    """An object that stays, and why."""

    ref: Ref
    why: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found on the cluster that is not the stack's own."""

    instances: Mapping[str, tuple[Ref, ...]]  # users', by definition: tfjobs.kubeflow.org
    strangers: Mapping[str, tuple[Ref, ...]]  # in the stack's namespaces, by namespace
    volumes: Mapping[str, tuple[Ref, ...]]  # claims in the stack's namespaces, by namespace
    # Definitions and namespaces that may hold more than we may see, and why.
    hidden: Mapping[Ref, str] = field(default_factory=dict)
    # All claims in the stack's namespaces: also those that go with what made them.
    claims: Mapping[str, tuple[Ref, ...]] = field(default_factory=dict)


def phase(ref: Ref) -> RemovalPhase:
    """Return when an object is removed."""
    if ref.group == "admissionregistration.k8s.io" and "AdmissionPolicy" in ref.kind:
        return RemovalPhase.POLICIES
    return _PHASES.get(kinds.phase_of((ref.group, ref.kind)), RemovalPhase.REST)


@dataclass(frozen=True, slots=True)
class RemovalBatch:
    """Objects that are removed together; the next batch begins when all of them are gone."""

    phase: RemovalPhase
    refs: tuple[Ref, ...]
    # Namespaces of a later batch that begin to go with this one, which saves time: Kubernetes
    # lets five seconds pass before it looks into one.
    early: tuple[Ref, ...] = ()

    @property
    def inside(self) -> tuple[Ref, ...]:
        """What goes with a namespace of the batch."""
        spaces = {ref.name for ref in self.refs if ref.kind == "Namespace"}
        return tuple(ref for ref in self.refs if ref.namespace in spaces)


def batches(refs: Iterable[Ref]) -> tuple[RemovalBatch, ...]:
    """Group objects by when they are removed, in that order.

    What nobody waits for leaves in the phase of its namespace, if that goes as well.
    """
    going = tuple(refs)
    namespaces = tuple(ref for ref in going if ref.kind == "Namespace")
    spaces = {ref.name for ref in namespaces}
    groups: dict[RemovalPhase, list[Ref]] = {}
    for ref in going:
        when = phase(ref)
        along = when is RemovalPhase.REST and ref.namespace in spaces
        groups.setdefault(RemovalPhase.DEFINITIONS if along else when, []).append(ref)
    early = {RemovalPhase.WORKLOADS: namespaces}
    return tuple(
        RemovalBatch(when, tuple(groups[when]), early.get(when, ())) for when in sorted(groups)
    )


def spared(
    refs: Iterable[Ref],
    survey: Survey,
    *,
    made: Provenance,
    delete_data: bool = False,
    keep_definitions: bool = False,
    asked: Container[Ref] = (),
) -> tuple[KeptObject, ...]:
    """Name what must stay because it holds something of others, with the reason.

    What is `asked` to stay says so itself. A namespace stays with whatever stays in it: claims
    too that nobody applied, which StatefulSets and users make.
    """
    volumes = [] if delete_data else [*_volumes(survey, made)]
    found = [KeptObject(ref, HOLDS_DATA) for ref in volumes]
    for ref in sorted(refs, key=lambda each: each.kind == "Namespace"):
        if ref in asked and not delete_data:
            found.append(KeptObject(ref, f"says so itself: {POLICY}: {KEEP}"))
        elif ref.kind == "PersistentVolumeClaim" and not delete_data:
            found.append(KeptObject(ref, HOLDS_DATA))
        elif ref.kind == "CustomResourceDefinition":
            instances = survey.instances.get(ref.name, ())
            if keep_definitions or (instances and not delete_data):
                found.append(KeptObject(ref, _many("users' objects", instances)))
            elif ref in survey.hidden:
                found.append(KeptObject(ref, survey.hidden[ref]))
        elif ref.kind == "Namespace" and (
            why := _namespace_stays(ref, survey, made) or _inside(ref, found)
        ):
            found.append(KeptObject(ref, why))
    return tuple(found)


def _volumes(survey: Survey, made: Provenance) -> Iterator[Ref]:
    for name, refs in survey.volumes.items():
        if namespace_ref(name) in made.created:
            yield from refs


def stays_by_itself(manifest: Manifest) -> bool:
    """Tell an object that is to outlive what made it, as Helm understands it."""
    return annotations_of(manifest).get(POLICY) == KEEP


def _inside(namespace: Ref, kept: Iterable[KeptObject]) -> str:
    inside = [each.ref for each in kept if each.ref.namespace == namespace.name]
    return f"holds {_many('what stays', inside)}" if inside else ""


def _namespace_stays(ref: Ref, survey: Survey, made: Provenance) -> str:
    if is_protected(ref.name):
        return "a namespace of Kubernetes itself"
    if ref not in made.created:
        return UNSURE if ref in made.unsure else BEFORE
    volumes = survey.volumes.get(ref.name, ())  # they go, or are told of by themselves
    if strangers := [each for each in survey.strangers.get(ref.name, ()) if each not in volumes]:
        return f"holds {_many('objects that are not ours', strangers)}"
    return survey.hidden.get(ref, "")


def _many(what: str, refs: Sequence[Ref]) -> str:
    if not refs:
        return f"kept for {what}"
    return f"{what}: {first_few(refs, _NAMED)}"


def cannot_list(kinds: Sequence[str]) -> str:
    """Say which permissions are missing to see all there is."""
    return f"cannot list {first_few(kinds, _NAMED, 'more kinds')}"


def foreign(item: Manifest, ref: Ref, stack: StackId | None, leftovers: Iterable[Ref]) -> bool:
    """Tell whether an object in one of our namespaces belongs to somebody else."""
    if stack is not None and labels_of(item).get(CREDENTIALS_LABEL) == stack.label:
        return False
    # The label alone says nothing: it comes along when somebody copies an object of ours.
    if (stack is not None and written_by(item, stack)) or item["metadata"].get("ownerReferences"):
        return False
    if ref.kind in BOOKKEEPING or ordinary(ref):
        return False
    return not any(matches(pattern, ref) for pattern in leftovers)


def ordinary(ref: Ref) -> bool:
    """Tell whether Kubernetes itself puts an object of this name into every namespace."""
    return (ref.kind, ref.name) in _ORDINARY


def matches(pattern: Ref, ref: Ref) -> bool:
    """Compare a declared leftover with an object; `*` stands for any name or namespace."""
    return (
        pattern.kind == ref.kind
        and pattern.group in ("", ref.group)
        and pattern.name in ("*", ref.name)
        and pattern.namespace in ("*", ref.namespace)
    )
