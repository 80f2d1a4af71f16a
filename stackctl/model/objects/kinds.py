"""What is known of kinds: in which order they are applied, and which live in a namespace.

Kinds that are not built in are known from the CRDs of the bundle. What a single object looks
like is `normalise`'s part.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from enum import IntEnum

from stackctl.model.objects.refs import Manifest, group_of


class Phase(IntEnum):
    """The fixed order of kinds inside a component."""

    NAMESPACES = 0
    DEFINITIONS = 1
    IDENTITIES = 2
    CONFIGURATION = 3
    SERVICES = 4
    WORKLOADS = 5
    WEBHOOKS = 6
    API_SERVICES = 7
    CUSTOM_RESOURCES = 8


_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

# Kinds in the order they are applied: phase, group, kinds in namespaces, kinds of the cluster.
_TABLE: tuple[tuple[Phase, str, str, str], ...] = (
    (Phase.NAMESPACES, "", "", "Namespace"),
    (Phase.DEFINITIONS, "apiextensions.k8s.io", "", "CustomResourceDefinition"),
    (Phase.IDENTITIES, "", "ServiceAccount", ""),
    (Phase.IDENTITIES, _RBAC, "Role RoleBinding", "ClusterRole ClusterRoleBinding"),
    (Phase.CONFIGURATION, "scheduling.k8s.io", "", "PriorityClass"),
    (Phase.CONFIGURATION, "node.k8s.io", "", "RuntimeClass"),
    (Phase.CONFIGURATION, "", "ResourceQuota LimitRange ConfigMap Secret", ""),
    (Phase.CONFIGURATION, "storage.k8s.io", "CSIStorageCapacity", "StorageClass CSIDriver"),
    (
        Phase.CONFIGURATION,
        "storage.k8s.io",
        "",
        "VolumeAttributesClass CSINode VolumeAttachment",
    ),
    (Phase.CONFIGURATION, "", "PersistentVolumeClaim", "PersistentVolume"),
    (Phase.CONFIGURATION, "networking.k8s.io", "NetworkPolicy", "IngressClass IPAddress"),
    (
        Phase.CONFIGURATION,
        "resource.k8s.io",
        "ResourceClaim ResourceClaimTemplate",
        "DeviceClass",
    ),
    (Phase.CONFIGURATION, "resource.k8s.io", "", "ResourceSlice"),
    (Phase.CONFIGURATION, "flowcontrol.apiserver.k8s.io", "", "FlowSchema"),
    (Phase.CONFIGURATION, "flowcontrol.apiserver.k8s.io", "", "PriorityLevelConfiguration"),
    (Phase.SERVICES, "", "Service Endpoints", ""),
    (Phase.SERVICES, "discovery.k8s.io", "EndpointSlice", ""),
    (Phase.WORKLOADS, "policy", "PodDisruptionBudget", ""),
    (Phase.WORKLOADS, "", "Pod PodTemplate ReplicationController Event", "Node"),
    (Phase.WORKLOADS, "apps", "Deployment StatefulSet DaemonSet ReplicaSet", ""),
    (Phase.WORKLOADS, "apps", "ControllerRevision", ""),
    (Phase.WORKLOADS, "batch", "Job CronJob", ""),
    (Phase.WORKLOADS, "autoscaling", "HorizontalPodAutoscaler", ""),
    (Phase.WORKLOADS, "networking.k8s.io", "Ingress", ""),
    (Phase.WORKLOADS, "coordination.k8s.io", "Lease", ""),
    (Phase.WORKLOADS, "certificates.k8s.io", "", "CertificateSigningRequest"),
    (
        Phase.WEBHOOKS,
        _ADMISSION,
        "",
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
    ),
    (Phase.WEBHOOKS, _ADMISSION, "", "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding"),
    (Phase.WEBHOOKS, _ADMISSION, "", "MutatingWebhookConfiguration"),
    (Phase.WEBHOOKS, _ADMISSION, "", "ValidatingWebhookConfiguration"),
    (Phase.API_SERVICES, "apiregistration.k8s.io", "", "APIService"),
)


def _rows() -> Iterable[tuple[tuple[str, str], Phase, bool]]:
    for phase, group, namespaced, cluster in _TABLE:
        for kind in namespaced.split():
            yield (group, kind), phase, True
        for kind in cluster.split():
            yield (group, kind), phase, False


GroupKind = tuple[str, str]
Scopes = Mapping[GroupKind, bool]  # True: in namespaces

DEFINITION: GroupKind = ("apiextensions.k8s.io", "CustomResourceDefinition")
NAMESPACE: GroupKind = ("", "Namespace")
SECRET: GroupKind = ("", "Secret")
_PHASES: dict[GroupKind, Phase] = {kind: phase for kind, phase, _ in _rows()}
_RANKS: dict[GroupKind, int] = {kind: rank for rank, kind in enumerate(_PHASES)}
BUILTIN: Scopes = {kind: namespaced for kind, _, namespaced in _rows()}
_GROUPS: dict[str, str] = {}
for _group, _kind in _PHASES:
    _GROUPS.setdefault(_kind, _group)


def kind_of(manifest: Manifest) -> GroupKind:
    """Return group and kind."""
    return group_of(manifest), manifest["kind"]


def builtin_group(kind: str) -> str | None:
    """Return the group of a built-in kind; None for kinds that are not built in."""
    return _GROUPS.get(kind)


def phase_of(kind: GroupKind) -> Phase:
    """Return when objects of a kind are applied; what is not built in comes last."""
    return _PHASES.get(kind, Phase.CUSTOM_RESOURCES)


def phase_within(kind: GroupKind, own: Container[GroupKind]) -> Phase:
    """Return when objects of a kind are applied in a component that defines the kinds `own`."""
    phase = phase_of(kind)
    if phase is Phase.CUSTOM_RESOURCES and kind not in own:
        return Phase.CONFIGURATION
    return phase


def namespaces_in(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Yield the names of the namespaces that are made."""
    return (each["metadata"]["name"] for each in manifests if kind_of(each) == NAMESPACE)


def defined(manifests: Iterable[Manifest]) -> dict[GroupKind, bool]:
    """Collect the kinds that CRDs define, with their scope."""
    return {
        (spec["group"], spec["names"]["kind"]): spec.get("scope") == "Namespaced"
        for spec in (manifest["spec"] for manifest in manifests if kind_of(manifest) == DEFINITION)
    }


def ordered(manifests: Iterable[Manifest], own: Iterable[GroupKind]) -> tuple[Manifest, ...]:
    """Sort the objects of one component in the order they are applied.

    `own` are the kinds that the component defines itself: their objects wait for its workloads
    and webhooks. Custom resources of other components' kinds (a Certificate that becomes the
    Secret a workload mounts) go before the workloads.
    """
    mine = frozenset(own)

    def place(manifest: Manifest) -> tuple[int, int, str, str, str, str]:
        kind = kind_of(manifest)
        phase = phase_within(kind, mine)
        metadata = manifest["metadata"]
        rank = _RANKS.get(kind, len(_RANKS))
        return (phase, rank, *kind, metadata.get("namespace") or "", metadata["name"])

    return tuple(sorted(manifests, key=place))
