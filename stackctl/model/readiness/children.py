"""Which Pods belong to a workload, and which of them tell how its present revision fares.

Links are followed through `ownerReferences` when they are asked for, so that it does not matter
in which order Pods and ReplicaSets became known. What ails a Pod is said in `pod_faults`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from stackctl.model.objects.conditions import condition, holds, one_line, words
from stackctl.model.objects.refs import Manifest, annotations_of, labels_of, ref_of
from stackctl.model.readiness.placement import accelerated, kept_off
from stackctl.model.readiness.pod_faults import (
    AROUND_REFUSAL,
    NEVER,
    REFUSED,
    Patience,
    PodFault,
    fault_of,
    is_well,
    refusal_grace,
    refusal_hint,
)

REVISION = "deployment.kubernetes.io/revision"
GENERATION = "deprecated.daemonset.template.generation"
_SECONDS = len("2026-01-02T03:04:05")
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
RESTARTED = frozenset({"Deployment", "DaemonSet", "StatefulSet"})  # by `kubectl rollout restart`

Owned = Callable[[str], Iterable[Manifest]]  # what the object of a uid controls


def controller(obj: Manifest) -> str:
    """Return the uid of the object that controls this one, empty when none does."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner["uid"])
    return ""


def is_settled(child: Manifest) -> bool:
    """Tell what a workload controls and what neither keeps it from being ready nor tells why."""
    return child.get("kind") == "Pod" and is_well(child)


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


def off_every_node(
    daemons: Manifest, nodes: Sequence[Manifest], patience: Patience
) -> Iterator[PodFault]:
    """Say which taints keep the Pods of a DaemonSet off all the nodes that they select."""
    metadata, pod = daemons["metadata"], daemons["spec"]["template"]["spec"]
    found = kept_off(pod, nodes)
    if found:
        yield PodFault(
            namespace=metadata.get("namespace", "default"),
            pod="",
            uid=metadata.get("uid", ""),
            container="",
            reason="Unschedulable",
            text=f"{', '.join(map(str, found))}, which its Pods do not tolerate",
            hint=found[0].remedy("accelerated" if accelerated(pod) else "system"),
            grace=patience.unschedulable,
        )


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
    return _refused(workload, str(refused.get("reason") or REFUSED), words(refused), patience)


def as_a_pod(workload: Manifest) -> Manifest:
    """Make a Pod as the controller of a workload makes them."""
    metadata, template = workload["metadata"], workload["spec"]["template"]
    named = {"name": f"{metadata['name']}-pod", "namespace": metadata.get("namespace", "default")}
    kept = {key: template.get("metadata", {}).get(key) or {} for key in ("labels", "annotations")}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": named | kept,
        "spec": template["spec"],
    }


def short_of_pods(workload: Manifest) -> bool:
    """Tell whether Pods are missing of a workload of which only events say that they are refused.

    A Deployment and a ReplicaSet say so in their status.
    """
    status, spec = workload.get("status") or {}, workload.get("spec") or {}
    match workload["kind"]:
        case "DaemonSet":
            wanted = status.get("desiredNumberScheduled", 0)
            return bool(status.get("currentNumberScheduled", 0) < wanted)
        case "StatefulSet":
            return bool(status.get("replicas", 0) < spec.get("replicas", 1))
        case "Job":
            return not status.get("active")
    return False


def refused_pods(
    workload: Manifest, events: Iterable[Manifest], patience: Patience
) -> Iterator[PodFault]:
    """Read in events why the API server does not take a workload's Pods, as it is now."""
    metadata, since = workload["metadata"], _written(workload)
    told = [
        each
        for each in events
        if each.get("reason") == REFUSED
        and (each.get("involvedObject") or {}).get("uid") == metadata.get("uid")
        and _time(each) >= since
    ]
    if told:
        said = one_line(AROUND_REFUSAL.sub("", str(max(told, key=_time).get("message") or "")))
        yield _refused(workload, REFUSED, said, patience)


def _refused(workload: Manifest, reason: str, said: str, patience: Patience) -> PodFault:
    metadata = workload["metadata"]
    namespace = metadata.get("namespace", "default")
    return PodFault(
        namespace=namespace,
        pod="",
        uid=metadata.get("uid", ""),
        container="",
        reason=reason,
        text=said,
        hint=refusal_hint(said, namespace),
        grace=refusal_grace(said, patience),
    )


def _written(workload: Manifest) -> str:
    """Return when somebody last said what a workload is to be; what was told before is over."""
    metadata = workload["metadata"]
    times = [
        str(each.get("time") or "")
        for each in metadata.get("managedFields") or ()
        if not each.get("subresource")
    ]
    return max(times, default=str(metadata.get("creationTimestamp") or ""))[:_SECONDS]


def _time(event: Manifest) -> str:
    series = event.get("series") or {}
    times = (event.get("lastTimestamp"), series.get("lastObservedTime"), event.get("eventTime"))
    return max(str(each or "") for each in times)[:_SECONDS]


def _newest(deployment: Manifest, sets: Iterable[Manifest]) -> list[Manifest]:
    revision = annotations_of(deployment).get(REVISION)
    return [each for each in sets if annotations_of(each).get(REVISION) == revision]


def _labelled(pods: Iterable[Manifest], label: str, value: str | None) -> list[Manifest]:
    """Keep the Pods of one revision; all, where it cannot be told."""
    return [pod for pod in pods if not value or labels_of(pod).get(label, value) == value]
