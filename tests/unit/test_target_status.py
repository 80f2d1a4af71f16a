"""How targets stand, given what was seen, and for how long."""

from typing import Any

import pytest

from stackctl.api.store import ObjectStore
from stackctl.cluster.wait.target_status import Assessor
from stackctl.cluster.wait.targets import Target
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.readiness.pod_faults import Patience
from stackctl.model.readiness.readiness import Surroundings
from stackctl.model.readiness.status import Status

WEB = Ref("apps", "Deployment", "ml", "web")
REVISION = {"deployment.kubernetes.io/revision": "1"}


class Plain:
    """A context where there is nothing to find."""

    def around(self, *_: Any, **__: Any) -> Surroundings:
        """Know nothing of any object."""
        return Surroundings()

    def binds_late(self, _: Manifest) -> bool:
        """Bind every claim at once."""
        return False


class Play:
    """A store with an assessor."""

    def __init__(self) -> None:
        self.store, self.seconds = ObjectStore(keeps_deleted=True), 0.0
        patience = Patience(unschedulable=15, inherited=30)
        self.assessor = Assessor(self.store, Plain(), patience, lambda: self.seconds)  # type: ignore[arg-type]

    def at(self, seconds: float, target: Target) -> Status:
        """Assessor a target at some time."""
        self.seconds = seconds
        return self.assessor.assess(target).status


def thing(kind: str, name: str, owner: str = "", **more: Any) -> Manifest:
    owners = [{"uid": owner, "controller": True}] if owner else []
    metadata = {"name": name, "namespace": "ml", "uid": name, "ownerReferences": owners}
    api = {"Pod": "v1", "Job": "batch/v1"}.get(kind, "apps/v1")
    status = more.pop("status", {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata | more, "status": status}


def deployment(ready: int, generation: int = 1, observed: int = 1) -> Manifest:
    status = {
        "observedGeneration": observed,
        "replicas": 1,
        "updatedReplicas": 1,
        "readyReplicas": ready,
        "availableReplicas": ready,
    }
    return thing("Deployment", "web", generation=generation, annotations=REVISION, status=status)


def pod(**status: Any) -> Manifest:
    return thing("Pod", "web-1", "rs", status=status)


def waiting(reason: str) -> Manifest:
    return pod(containerStatuses=[{"name": "main", "state": {"waiting": {"reason": reason}}}])


SET = thing("ReplicaSet", "rs", "web", annotations=REVISION)
HOMELESS = pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}])
APPLIED = Target(WEB, "v1", uid="web", generation=1)


@pytest.fixture
def play() -> Play:
    return Play()


def test_what_was_not_seen_is_not_ready(play):
    """No answer is not an answer."""
    assert play.at(0, APPLIED) is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (APPLIED, Status.CURRENT),
        (Target(WEB, "v1", uid="web", generation=2), Status.IN_PROGRESS),
        (Target(WEB, "v1", uid="other", generation=1), Status.IN_PROGRESS),
        (Target(WEB, "v1"), Status.CURRENT),
    ],
    ids=["the same", "an older generation", "another object", "whichever there is"],
)
def test_only_the_object_that_was_applied_counts(play, target, status):
    """A stale answer is never taken for ready."""
    play.store.put(deployment(ready=1))
    assert play.at(0, target) is status


@pytest.mark.parametrize("order", [0, 1])
def test_a_fault_is_known_in_whichever_order_its_links_arrive(play, order):
    """The Pod may be seen before the ReplicaSet that owns it."""
    seen = [SET, waiting("ImagePullBackOff")]
    for each in (*seen[order:], *seen[:order], deployment(ready=0)):
        play.store.put(each)
    assert play.at(0, APPLIED) is Status.FAILED


def test_a_fault_with_a_grace_fails_when_it_has_lasted(play):
    """A Pod that no node takes is given time, and fails when the time is over."""
    for each in (deployment(ready=0), SET, HOMELESS):
        play.store.put(each)
    assert [play.at(seconds, APPLIED) for seconds in (100, 114, 115)] == [
        Status.IN_PROGRESS,
        Status.IN_PROGRESS,
        Status.FAILED,
    ]


def test_a_fault_that_went_away_starts_anew(play):
    """Only the present spell of a fault counts."""
    for each in (deployment(ready=0), SET, HOMELESS):
        play.store.put(each)
    play.at(0, APPLIED)
    play.store.put(pod())
    play.at(10, APPLIED)
    play.store.put(HOMELESS)
    assert play.at(16, APPLIED) is Status.IN_PROGRESS
    assert play.at(31, APPLIED) is Status.FAILED


def test_a_fault_from_before_the_run_gets_longer(play):
    """What failed before this run may be mended by it, or by somebody just before."""
    old = Target(WEB, "v1", uid="web", generation=1, fresh=False)
    for each in (deployment(ready=0), SET, waiting("ImagePullBackOff")):
        play.store.put(each)
    assert play.at(0, old) is Status.IN_PROGRESS
    assert play.at(30, old) is Status.FAILED


def test_a_forgiven_fault_never_fails(play):
    """A Pod that a new node is being made for is waited for."""
    for each in (deployment(ready=0), SET, HOMELESS):
        play.store.put(each)
    play.at(0, APPLIED)
    play.seconds = 20
    fault = play.assessor.assess(APPLIED).fault
    play.assessor.forgive(fault)
    assert play.at(99, APPLIED) is Status.IN_PROGRESS


def test_a_fault_that_is_told_in_other_words_is_not_forgiven_any_more(play):
    """Somebody has tried again since, and was refused again."""
    for each in (deployment(ready=0), SET, HOMELESS):
        play.store.put(each)
    play.at(0, APPLIED)
    play.seconds = 20
    play.assessor.forgive(play.assessor.assess(APPLIED).fault)
    refused = HOMELESS["status"]["conditions"][0] | {"message": "0/9 nodes are available"}
    play.store.put(pod(conditions=[refused]))
    assert play.at(99, APPLIED) is Status.FAILED


def test_pods_of_an_unseen_change_are_not_looked_at(play):
    """Until the controller has seen the change, the Pods there are belong to what was before."""
    changed = Target(WEB, "v1", uid="web", generation=2)
    for each in (deployment(0, generation=2, observed=1), SET, waiting("ImagePullBackOff")):
        play.store.put(each)
    assert play.at(0, changed) is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"ttlSecondsAfterFinished": 0}, {}, Status.CURRENT),
        (
            {"ttlSecondsAfterFinished": 0},
            {"conditions": [{"type": "Failed", "status": "True"}]},
            Status.FAILED,
        ),
        ({}, {}, Status.FAILED),
    ],
    ids=["as it asked", "as it asked, after it failed", "by somebody"],
)
def test_a_job_that_went_away(play, spec, status, expected):
    """A Job that is deleted was done if it asked to be deleted, and had not failed."""
    job = thing("Job", "once", status=status) | {"spec": spec}
    target = Target(Ref("batch", "Job", "ml", "once"), "v1", uid="once")
    play.store.put(job)
    play.store.remove(job)
    assert play.at(0, target) is expected


def test_a_late_deletion_does_not_take_the_successor(play):
    """News of the old object's end, coming late, leaves the new one on the store."""
    play.store.put(deployment(ready=1))
    old = thing("Deployment", "web")
    play.store.remove(old | {"metadata": old["metadata"] | {"uid": "before"}})
    assert play.at(0, APPLIED) is Status.CURRENT
