"""How one object stands: a truth table, kind by kind."""

import re
from typing import Any

import pytest

from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.readiness import (
    Surroundings,
    assess,
    established,
    reports_conditions,
    settles,
)
from stackctl.model.readiness.status import Status
from stackctl.model.shapes.ready_rules import ReadyRule, read_rules, rule_of
from stackctl.sources.components import read_components
from stackctl.sources.folders import catalogues

# What the shipped components declare of their kinds.
DECLARED = {
    name: rule
    for part in read_components(catalogues(())).values()
    for name, rule in part.spec.readyWhen.items()
}
CURRENT, WAITING, FAILED = Status.CURRENT, Status.IN_PROGRESS, Status.FAILED


def thing(kind: str, spec: Any = None, status: Any = None, **metadata: Any) -> Manifest:
    api = {
        "Deployment": "apps/v1",
        "StatefulSet": "apps/v1",
        "DaemonSet": "apps/v1",
        "ReplicaSet": "apps/v1",
        "Job": "batch/v1",
        "PodDisruptionBudget": "policy/v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
        "CustomResourceDefinition": "apiextensions.k8s.io/v1",
        "APIService": "apiregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
        "Certificate": "cert-manager.io/v1",
        "Issuer": "cert-manager.io/v1",
        "TFJob": "kubeflow.org/v1",
        "SparkApplication": "sparkoperator.k8s.io/v1beta2",
    }.get(kind, "v1")
    made = {"apiVersion": api, "kind": kind, "metadata": {"name": "x", "generation": 2, **metadata}}
    made |= {"spec": spec} if spec is not None else {}
    return made | ({"status": {"observedGeneration": 2, **status}} if status is not None else {})


def on(kind: str, status: str = "True", **more: Any) -> Manifest:
    return {"type": kind, "status": status, **more}


def rolled(updated: int, ready: int, total: int | None = None, **more: Any) -> Manifest:
    """The status of a Deployment."""
    replicas = updated if total is None else total
    return {
        "replicas": replicas,
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        **more,
    }


def spread(wanted: int, updated: int, ready: int) -> Manifest:
    """The status of a DaemonSet."""
    return {
        "desiredNumberScheduled": wanted,
        "updatedNumberScheduled": updated,
        "numberReady": ready,
        "numberAvailable": ready,
    }


def webhook(bundle: str | None, *, service: bool = True) -> Manifest:
    client: Manifest = {"service": {"name": "s"}} if service else {"url": "https://example.com"}
    return {"name": "a.b.c", "clientConfig": client | ({"caBundle": bundle} if bundle else {})}


ON_DELETE = {"replicas": 2, "updateStrategy": {"type": "OnDelete"}}
SURGE_NOTHING = {"replicas": 1, "strategy": {"rollingUpdate": {"maxUnavailable": 1}}}
TABLE = [
    # any kind
    ("deleted objects are terminating", thing("ConfigMap", deletionTimestamp="t"),
     Status.TERMINATING, "being deleted"),
    ("a terminating object names what holds it",
     thing("ConfigMap", deletionTimestamp="t", finalizers=["a/b"]),
     Status.TERMINATING, "held by a/b"),
    ("an answer to an older generation is not ready",
     thing("Deployment", {"replicas": 1}, {"observedGeneration": 1, **rolled(1, 1)}),
     WAITING, "not seen the change"),
    ("a controller's kind without any status is not ready", thing("Deployment", {"replicas": 0}),
     WAITING, "not seen the change"),
    ("built-in kinds without a rule are ready", thing("ConfigMap"), CURRENT, ""),
    # Deployment
    ("all replicas available", thing("Deployment", {"replicas": 3}, rolled(3, 3)), CURRENT, "3/3"),
    ("replicas missing counts are zero", thing("Deployment", {"replicas": 1}, {}), WAITING, "0/1"),
    ("one replica by default", thing("Deployment", {}, rolled(1, 1)), CURRENT, "1/1"),
    ("a replica short", thing("Deployment", {"replicas": 3}, rolled(3, 2)), WAITING, "2/3"),
    ("replicas of the old revision",
     thing("Deployment", {"replicas": 2}, rolled(2, 2, 3)), WAITING, "1 old replicas"),
    ("replicas yet to be updated",
     thing("Deployment", {"replicas": 2}, rolled(1, 2, 2)), WAITING, "1/2 replicas updated"),
    ("scaled to zero", thing("Deployment", {"replicas": 0}, {}), CURRENT, "0/0"),
    ("maxUnavailable does not turn no Pod into ready",
     thing("Deployment", SURGE_NOTHING, rolled(1, 0, conditions=[on("Available")])),
     WAITING, "0/1"),
    ("its progress deadline is over",
     thing("Deployment", {"replicas": 1}, rolled(1, 0, conditions=[
         on("Progressing", "False", reason="ProgressDeadlineExceeded", message="timed out")])),
     FAILED, "timed out"),
    ("paused", thing("Deployment", {"paused": True}, {}), CURRENT, "paused"),
    ("Pods that the namespace's rules forbid",
     thing("Deployment", {}, {"conditions": [
         on("ReplicaFailure", message="pods is forbidden: violates PodSecurity")]}),
     FAILED, "violates PodSecurity"),
    ("Pods that a quota refuses for now",
     thing("Deployment", {}, {"conditions": [
         on("ReplicaFailure", message="exceeded quota")]}), WAITING, "exceeded quota"),
    # ReplicaSet
    ("a ReplicaSet short of Pods", thing("ReplicaSet", {"replicas": 2}, {"availableReplicas": 1}),
     WAITING, "1/2"),
    ("a ReplicaSet", thing("ReplicaSet", {"replicas": 1}, {"availableReplicas": 1}),
     CURRENT, "1/1"),
    # StatefulSet
    ("a StatefulSet rolled out",
     thing("StatefulSet", {"replicas": 2},
           rolled(2, 2, currentRevision="b", updateRevision="b")), CURRENT, "2/2"),
    ("a StatefulSet that rolls",
     thing("StatefulSet", {"replicas": 2},
           rolled(1, 2, 2, currentRevision="a", updateRevision="b")), WAITING, "1/2 replicas upd"),
    ("a StatefulSet updated up to its partition",
     thing("StatefulSet", {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}},
           rolled(1, 3, 3, currentRevision="a", updateRevision="b")), CURRENT, "3/3"),
    ("OnDelete does not wait for updated replicas",
     thing("StatefulSet", ON_DELETE, rolled(0, 2, 2, currentRevision="a", updateRevision="b")),
     CURRENT, "when they are deleted"),
    ("OnDelete waits for ready ones",
     thing("StatefulSet", ON_DELETE, rolled(0, 1, 2)), WAITING, "1/2 replicas ready"),
    ("a StatefulSet that shrinks",
     thing("StatefulSet", {"replicas": 1}, rolled(2, 2, 2)), WAITING, "1 replicas too many"),
    # DaemonSet
    ("a DaemonSet on its nodes", thing("DaemonSet", {}, spread(2, 2, 2)), CURRENT, "2/2"),
    ("a DaemonSet that matches no node", thing("DaemonSet", {}, spread(0, 0, 0)),
     WAITING, "no node matches"),
    ("one node and maxUnavailable 1 is not ready with no Pod",
     thing("DaemonSet", {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}}},
           spread(1, 1, 0)), WAITING, "0/1 Pods ready"),
    ("a DaemonSet that rolls", thing("DaemonSet", {}, spread(2, 1, 2)), WAITING, "1/2 Pods upd"),
    ("a DaemonSet updated on deletion",
     thing("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, spread(2, 0, 2)),
     CURRENT, "2/2"),
    # Pod
    ("a completed Pod", thing("Pod", {}, {"phase": "Succeeded"}), CURRENT, "completed"),
    ("a failed Pod has failed",
     thing("Pod", {}, {"phase": "Failed", "reason": "Evicted"}), FAILED, "Evicted"),
    ("a running Pod", thing("Pod", {"nodeName": "n"}, {"phase": "Running", "conditions": [
        on("Ready")]}), CURRENT, "ready"),
    # Job
    ("a Job that has only started is not done",
     thing("Job", {"completions": 3}, {"active": 1, "succeeded": 1, "startTime": "t"}),
     WAITING, "1/3 completed"),
    ("a complete Job", thing("Job", {}, {"conditions": [on("Complete")]}), CURRENT, "complete"),
    ("a failed Job", thing("Job", {}, {"conditions": [
        on("Failed", reason="BackoffLimitExceeded", message="backoff limit")]}),
     FAILED, "backoff limit"),
    ("a suspended Job", thing("Job", {"suspend": True}, {}), CURRENT, "suspended"),
    # Service and storage
    ("a Service", thing("Service", {"type": "ClusterIP"}, {}), CURRENT, ""),
    ("a load balancer's address is optional",
     thing("Service", {"type": "LoadBalancer"}, {"loadBalancer": {}}), CURRENT, "no load balancer"),
    ("a bound claim", thing("PersistentVolumeClaim", {}, {"phase": "Bound"}), CURRENT, "bound"),
    ("a pending claim", thing("PersistentVolumeClaim", {}, {"phase": "Pending"}),
     WAITING, "not bound"),
    ("a claim without its volume", thing("PersistentVolumeClaim", {}, {"phase": "Lost"}),
     FAILED, "lost"),
    ("a failed volume", thing("PersistentVolume", {}, {"phase": "Failed", "message": "no space"}),
     FAILED, "no space"),
    # the others of Kubernetes
    ("an active namespace", thing("Namespace", {}, {"phase": "Active"}), CURRENT, ""),
    ("a terminating namespace", thing("Namespace", {}, {"phase": "Terminating"}),
     WAITING, "Terminating"),
    ("a disruption budget nobody has looked at", thing("PodDisruptionBudget", {}),
     WAITING, "not seen"),
    ("a disruption budget that allows none",
     thing("PodDisruptionBudget", {}, {"disruptionsAllowed": 0}), CURRENT, ""),
    ("an autoscaler without metrics", thing("HorizontalPodAutoscaler", {}, {"conditions": [
        on("ScalingActive", "False", message="no metrics")]}), CURRENT, "no metrics"),
    ("an aggregated API that answers",
     thing("APIService", {}, {"conditions": [on("Available")]}), CURRENT, "available"),
    ("an aggregated API that does not", thing("APIService", {}, {"conditions": [
        on("Available", "False", message="endpoints not found")]}), WAITING, "endpoints"),
    ("a webhook configuration whose CA is missing",
     {**thing("ValidatingWebhookConfiguration"), "webhooks": [webhook("e30="), webhook(None)]},
     WAITING, "no caBundle yet: a.b.c"),
    ("a webhook configuration with its CA",
     {**thing("ValidatingWebhookConfiguration"), "webhooks": [webhook("e30=")]}, CURRENT, ""),
    ("a webhook outside the cluster needs no CA",
     {**thing("ValidatingWebhookConfiguration"), "webhooks": [webhook(None, service=False)]},
     CURRENT, ""),
    # definitions
    ("an established definition", thing("CustomResourceDefinition", {}, {"conditions": [
        on("NamesAccepted"), on("Established")]}), CURRENT, "established"),
    ("a definition on its way", thing("CustomResourceDefinition", {}, {"conditions": [
        on("NamesAccepted"), on("Established", "False", message="installing")]}),
     WAITING, "installing"),
    ("a definition nobody has looked at", thing("CustomResourceDefinition", {}, {}),
     WAITING, "not established"),
    ("a definition whose names are taken", thing("CustomResourceDefinition", {}, {"conditions": [
        on("NamesAccepted", "False", message="kind X is taken")]}), FAILED, "kind X is taken"),
    ("a conversion webhook without CA",
     thing("CustomResourceDefinition", {"conversion": {"webhook": webhook(None)}},
           {"conditions": [on("NamesAccepted"), on("Established")]}), WAITING, "conversion"),
    # custom resources
    ("a custom resource of a kind nobody reports on", thing("Certificate", {}), CURRENT, ""),
    ("a ready certificate", thing("Certificate", {}, {"conditions": [on("Ready")]}), CURRENT, ""),
    ("an issuer that is not ready", thing("Issuer", {}, {"conditions": [
        on("Ready", "False", message="secret missing")]}), WAITING, "secret missing"),
    ("readiness of an older generation", thing("Certificate", {}, {"conditions": [
        on("Ready", observedGeneration=1)]}), WAITING, "not seen"),
    ("a stalled resource", thing("Certificate", {}, {"conditions": [
        on("Stalled", message="cannot go on"), on("Ready", "False")]}), FAILED, "cannot go on"),
    ("a reconciling resource", thing("Certificate", {}, {"conditions": [
        on("Reconciling", reason="Progressing"), on("Ready")]}), WAITING, "Progressing"),
    # what runs once
    ("a training job that runs", thing("TFJob", {}, {"conditions": [
        on("Created"), on("Running", message="TFJob x is running")]}), WAITING, "Running"),
    ("a training job that succeeded", thing("TFJob", {}, {"conditions": [
        on("Running", "False"), on("Succeeded")]}), CURRENT, "complete"),
    ("a Spark application", thing("SparkApplication", {}, {"applicationState": {
        "state": "COMPLETED"}}), CURRENT, "completed"),
    ("a Spark application that runs", thing("SparkApplication", {}, {"applicationState": {
        "state": "RUNNING"}}), WAITING, "state RUNNING"),
    ("a Spark application nobody has seen", thing("SparkApplication", {}), WAITING, "not started"),
    ("a Spark application whose state is no text", thing("SparkApplication", {}, {
        "applicationState": {"state": 5}}), WAITING, "not started"),
    ("a Spark application that failed", thing("SparkApplication", {}, {"applicationState": {
        "state": "FAILED", "errorMessage": "driver\n failed"}}), FAILED, "driver failed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("obj", "status", "message"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_status_of_an_object(obj, status, message):
    """Each object of the table stands as the table says, and says why."""
    found = assess(obj, Surroundings(rule=rule_of(DECLARED, kind_of(obj), "x")))
    assert (found.status, message in found.message) == (status, True), found


def test_daemon_set_may_match_no_node_where_the_profile_allows_it():
    """A DaemonSet with nowhere to run is ready where that was foreseen."""
    idle = thing("DaemonSet", {}, spread(0, 0, 0))
    assert assess(idle, Surroundings(may_match_no_node=True)).status is CURRENT


def test_claim_that_waits_for_its_first_consumer_is_ready():
    """A claim of a class that binds late does not hold anybody up."""
    claim = thing("PersistentVolumeClaim", {}, {"phase": "Pending"})
    assert assess(claim, Surroundings(binds_late=True)).status is CURRENT


@pytest.mark.parametrize("status", [None, {}, {"conditions": []}])
def test_fresh_custom_resource_is_not_ready(status):
    """A resource whose controller reports on it is not ready before it has."""
    fresh = thing("Certificate", {}) | {"status": status}
    assert assess(fresh, Surroundings(reports=True)).status is WAITING


def test_custom_resource_with_conditions_but_no_ready_is_ready():
    """A controller that has reported, but not in the usual words, is taken at its word."""
    odd = thing("Certificate", {}, {"conditions": [on("Synced")]})
    assert assess(odd, Surroundings(reports=True)).status is CURRENT


def definition(version: Manifest) -> Manifest:
    return {"spec": {"versions": [{"name": "v0"}, {"name": "v1", **version}]}}


@pytest.mark.parametrize(
    ("version", "reports"),
    [
        ({}, False),
        ({"subresources": {"scale": {}}}, False),
        ({"subresources": {"status": {}}}, True),
        ({"subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"properties": {
            "status": {"properties": {"conditions": {}}}}}}}, True),
        ({"subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"properties": {
            "status": {"properties": {"nodes": {}}}}}}}, False),
    ],
    ids=["no status", "scale only", "an open status", "conditions", "a status without conditions"],
)  # fmt: skip
def test_definition_tells_whether_anybody_reports(version, reports):
    """Only kinds with a status that can hold conditions are waited for."""
    assert reports_conditions(definition(version), "v1") is reports


def test_established_does_not_wait_for_the_conversion_webhook():
    """A definition serves its kind before the operator behind it runs."""
    crd = thing(
        "CustomResourceDefinition",
        {"conversion": {"webhook": webhook(None)}},
        {"conditions": [on("NamesAccepted"), on("Established")]},
    )
    assert established(crd).status is CURRENT


@pytest.mark.parametrize(
    ("group", "kind", "watched"),
    [
        ("", "ConfigMap", False),
        ("rbac.authorization.k8s.io", "Role", False),
        ("apps", "Deployment", True),
        ("cert-manager.io", "Issuer", True),
    ],
)
def test_kinds_that_are_ready_once_accepted_need_no_watching(group, kind, watched):
    """Only kinds that can be anything but ready are worth a watch."""
    assert settles(group, kind) is watched


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"TFJob": {"current": ["Succeeded"]}}, "TFJob: expected Kind.group"),
        ({"A.b": {"current": ["Done"], "state": "status..x"}}, "status..x"),
        ({"A.b": {"failed": ["Failed"]}}, "current is missing"),
        ({"A.b": {"current": ["Done"], "when": 1}}, "unknown key"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused(rules, problem):
    """Whether a component declares them or a record has them."""
    with pytest.raises(ValueError, match=re.escape(problem)):
        read_rules(rules)


def test_a_rule_does_not_take_the_place_of_what_is_known():
    """Nobody declares a Deployment ready that has no replica."""
    short = thing("Deployment", {"replicas": 1}, {"conditions": [on("Fine")]})
    assert assess(short, Surroundings(rule=ReadyRule(("Fine",)))).status is WAITING


STATES: list[tuple[Any, Status]] = [
    ({"observedGeneration": 2}, CURRENT),
    ({"observedGeneration": 1, "state": "ready"}, WAITING),
    ({"state": "ready"}, CURRENT),
    ({"state": "notReady"}, WAITING),
    ({"state": {"phase": "Completed"}}, CURRENT),
    ({"phase": "FAILED", "message": "no quota"}, FAILED),
    ({"phase": "CreateFailed"}, FAILED),
    ({"phase": "In Progress"}, WAITING),
    ({"phase": "Open"}, CURRENT),
    ({"ready": False}, WAITING),
    ({"ready": True}, CURRENT),
    ({"phase": "Pending", "conditions": [on("Ready")]}, CURRENT),
    ({"phase": "Failed", "conditions": [on("Synced")]}, FAILED),
    ({"replicas": 3}, CURRENT),
    ({"observedGeneration": "1"}, CURRENT),
    ({"conditions": {"Ready": {"status": "True"}}}, CURRENT),
    ({"conditions": [None]}, CURRENT),
    ("Running", CURRENT),
    ("Error", FAILED),
    ([1], CURRENT),
]


@pytest.mark.parametrize(("status", "expected"), STATES, ids=str)
def test_a_status_without_conditions_is_a_report(status, expected):
    """It is read by the generation it saw, then by the word of its state, as far as it goes."""
    obj = thing("Certificate", {}) | {"status": status}
    assert assess(obj, Surroundings(reports=True)).status is expected


def test_what_is_said_beside_a_word_is_told():
    """The controller's own sentence says more than its word."""
    obj = thing("Certificate", {}) | {"status": {"phase": "Failed", "message": "no quota"}}
    assert assess(obj).message == "state Failed: no quota"


def test_what_reports_nothing_can_be_declared_so_of_a_kind_or_an_object():
    """It is ready when it is there; an object's own rule beats that of its kind."""
    rules = read_rules(
        {
            "Rule.example.com": {"state": "status.ready", "current": ["true"]},
            "Rule.example.com/silent": {"exists": True},
        }
    )
    kind, silent = ("example.com", "Rule"), Surroundings(True, rule=ReadyRule(exists=True))
    assert rule_of(rules, kind, "silent") == ReadyRule(exists=True)
    told = Surroundings(rule=rule_of(rules, kind, "other"))
    assert assess(thing("Certificate", {}), silent).status is CURRENT
    for ready, expected in ((True, CURRENT), (False, WAITING)):
        obj = thing("Certificate", {}) | {"status": {"ready": ready}}
        assert assess(obj, told).status is expected
