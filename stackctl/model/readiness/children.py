"""Which Pods belong to a workload, and which of them tell how its present revision fares.

Links are followed through `ownerReferences` when they are asked for, so that it does not matter
in which order Pods and ReplicaSets became known. What ails a Pod is said in `pod_faults`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stackctl.model.objects.conditions import condition, holds, words
from stackctl.model.objects.refs import Manifest, annotations_of, labels_of, ref_of
from stackctl.model.readiness.pod_faults import NEVER, Patience, PodFault, fault_of, refusal_hint

REVISION = "deployment.kubernetes.io/revision"
GENERATION = "deprecated.daemonset.template.generation"
WORKLOADS = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "DaemonSet"),
        ("apps", "StatefulSet"),
        ("apps", "ReplicaSet"),
        ("batch", "Job"),
        ("", "ReplicationController"),
        ("", "Pod"),
    }
)

Owned = Callable[[str], Iterable[Manifest]]  # what the object of a uid controls


def controller(obj: Manifest) -> str:
    """Return the uid of the object that controls this one, empty when none does."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner["uid"])
    return ""


def pods_of(workload: Manifest, owned: Owned) -> list[Manifest]:
    """Return the Pods of the revision that the workload is at or is going to."""
    uid, status = workload["metadata"].get("uid", ""), workload.get("status") or {}
    match ref_of(workload).kind:
        case "Pod":
            return [workload]
        case "Deployment":
            newest = _newest(workload, owned(uid))
            return [pod for each in newest for pod in owned(each["metadata"]["uid"])]
        case "StatefulSet":
            return _labelled(owned(uid), "controller-revision-hash", status.get("updateRevision"))
        case "DaemonSet":
            return _labelled(
                owned(uid),
                "pod-template-generation",
                annotations_of(workload).get(GENERATION),
            )
    return list(owned(uid))


def faults_of(workload: Manifest, owned: Owned, patience: Patience) -> list[PodFault]:
    """Find what ails the Pods of a workload or keeps it from having any, the worst first."""
    found = [
        fault for pod in pods_of(workload, owned) if (fault := fault_of(pod, patience)) is not None
    ]
    if workload["kind"] == "Job":
        # A Job counts crashes itself and says when there were too many.
        found = [replace(fault, grace=NEVER) if fault.crashed else fault for fault in found]
    if refusal := _refusal(workload, patience):
        found.append(refusal)
    return sorted(found, key=lambda fault: fault.grace)


def unready_pods(workload: Manifest, owned: Owned) -> Iterator[Manifest]:
    """Return the Pods of the present revision that are neither ready nor done nor going."""
    for pod in pods_of(workload, owned):
        done = (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
        if not (done or holds(pod, "Ready") or pod["metadata"].get("deletionTimestamp")):
            yield pod


def _refusal(workload: Manifest, patience: Patience) -> PodFault | None:
    """Read why the API server does not take a workload's Pods."""
    refused = condition(workload, "ReplicaFailure")
    if refused.get("status") != "True":
        return None
    text, metadata = words(refused), workload["metadata"]
    return PodFault(
        namespace=metadata.get("namespace", "default"),
        pod="",
        uid=metadata.get("uid", ""),
        container="",
        reason=str(refused.get("reason") or "FailedCreate"),
        text=text,
        hint=refusal_hint(text, metadata.get("namespace", "default")),
        grace=NEVER if "calling webhook" in text else patience.creation,
    )


def _newest(deployment: Manifest, sets: Iterable[Manifest]) -> list[Manifest]:
    revision = annotations_of(deployment).get(REVISION)
    return [each for each in sets if annotations_of(each).get(REVISION) == revision]


def _labelled(pods: Iterable[Manifest], label: str, value: str | None) -> list[Manifest]:
    """Keep the Pods of one revision; all, where it cannot be told."""
    return [pod for pod in pods if not value or labels_of(pod).get(label, value) == value]
