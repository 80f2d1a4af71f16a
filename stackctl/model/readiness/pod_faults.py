"""Why a Pod does not get ready by itself: its containers' own words, one line and a hint.

How long a fault has lasted is for the caller to say: there is no clock in here. Which Pods count
for a workload is decided in `children`.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stackctl.model.objects.conditions import condition, holds, one_line
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.status import Assessment, Status

NEVER = math.inf  # the grace of a fault that is worth telling and may pass by itself
REFUSED = "FailedCreate"  # a Pod, by the API server
REFUSALS = f"reason={REFUSED}"  # the events that say so


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a Pod may show a fault before the fault counts as failure."""

    unschedulable: float = 15.0
    pull: float = 15.0  # one failed pull; the kubelet tries again
    registry: float = 45.0  # the registry does not answer, or answers "later"
    configuration: float = 20.0  # a Secret or ConfigMap that an operator may be about to write
    creation: float = 60.0  # the API server refuses the Pods of a workload
    start: float = 15.0  # the container runtime could not create or start a container
    restarts: int = 2  # tries a crashing container gets after its first
    inherited: float = 30.0  # at least, for Pods of objects that this run did not change


@dataclass(frozen=True, slots=True)
class PodFault:
    """What keeps one Pod from getting ready, or a workload from having Pods."""

    namespace: str
    pod: str  # empty when there is none
    uid: str
    container: str  # empty when it concerns the whole Pod
    reason: str  # ImagePullBackOff
    text: str  # what was said about it, in one line
    hint: str  # one command or edit
    grace: float  # seconds it may last before it counts as failure
    crashed: bool = False  # the container ran and ended, so that its log says why

    @property
    def key(self) -> tuple[str, str, str]:
        """Name a fault so that it stays the same while its reason alternates."""
        return self.uid, self.container, FAMILIES.get(self.reason, self.reason)

    @property
    def refused(self) -> bool:
        """The API server did not take the Pods, when their controller last tried."""
        return not self.pod and self.reason == REFUSED

    @property
    def message(self) -> str:
        """Name Pod, container and reason."""
        container = f"container {self.container}" if self.container else ""
        where = ", ".join(part for part in (self.pod and f"Pod {self.pod}", container) if part)
        return ": ".join(part for part in (where, self.reason, self.text) if part)


FAMILIES = {
    "ErrImagePull": "image",
    "ImagePullBackOff": "image",
    "RegistryUnavailable": "image",
    "CreateContainerError": "start",
    "RunContainerError": "start",
    "CrashLoopBackOff": "start",
    "OOMKilled": "start",
}
# What a registry, or the way to it, says when another try may well succeed.
PASSING = re.compile(
    r"timeout|timed out|deadline exceeded|connection re(set|fused)|\bEOF\b|temporary failure"
    r"|no route to host|try again|too ?many ?requests|server misbehaving|\b(429|50[0234]) [A-Z]",
    re.IGNORECASE,
)


# What is said around the reason of a failed pull, and after the reason for finding no node.
WRAPPING = re.compile(
    r'^(Back-off pulling|Failed to pull) image "[^"]*": |^ErrImagePull: '
    r'|rpc error: code = \w+ desc = |^failed to (pull and unpack image|resolve reference) "[^"]*": '
)
# What controllers say in events before the words of the API server.
AROUND_REFUSAL = re.compile(
    r"^(\(combined from similar events\): )?"
    r"(Error creating: |[Cc]reate Pod \S+ in StatefulSet \S+ failed error: )?"
)
AFTERTHOUGHT = re.compile(r",? *(no new claims to deallocate|preemption: ).*$", re.DOTALL)


# What admission says of Pods that it will never take as they are.
_FOR_GOOD = re.compile(
    r"violates PodSecurity|is invalid|failed quota: .* must specify|no PriorityClass with name"
    r"|RuntimeClass .* not found"
)
_BY_LIMITS = re.compile(r"\b(minimum|maximum|max limit to request ratio)\b.* per (Container|Pod)\b")


def assess_pod(
    pod: Manifest, *, lasted: float = 0.0, patience: Patience | None = None
) -> Assessment:
    """Tell how a Pod stands, given for how many seconds it has shown its present fault."""
    phase = _status(pod).get("phase")
    if phase == "Succeeded":
        return Assessment(Status.CURRENT, "completed")
    if phase == "Failed":
        return Assessment(Status.FAILED, _failure(pod), _describe(pod))
    if fault := fault_of(pod, patience or Patience()):
        status = Status.FAILED if lasted >= fault.grace else Status.IN_PROGRESS
        return Assessment(status, fault.message, fault.hint)
    if holds(pod, "Ready"):
        return Assessment(Status.CURRENT, "ready")
    return Assessment(Status.IN_PROGRESS, unready(pod))


def fault_of(pod: Manifest, patience: Patience) -> PodFault | None:
    """Find what keeps a Pod from getting ready, the first container's fault first."""
    if pod["metadata"].get("deletionTimestamp"):
        return None
    if fault := _unschedulable(pod, patience):
        return fault
    faults = (_container_fault(pod, container, patience) for container in _containers(pod))
    return next((fault for fault in faults if fault), None)


def is_well(pod: Manifest) -> bool:
    """Tell a Pod that is ready and shows no fault: nothing that is waited for hangs on it."""
    return holds(pod, "Ready") and fault_of(pod, _ANY) is None


_ANY = Patience()  # how long a fault may last says nothing of whether there is one


def unready(pod: Manifest) -> str:
    """Return what a Pod without a fault is still waiting for."""
    if condition(pod, "PodScheduled").get("reason") == "SchedulingGated":
        return "held back by a scheduling gate"
    if not (pod.get("spec") or {}).get("nodeName"):
        return "waits for a node"
    for container in _containers(pod):
        state = container.get("state") or {}
        if reason := (state.get("waiting") or {}).get("reason"):
            return f"container {container['name']}: {reason}"
        if "running" in state and not container.get("ready"):
            return f"container {container['name']} runs and is not ready"
    return words if (words := one_line(condition(pod, "Ready").get("message"))) else "not started"


def _status(pod: Manifest) -> Mapping[str, Any]:
    return pod.get("status") or {}


def _containers(pod: Manifest) -> Iterator[Mapping[str, Any]]:
    yield from _status(pod).get("initContainerStatuses") or ()
    yield from _status(pod).get("containerStatuses") or ()


def refusal_hint(said: str, namespace: str) -> str:
    """Say what helps where the API server does not take the Pods of a workload."""
    if "quota" in said:
        return f"raise the quota, or free some of it: kubectl -n {namespace} describe quota"
    if "LimitRange" in said or _BY_LIMITS.search(said):
        return f"kubectl -n {namespace} describe limitrange"
    if "violates PodSecurity" in said:
        return f"correct the Pod template, or the labels of namespace {namespace}"
    if "PriorityClass" in said:
        return "create it, or name one there is: kubectl get priorityclass"
    if "RuntimeClass" in said:
        return "create it, or name one there is: kubectl get runtimeclass"
    return ""


def refusal_grace(said: str, patience: Patience) -> float:
    """Say for how many seconds it may be that Pods are refused, before that is a failure."""
    if "calling webhook" in said:
        return NEVER
    if _FOR_GOOD.search(said) or _BY_LIMITS.search(said):
        return 0.0
    if "exceeded quota" in said or "denied" in said:
        return patience.unschedulable  # others may free some; a policy may be about to be loosened
    return patience.creation


def _failure(pod: Manifest) -> str:
    """Return how a Pod of phase Failed ended."""
    for container in _containers(pod):
        ended = (container.get("state") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            return f"failed: container {container['name']}: {_ending(ended)}"
    said = one_line(_status(pod).get("message"))
    return ": ".join(part for part in ("failed", _status(pod).get("reason"), said) if part)


def _ending(ended: Mapping[str, Any]) -> str:
    """Return how a container ended: its reason where it tells more than the exit code."""
    reason = ended.get("reason")
    text = f"exit code {ended.get('exitCode', '?')}"
    text = f"{reason}, {text}" if reason and reason not in {"Error", "Completed"} else text
    return f"{text}: {said}" if (said := one_line(ended.get("message"))) else text


def _unschedulable(pod: Manifest, patience: Patience) -> PodFault | None:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") != "False" or scheduled.get("reason") != "Unschedulable":
        return None
    text = str(scheduled.get("message") or "")
    # A volume is being provisioned, or Pods of lower priority make room: both take their time.
    passing = "PersistentVolumeClaim" in text or _status(pod).get("nominatedNodeName")
    grace = NEVER if passing else patience.unschedulable
    text = AFTERTHOUGHT.sub("", text)
    return _fault(pod, "", "Unschedulable", text, _scheduling_hint(pod, text), grace)


def _scheduling_hint(pod: Manifest, text: str) -> str:
    if short := re.search(r"Insufficient ([\w./-]*\w)", text):
        return f"free or add {short[1]} on the nodes: kubectl describe nodes"
    if "untolerated taint" in text:
        return "tolerate the taint under `settings.tolerations` of the stack file"
    if "affinity" in text or "selector" in text:
        return "label the nodes that are meant: kubectl get nodes --show-labels"
    return _describe(pod)


def _container_fault(
    pod: Manifest, container: Mapping[str, Any], patience: Patience
) -> PodFault | None:
    waiting = (container.get("state") or {}).get("waiting") or {}
    name, reason, text = container["name"], waiting.get("reason"), str(waiting.get("message") or "")
    match reason:
        case "CrashLoopBackOff":
            return _crash(pod, container, patience)
        case "ImagePullBackOff" | "ErrImagePull" | "RegistryUnavailable":
            grace = 0.0 if reason == "ImagePullBackOff" else patience.pull
            grace = patience.registry if PASSING.search(text) else grace
            return _fault(pod, name, reason, unwrapped(text), _image_hint(pod, name), grace)
        case "InvalidImageName" | "ErrImageNeverPull":
            return _fault(pod, name, reason, text, _image_hint(pod, name), 0.0)
        case "CreateContainerConfigError":
            hint = f"create or correct what it names in namespace {_namespace(pod)}"
            return _fault(pod, name, reason, text, hint, patience.configuration)
        case "CreateContainerError" | "RunContainerError":
            return _fault(pod, name, reason, text, _describe(pod), patience.start)
    return None


def _crash(pod: Manifest, container: Mapping[str, Any], patience: Patience) -> PodFault:
    name, restarts = container["name"], int(container.get("restartCount") or 0)
    ended = (container.get("lastState") or {}).get("terminated") or {}
    reason = "CrashLoopBackOff"
    hint = f"kubectl -n {_namespace(pod)} logs {pod['metadata']['name']} -c {name} --previous"
    if ended.get("reason") == "OOMKilled":
        reason, hint = "OOMKilled", f"raise the memory limit of container {name}"
        ended = {"exitCode": ended.get("exitCode")}  # the reason is said already
    text = f"{_ending(ended)} ({restarts} restart{'' if restarts == 1 else 's'})"
    grace = 0.0 if restarts >= patience.restarts else NEVER
    return replace(_fault(pod, name, reason, text, hint, grace), crashed=True)


def unwrapped(text: str) -> str:
    """Leave the reason of a failed pull, of all the sentences around it."""
    while (inner := WRAPPING.sub("", text, count=1)) != text:
        text = inner
    return text


def _image_hint(pod: Manifest, container: str) -> str:
    spec = pod.get("spec") or {}
    for each in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        if each.get("name") == container and each.get("image"):
            return f"check the image {each['image']}, its registry and the pull secrets"
    return _describe(pod)


def _describe(pod: Manifest) -> str:
    return f"kubectl -n {_namespace(pod)} describe pod {pod['metadata']['name']}"


def _namespace(pod: Manifest) -> str:
    return str(pod["metadata"].get("namespace") or "default")


def _fault(
    pod: Manifest, container: str, reason: str, text: str, hint: str, grace: float
) -> PodFault:
    metadata = pod["metadata"]
    uid = metadata.get("uid", "")
    return PodFault(
        _namespace(pod), metadata["name"], uid, container, reason, one_line(text), hint, grace
    )
