"""What keeps a Pod from getting ready, in its containers' own words."""

from typing import Any

import pytest

from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.pod_faults import NEVER, Patience, assess_pod, fault_of
from stackctl.model.readiness.status import Status

PATIENCE = Patience()


def pod(*containers: Manifest, init: tuple[Manifest, ...] = (), **status: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "ml", "uid": "u"},
        "spec": {
            "nodeName": "n",
            "containers": [{"name": "app", "image": "example/app:1"}],
            "initContainers": [{"name": "first", "image": "example/first:1"}],
        },
        "status": {
            "phase": "Pending",
            "initContainerStatuses": list(init),
            "containerStatuses": list(containers),
            **status,
        },
    }


def waits(reason: str, message: str = "", name: str = "app", **more: object) -> Manifest:
    return {"name": name, "state": {"waiting": {"reason": reason, "message": message}}, **more}


def crashed(restarts: int, name: str = "app", **ended: object) -> Manifest:
    last = {"terminated": {"exitCode": 1, "reason": "Error", **ended}}
    return waits("CrashLoopBackOff", name=name, restartCount=restarts, lastState=last)


def unschedulable(message: str, **status: Any) -> Manifest:
    found = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return pod(conditions=[{**found, "message": message}], **status)


RUNS = {"name": "app", "ready": True, "state": {"running": {}}}
TABLE = [
    ("an image that is not there", pod(waits("ImagePullBackOff", "app:1: not found")), 0,
     "Pod web-1, container app: ImagePullBackOff: app:1: not found",
     "check the image example/app:1"),
    ("an image, said at length", pod(waits("ImagePullBackOff",
     'Back-off pulling image "a:1": ErrImagePull: rpc error: code = NotFound desc = not found')),
     0, "container app: ImagePullBackOff: not found", ""),
    ("an image, in containerd's words", pod(waits("ImagePullBackOff",
     'Back-off pulling image "r/a:1": ErrImagePull: rpc error: code = NotFound desc = failed to '
     'pull and unpack image "r/a:1": failed to resolve reference "r/a:1": r/a:1: not found')),
     0, "container app: ImagePullBackOff: r/a:1: not found", ""),
    ("the first failed pull", pod(waits("ErrImagePull", "not found")), PATIENCE.pull,
     "ErrImagePull", "pull secrets"),
    ("a registry that does not answer",
     pod(waits("ImagePullBackOff", "dial tcp: i/o timeout")), PATIENCE.registry, "i/o", ""),
    ("a registry that asks to slow down",
     pod(waits("ImagePullBackOff", "429 Too Many Requests")), PATIENCE.registry, "429", "image"),
    ("an image name that is none", pod(waits("InvalidImageName", "bad")), 0,
     "InvalidImageName", "example/app:1"),
    ("a Secret that is not there yet",
     pod(waits("CreateContainerConfigError", 'secret "x" not found')), PATIENCE.configuration,
     'secret "x" not found', "namespace ml"),
    ("a runtime that cannot start it", pod(waits("RunContainerError", "no such file")),
     PATIENCE.start, "no such file", "kubectl -n ml describe pod web-1"),
    ("a first crash", pod(crashed(1)), NEVER, "exit code 1 (1 restart)", "logs web-1 -c app"),
    ("a crash loop", pod(crashed(2)), 0, "CrashLoopBackOff: exit code 1 (2 restarts)",
     "kubectl -n ml logs web-1 -c app --previous"),
    ("what a crashing container said", pod(crashed(2, message="no\nlicence")), 0, "no licence", ""),
    ("out of memory", pod(crashed(2, reason="OOMKilled", exitCode=137)), 0,
     "container app: OOMKilled: exit code 137 (2", "raise the memory limit of container app"),
    ("an init container that crashes while the Pod is pending",
     pod(waits("PodInitializing"), init=(crashed(3, "first"),)), 0, "container first: CrashLoop",
     "-c first"),
    ("an init container's image",
     pod(waits("PodInitializing"), init=(waits("ImagePullBackOff", name="first"),)), 0,
     "container first: ImagePullBackOff", "example/first:1"),
    ("not enough GPUs", unschedulable(
        "0/2 nodes are available: 2 Insufficient nvidia.com/gpu. preemption: 0/2 nodes are …"),
     PATIENCE.unschedulable, "0/2 nodes are available: 2 Insufficient nvidia.com/gpu.",
     "free or add nvidia.com/gpu on"),
    ("a taint", unschedulable("1 node(s) had untolerated taint {a: b}"),
     PATIENCE.unschedulable, "untolerated taint", "settings.tolerations"),
    ("a node selector", unschedulable("2 node(s) didn't match Pod's node affinity/selector"),
     PATIENCE.unschedulable, "affinity", "label the nodes"),
    ("volumes being made",
     unschedulable("pod has unbound immediate PersistentVolumeClaims"), NEVER, "unbound", ""),
    ("room being made", unschedulable("Insufficient cpu", nominatedNodeName="n"), NEVER, "cpu", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sick", "grace", "message", "hint"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_fault(sick, grace, message, hint):
    """A fault names Pod, container and reason, what to do, and how long it may last."""
    fault = fault_of(sick, PATIENCE)
    assert fault is not None
    assert (fault.grace, message in fault.message, hint in fault.hint) == (grace, True, True), fault


@pytest.mark.parametrize(
    "sound",
    [
        pod(RUNS),
        pod(waits("ContainerCreating")),
        pod(waits("PodInitializing"), init=(waits("PodInitializing", name="first"),)),
        {**pod(crashed(9)), "metadata": {"name": "old", "deletionTimestamp": "t"}},
        pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]),
    ],
    ids=["runs", "is created", "initialises", "is going away", "is held by a gate"],
)
def test_no_fault(sound):
    """What takes time, and what is going away, is no fault."""
    assert fault_of(sound, PATIENCE) is None


def test_a_fault_fails_the_pod_after_its_grace():
    """A fault is progress until its grace is over, and failure from then on."""
    short = unschedulable("Insufficient cpu")
    assert assess_pod(short, lasted=14).status is Status.IN_PROGRESS
    assert assess_pod(short, lasted=15).status is Status.FAILED


def test_alternating_reasons_of_one_fault_have_one_key():
    """ErrImagePull and ImagePullBackOff take turns and are one fault."""
    first, then = (
        fault_of(pod(waits(reason)), PATIENCE) for reason in ("ErrImagePull", "ImagePullBackOff")
    )
    assert first is not None
    assert then is not None
    assert first.key == then.key


def test_failed_pod_names_the_container_that_ended_it():
    """A Pod of phase Failed is failed, for the reason its container gave."""
    ended = {"name": "app", "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}
    found = assess_pod(pod(ended, phase="Failed"))
    assert (found.status, found.message) == (
        Status.FAILED,
        "failed: container app: OOMKilled, exit code 137",
    )


@pytest.mark.parametrize(
    ("waiting", "message"),
    [
        (pod(waits("ContainerCreating")), "container app: ContainerCreating"),
        (pod({**RUNS, "ready": False}), "container app runs and is not ready"),
        ({**pod(), "spec": {}}, "waits for a node"),
        (pod(), "not started"),
    ],
)
def test_what_a_healthy_pod_waits_for(waiting, message):
    """A Pod without a fault says what comes next."""
    assert assess_pod(waiting).message == message
