"""Which Pods tell how a workload fares."""

import pytest

from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.children import (
    Owned,
    controller,
    faults_of,
    pods_of,
    refused_pods,
    unready_pods,
)
from stackctl.model.readiness.pod_faults import NEVER, Patience

REVISION = "deployment.kubernetes.io/revision"
GENERATION = "deprecated.daemonset.template.generation"


def thing(kind: str, name: str, owner: str = "", **more: object) -> Manifest:
    owners = [{"uid": owner, "controller": True}, {"uid": "other"}] if owner else []
    metadata = {"name": name, "namespace": "ml", "uid": name, "ownerReferences": owners}
    api = {"Job": "batch/v1", "Pod": "v1"}.get(kind, "apps/v1")
    return {"apiVersion": api, "kind": kind, "metadata": metadata | more, "status": {}}


def sick(pod: Manifest, reason: str, restarts: int = 5) -> Manifest:
    state = {"waiting": {"reason": reason}}
    return {
        **pod,
        "status": {"containerStatuses": [{"name": "c", "state": state, "restartCount": restarts}]},
    }


def owned(*children: Manifest) -> Owned:
    return lambda uid: [child for child in children if controller(child) == uid]


def names(pods: list[Manifest]) -> list[str]:
    return [pod["metadata"]["name"] for pod in pods]


DEPLOYMENT = thing("Deployment", "d", annotations={REVISION: "2"})
OLD_SET = thing("ReplicaSet", "rs-1", "d", annotations={REVISION: "1"})
NEW_SET = thing("ReplicaSet", "rs-2", "d", annotations={REVISION: "2"})
OLD_POD, NEW_POD = thing("Pod", "old", "rs-1"), thing("Pod", "new", "rs-2")


def test_pods_of_the_old_revision_do_not_count():
    """A Deployment that replaces a broken revision is not judged by the broken Pods."""
    links = owned(OLD_SET, NEW_SET, sick(OLD_POD, "ImagePullBackOff"), NEW_POD)
    assert names(pods_of(DEPLOYMENT, links)) == ["new"]
    assert faults_of(DEPLOYMENT, links, Patience()) == []


@pytest.mark.parametrize("order", [(NEW_SET, NEW_POD), (NEW_POD, NEW_SET)])
def test_a_pod_is_found_in_whichever_order_it_became_known(order):
    """A Pod seen before its ReplicaSet still belongs to its Deployment."""
    assert names(pods_of(DEPLOYMENT, owned(*order))) == ["new"]


@pytest.mark.parametrize(
    ("workload", "label"),
    [
        (
            {**thing("StatefulSet", "s"), "status": {"updateRevision": "b"}},
            "controller-revision-hash",
        ),
        (thing("DaemonSet", "s", annotations={GENERATION: "b"}), "pod-template-generation"),
    ],
)
def test_only_the_revision_a_workload_goes_to_counts(workload, label):
    """StatefulSets and DaemonSets are judged by the Pods of their present template."""
    old, new = (thing("Pod", name, "s", labels={label: name}) for name in ("a", "b"))
    assert names(pods_of(workload, owned(old, new))) == ["b"]


def test_a_job_counts_its_crashes_itself():
    """A crash is a Job's own business; an image that cannot be pulled is not."""
    job = thing("Job", "j")
    links = owned(
        sick(thing("Pod", "crashes", "j"), "CrashLoopBackOff"),
        sick(thing("Pod", "lacks", "j"), "ImagePullBackOff"),
    )
    found = [(fault.pod, fault.grace) for fault in faults_of(job, links, Patience())]
    assert found == [("lacks", 0.0), ("crashes", NEVER)]


def test_pods_that_are_done_or_going_are_not_waited_for():
    """Only Pods that could still become ready are looked at for a reason."""
    done = {**thing("Pod", "done", "rs-2"), "status": {"phase": "Succeeded"}}
    going = thing("Pod", "going", "rs-2", deletionTimestamp="t")
    links = owned(NEW_SET, done, going, NEW_POD)
    assert names(list(unready_pods(DEPLOYMENT, links))) == ["new"]


@pytest.mark.parametrize(
    ("message", "grace"),
    [
        ('serviceaccount "x" not found', Patience().creation),
        ('failed calling webhook "a.b.c": no endpoints available', NEVER),
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot', 0.0),
        ("pods x is forbidden: minimum cpu usage per Container is 1, but request is 10m", 0.0),
        ("pods x is forbidden: failed quota: q: must specify limits.cpu for: c", 0.0),
        ("pods x is forbidden: no PriorityClass with name p was found", 0.0),
        ('pods x is forbidden: pod rejected: RuntimeClass "r" not found', 0.0),
        ("pods x is forbidden: exceeded quota: q, requested: pods=1", Patience().unschedulable),
    ],
)
def test_pods_that_the_api_server_refuses(message, grace):
    """Pods that are never created say why, and a webhook that is not there yet is waited for."""
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    status = {"conditions": [refused | {"message": message}]}
    (fault,) = faults_of({**DEPLOYMENT, "status": status}, owned(), Patience())
    assert (fault.message, fault.grace) == (f"FailedCreate: {message}", grace)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "Error creating: ",
        "(combined from similar events): Error creating: ",
        "create Pod web-0 in StatefulSet web failed error: ",
    ],
)
def test_of_an_event_the_words_of_the_api_server_are_told(before):
    """What its controller says around them is the same each time."""
    about = {"involvedObject": {"uid": "d"}, "reason": "FailedCreate"}
    said = 'pods "web-0" is forbidden: exceeded quota: q'
    event = {**thing("Pod", "e"), **about, "message": f"{before}{said}"}
    (fault,) = refused_pods(thing("DaemonSet", "d"), [event], Patience())
    assert fault.text == said


def test_only_what_was_said_since_the_last_change_tells_of_a_workload():
    """An event from before belongs to the template before; one of another object to that."""
    written = [
        {"time": "2026-01-02T03:04:05Z"},
        {"time": "2027-01-01T00:00:00Z", "subresource": "s"},
    ]
    daemons = thing("DaemonSet", "d", managedFields=written)

    def event(uid: str, time: str, said: str) -> Manifest:
        about = {"involvedObject": {"uid": uid}, "reason": "FailedCreate"}
        return {**thing("Pod", said), **about, "lastTimestamp": time, "message": said}

    before = event("d", "2026-01-02T03:04:04Z", "before")
    anothers = event("e", "2026-01-02T03:04:09Z", "another's")
    assert list(refused_pods(daemons, [before, anothers], Patience())) == []
    since = event("d", "2026-01-02T03:04:05Z", "since")
    (fault,) = refused_pods(daemons, [before, since, anothers], Patience())
    assert fault.message == "FailedCreate: since"
