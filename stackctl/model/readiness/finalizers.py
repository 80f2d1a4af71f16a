"""Who should have let go of an object that is being deleted and stays.

A finalizer is a promise of some controller to clean up first; stripping one is a person's
decision, never made in here.
"""

import json
import shlex
from collections.abc import Mapping

from stackctl.model.objects.conditions import condition, one_line
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.readiness.kubectl import kubectl

GARBAGE = "the garbage collector of kube-controller-manager"
# Finalizers of Kubernetes itself, and what they wait for.
KNOWN = {
    "foregroundDeletion": f"{GARBAGE}, which deletes what the object owns first",
    "orphan": f"{GARBAGE}, which lets go of what the object owns first",
    "kubernetes.io/pvc-protection": "the last Pod that uses the claim",
    "kubernetes.io/pv-protection": "the claim that is bound to the volume",
    "customresourcecleanup.apiextensions.k8s.io": "the API server, which deletes its objects first",
    "service.kubernetes.io/load-balancer-cleanup": "the cloud's load balancer controller",
    "batch.kubernetes.io/job-tracking": "the Job controller of kube-controller-manager",
}
CONTROLLERS = ("Deployment", "StatefulSet")
# Where a namespace or a definition says what it still waits for.
REASONS = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
    "Terminating",
)


def controllers_of(components: Mapping[Ref, str]) -> dict[str, str]:
    """Name for each API group a stack defines the workload that looks after it.

    `components` says which component each object belongs to.
    """
    workloads = {
        component: str(ref) for ref, component in components.items() if ref.kind in CONTROLLERS
    }
    return {
        ref.name.partition(".")[2]: workloads[component]
        for ref, component in components.items()
        if ref.kind == "CustomResourceDefinition" and component in workloads
    }


def finalizers_of(obj: Manifest) -> list[str]:
    """Return what holds an object; a namespace has finalizers in its spec as well."""
    held = list(obj["metadata"].get("finalizers") or ())
    if obj["kind"] == "Namespace":
        held += (obj.get("spec") or {}).get("finalizers") or ()
    return held


def stuck(obj: Manifest, controllers: Mapping[str, str]) -> str:
    """Return what holds an object that was deleted and who should have answered.

    `controllers` names the workload that looks after an API group or a finalizer's domain.
    """
    held = finalizers_of(obj)
    if not obj["metadata"].get("deletionTimestamp"):
        return "was not deleted"
    if not held:
        return "is being deleted"
    text = "; ".join(f"{each}, held by {_holder(each, obj, controllers)}" for each in held)
    reasons = [one_line(each) for kind in REASONS if (each := _reason(obj, kind))]
    return ". ".join([f"finalizer {text}", *reasons])


def remedy(obj: Manifest) -> str:
    """Return the command that lets go of an object whose controller will not come back."""
    ref = ref_of(obj)
    if ref.kind in {"Namespace", "CustomResourceDefinition"}:
        return f"kubectl get {ref.kind.lower()} {ref.name} -o jsonpath={{.status.conditions}}"
    patch = shlex.quote(json.dumps({"metadata": {"finalizers": None}}))
    return (
        "start the controller again; if it is gone for good, give up its clean-up: "
        f"{kubectl(ref, 'patch')} --type=merge -p {patch}"
    )


def _holder(finalizer: str, obj: Manifest, controllers: Mapping[str, str]) -> str:
    if known := KNOWN.get(finalizer):
        return known
    if finalizer == "kubernetes" and obj["kind"] == "Namespace":
        return "what is left inside"
    domain, slash, _ = finalizer.partition("/")
    group = ref_of(obj).group
    if domain in controllers:
        return controllers[domain]
    # Without a domain it is of the object's kind; with that of somebody else it is theirs.
    if group in controllers and (not slash or _related(domain, group)):
        return controllers[group]
    return f"the controller of {domain if slash or not group else group}"


def _related(domain: str, group: str) -> bool:
    return domain == group or domain.endswith(f".{group}") or group.endswith(f".{domain}")


def _reason(obj: Manifest, kind: str) -> str:
    found = condition(obj, kind)
    return str(found.get("message") or "") if found.get("status") == "True" else ""
