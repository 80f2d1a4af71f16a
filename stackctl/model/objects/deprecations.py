"""APIs that Kubernetes stops serving: which, since when, and what takes their place.

The facts are those of Kubernetes' guide to deprecated APIs. Whether a server really serves an API
is known to its discovery; this also knows what the next minor version will do.
"""

from dataclasses import dataclass

from stackctl.model.objects.refs import Manifest
from stackctl.model.objects.versions import minor_of

# API version, kinds, the minor version of Kubernetes 1 that stops serving it, successor
_TABLE: tuple[tuple[str, str, int, str], ...] = (
    ("extensions/v1beta1", "DaemonSet Deployment ReplicaSet", 16, "apps/v1"),
    ("apps/v1beta1", "Deployment StatefulSet ReplicaSet", 16, "apps/v1"),
    ("apps/v1beta2", "DaemonSet Deployment ReplicaSet StatefulSet", 16, "apps/v1"),
    ("extensions/v1beta1", "NetworkPolicy", 16, "networking.k8s.io/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy", 16, "Pod Security admission"),
    (
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
        22,
        "admissionregistration.k8s.io/v1",
    ),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", 22, "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "APIService", 22, "apiregistration.k8s.io/v1"),
    ("authentication.k8s.io/v1beta1", "TokenReview", 22, "authentication.k8s.io/v1"),
    (
        "authorization.k8s.io/v1beta1",
        "LocalSubjectAccessReview SelfSubjectAccessReview SubjectAccessReview",
        22,
        "authorization.k8s.io/v1",
    ),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", 22, "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "Lease", 22, "coordination.k8s.io/v1"),
    ("extensions/v1beta1", "Ingress", 22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "Ingress IngressClass", 22, "networking.k8s.io/v1"),
    (
        "rbac.authorization.k8s.io/v1beta1",
        "ClusterRole ClusterRoleBinding Role RoleBinding",
        22,
        "rbac.authorization.k8s.io/v1",
    ),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", 22, "scheduling.k8s.io/v1"),
    (
        "storage.k8s.io/v1beta1",
        "CSIDriver CSINode StorageClass VolumeAttachment",
        22,
        "storage.k8s.io/v1",
    ),
    ("batch/v1beta1", "CronJob", 25, "batch/v1"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", 25, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event", 25, "events.k8s.io/v1"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", 25, "autoscaling/v2"),
    ("policy/v1beta1", "PodDisruptionBudget", 25, "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy", 25, "Pod Security admission"),
    ("node.k8s.io/v1beta1", "RuntimeClass", 25, "node.k8s.io/v1"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "FlowSchema PriorityLevelConfiguration",
        26,
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 26, "autoscaling/v2"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", 27, "storage.k8s.io/v1"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta2",
        "FlowSchema PriorityLevelConfiguration",
        29,
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1beta3",
        "FlowSchema PriorityLevelConfiguration",
        32,
        "flowcontrol.apiserver.k8s.io/v1",
    ),
)
_RETIRED = {
    (version, kind): (minor, successor)
    for version, kinds, minor, successor in _TABLE
    for kind in kinds.split()
}
# Still served, with no version named that will not: since which minor version.
_DEPRECATED = {
    ("v1", "ComponentStatus"): (19, "the health endpoints of each component"),
    ("v1", "Endpoints"): (33, "discovery.k8s.io/v1 EndpointSlice"),
}


@dataclass(frozen=True, slots=True)
class Retirement:
    """An API that this server, or its next minor version, no longer serves or advises against."""

    api: str  # policy/v1beta1 PodDisruptionBudget
    minor: int
    successor: str
    state: str  # removed | leaving | deprecated

    def __str__(self) -> str:
        what = {
            "removed": f"is not served since Kubernetes 1.{self.minor}",
            "leaving": f"will not be served from Kubernetes 1.{self.minor}, the next version, on",
            "deprecated": f"is deprecated since Kubernetes 1.{self.minor}",
        }
        return f"{self.api} {what[self.state]}; {self.successor} takes its place"


def retiring(manifest: Manifest, server: str) -> Retirement | None:
    """Return whether an object's API is gone or about to go on a server of this version."""
    version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    api, (_, minor) = f"{version} {kind}", minor_of(server)
    if found := _RETIRED.get((version, kind)):
        gone, successor = found
        state = "removed" if gone <= minor else "leaving"
        return Retirement(api, gone, successor, state) if gone <= minor + 1 else None
    if found := _DEPRECATED.get((version, kind)):
        since, successor = found
        return Retirement(api, since, successor, "deprecated") if since <= minor else None
    return None
