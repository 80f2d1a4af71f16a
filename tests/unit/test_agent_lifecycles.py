"""How custom resources of simulated operators move on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stackctl.api.discovery import ApiResource
from stackctl.sandbox.agent.lifecycles.certificates import CERT_MANAGER
from stackctl.sandbox.agent.lifecycles.known import LIFECYCLES
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    Lifecycle,
    LifecycleStep,
    covers,
    is_operator,
    last_condition,
    next_step,
    ready_state,
    run_seconds,
)
from stackctl.sandbox.agent.lifecycles.serving import KSERVE
from stackctl.sandbox.agent.lifecycles.spark import SPARK
from stackctl.sandbox.agent.lifecycles.training import TRAINING
from stackctl.sandbox.agent.simulation.certificates import ready_status, secret_of, wish_of
from stackctl.sandbox.agent.simulation.operators import running_pods, served_kinds
from stackctl.sandbox.agent.webhooks.authority import Issued

Objects = dict[str, Any]
NOW = "2026-01-01T00:00:00Z"
TABLE = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}


def resource(kind: str, **annotations: str) -> Objects:
    metadata = {"namespace": "ml", "name": "x", "uid": "u-1", "generation": 1}
    spec: Objects = {"executor": {"instances": 2}, "tfReplicaSpecs": {"Worker": {"replicas": 2}}}
    renamed = {f"sandbox.stackctl.dev/{key.replace('_', '-')}": v for key, v in annotations.items()}
    return {"kind": kind, "metadata": metadata | {"annotations": renamed}, "spec": spec}


def walk(lifecycle: Lifecycle, manifest: Objects) -> list[str]:
    states = []
    while step := next_step(lifecycle, manifest):
        status = lifecycle.describe(manifest, step.state, NOW)
        manifest = manifest | {"status": manifest.get("status", {}) | status}
        states.append(step.state)
        assert len(states) < 10
    return states


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("TFJob", ["Created", "Running", "Succeeded"]),
        ("PaddleJob", ["Created", "Running", "Succeeded"]),
        ("JobSet", ["Completed"]),
        ("TrainJob", ["Complete"]),
        ("ClusterQueue", ["Active"]),
        ("LocalQueue", ["Active"]),
        ("SparkApplication", ["SUBMITTED", "RUNNING", "SUCCEEDING", "COMPLETED"]),
        ("ScheduledSparkApplication", ["Scheduled"]),
        ("SparkConnect", ["Ready"]),
        ("InferenceService", ["NotReady", "Ready"]),
        ("InferenceGraph", ["Ready"]),
        ("Experiment", ["Created", "Running", "Succeeded"]),
        ("Notebook", ["NotReady", "Ready"]),
        ("ClusterIssuer", ["Ready"]),
        ("Workflow", ["Running", "Succeeded"]),
        ("LeaderWorkerSet", ["Available"]),
        ("RayCluster", ["ready"]),
        ("RayJob", ["Initializing", "Running", "Complete"]),
        ("RayService", ["NotReady", "Ready"]),
        ("ClusterPolicy", ["notReady", "ready"]),
        ("NicClusterPolicy", ["notReady", "ready"]),
        ("NicNodePolicy", ["notReady", "ready"]),
    ],
)
def test_every_kind_comes_to_its_end(kind, states):
    """Each description is recognised as the state it describes, and the last one is the last."""
    assert walk(TABLE[kind], resource(kind)) == states


@pytest.mark.parametrize(
    ("kind", "last"),
    [
        ("TFJob", "Failed"),
        ("JobSet", "Failed"),
        ("TrainJob", "Failed"),
        ("SparkApplication", "FAILED"),
        ("InferenceService", "Failed"),
        ("Workflow", "Failed"),
        ("RayJob", "Failed"),
        ("RayCluster", "failed"),
    ],
)
def test_a_resource_can_be_told_to_fail(kind, last):
    """The annotation turns the last step into the other end."""
    assert walk(TABLE[kind], resource(kind, fail="yes"))[-1] == last


def test_a_training_job_tells_its_history():
    """Conditions pile up, Running becomes false at the end, and replicas are counted."""
    job = resource("TFJob")
    lifecycle = TABLE["TFJob"]
    for state in ("Created", "Running", "Succeeded"):
        job = job | {"status": job.get("status", {}) | lifecycle.describe(job, state, NOW)}
    status = job["status"]
    assert [(c["type"], c["status"], c["reason"]) for c in status["conditions"]] == [
        ("Created", "True", "TFJobCreated"),
        ("Running", "False", "TFJobRunning"),
        ("Succeeded", "True", "TFJobSucceeded"),
    ]
    assert status["replicaStatuses"]["Worker"]["succeeded"] == 2
    assert status["replicaStatuses"]["Worker"]["active"] is None
    assert status["startTime"] == status["completionTime"] == NOW
    assert last_condition(job) == "Succeeded"


def test_suspended_resources_stay_where_they_are():
    """Both spellings of suspension hold."""
    spark = resource("SparkApplication")
    spark["spec"]["suspend"] = True
    assert next_step(TABLE["SparkApplication"], spark) is None
    job = resource("TFJob")
    job["spec"]["runPolicy"] = {"suspend": True}
    assert next_step(TABLE["TFJob"], job) is None


def test_the_last_step_can_be_put_off():
    """A resource runs as long as its annotation says, or for ever."""
    running = {"conditions": [{"type": "Running", "status": "True"}]}
    patient = resource("TFJob", run_for="1m30s") | {"status": running}
    assert next_step(TABLE["TFJob"], patient) == LifecycleStep("Succeeded", 90.0)
    assert next_step(TABLE["TFJob"], resource("TFJob", run_for="1m30s")) == LifecycleStep(
        "Created", 0.2
    )
    endless = resource("TFJob", run_for="forever") | {"status": running}
    assert next_step(TABLE["TFJob"], endless) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 7.0), ("250ms", 0.25), ("1h1m1s", 3661.0), ("soon", 7.0), ("5", 7.0), ("forever", None)],
)
def test_durations_are_read_as_go_writes_them(text, seconds):
    """What is no duration leaves the default."""
    assert run_seconds(text, 7.0) == seconds


def test_readiness_of_an_older_generation_is_none():
    """A changed spec starts over."""
    condition = {"type": "Ready", "status": "True", "observedGeneration": 1}
    changed = {"metadata": {"generation": 2}, "status": {"conditions": [condition]}}
    assert ready_state(changed) == ""
    assert ready_state(changed | {"metadata": {"generation": 1}}) == "Ready"


def operator_pod(image: str, *args: str, ready: bool = True, **labels: str) -> Objects:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
    metadata = {"namespace": "ops", "name": "p", "labels": labels}
    containers = [{"name": "c", "image": image, "args": list(args)}]
    return {"metadata": metadata, "spec": {"containers": containers}, "status": status}


def test_operators_are_known_by_image_and_program():
    """The Spark image has two programs, and only one of them moves applications on."""
    image = "ghcr.io/kubeflow/spark-operator/controller:2.5.2"
    assert is_operator(SPARK, operator_pod(image, "controller", "start"))
    assert not is_operator(SPARK, operator_pod(image, "webhook", "start"))
    assert is_operator(KSERVE, operator_pod("mirror/kserve/kserve-controller:v0.20.0"))
    assert not is_operator(CERT_MANAGER, operator_pod("quay.io/jetstack/cert-manager-webhook:v1"))


@pytest.mark.parametrize(
    ("operator", "args", "kind", "covered"),
    [
        (SPARK, (), "SparkApplication", True),
        (SPARK, ("--namespaces=default,ml",), "SparkApplication", True),
        (SPARK, ("--namespaces=default",), "SparkApplication", False),
        (SPARK, ("--namespaces", "default"), "SparkApplication", False),
        (SPARK, ('--namespaces=""',), "SparkApplication", True),
        (TRAINING, ("--enable-scheme=tfjob", "--enable-scheme=mpijob"), "TFJob", True),
        (TRAINING, ("--enable-scheme=pytorchjob",), "TFJob", False),
        (TRAINING, ("--namespace=other",), "TFJob", False),
    ],
)
def test_operators_look_after_what_their_flags_say(operator, args, kind, covered):
    """A resource in a namespace nobody watches does not move, as on a real cluster."""
    assert covers(operator, operator_pod("i", *args), resource(kind)) is covered


def test_only_ready_operators_work():
    """And none whose Service has a real process behind it."""
    image = "ghcr.io/kubeflow/training-v1/training-operator:v1"
    pod = operator_pod(image, app="training")
    service = {
        "metadata": {"namespace": "ops", "name": "training-operator"},
        "spec": {"selector": {"app": "training"}},
    }
    assert running_pods(TRAINING, [pod], []) == [pod]
    assert running_pods(TRAINING, [operator_pod(image, ready=False)], []) == []
    assert running_pods(TRAINING, [pod], [service]) == []
    elsewhere = service | {"metadata": {"namespace": "other", "name": "training-operator"}}
    assert running_pods(TRAINING, [pod], [elsewhere]) == [pod]


def test_a_process_for_one_program_of_an_operator_is_the_whole_operator():
    """Registering Spark's webhook means that Spark's controller is real as well."""
    image = "ghcr.io/kubeflow/spark-operator/controller:2.5.2"
    controller = operator_pod(image, "controller", "start", part="controller")
    webhook = operator_pod(image, "webhook", "start", part="webhook")
    service = {
        "metadata": {"namespace": "ops", "name": "hooks"},
        "spec": {"selector": {"part": "webhook"}},
    }
    assert running_pods(SPARK, [controller, webhook], [service]) == []


def test_kinds_are_served_once_established():
    """The stored version is followed; a definition that goes or is not there yet is not."""
    definition = {
        "metadata": {"name": "jobs.e.dev"},
        "spec": {
            "group": "e.dev",
            "scope": "Namespaced",
            "names": {"kind": "Job", "plural": "jobs"},
            "versions": [
                {"name": "v1", "served": True, "storage": False},
                {"name": "v2", "served": True, "storage": True},
            ],
        },
        "status": {"conditions": [{"type": "Established", "status": "True"}]},
    }
    jobs = ApiResource("e.dev", "v2", "Job", "jobs", namespaced=True)
    assert list(served_kinds([definition])) == [jobs]
    assert list(served_kinds([definition | {"status": {}}])) == []
    assert list(served_kinds([definition | {"metadata": {"deletionTimestamp": NOW}}])) == []


CERTIFICATE: Objects = {
    "metadata": {"namespace": "ml", "name": "web", "generation": 3},
    "spec": {
        "secretName": "web-tls",
        "commonName": "web.ml.svc",
        "dnsNames": ["web.ml.svc", "web"],
        "ipAddresses": ["10.0.0.9"],
        "duration": "24h",
        "issuerRef": {"name": "ca", "kind": "ClusterIssuer"},
        "secretTemplate": {"labels": {"team": "ml"}},
    },
}
ISSUED = Issued(b"cert", b"key", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))


def test_a_certificate_is_made_as_its_spec_says():
    """Names, lifetime and the kind of key are the user's."""
    wish = wish_of(CERTIFICATE)
    assert wish.names == ("web.ml.svc", "web", "10.0.0.9")
    assert (wish.common_name, wish.lifetime.total_seconds()) == ("web.ml.svc", 86400)
    assert (wish.rsa_bits, wish.authority) == (2048, False)
    curve = CERTIFICATE["spec"] | {"privateKey": {"algorithm": "ECDSA"}, "isCA": True}
    assert wish_of(CERTIFICATE | {"spec": curve}).rsa_bits == 0
    assert wish_of(CERTIFICATE | {"spec": curve}).authority


def test_the_secret_is_what_others_mount():
    """It has the three files, says whose it is, and has no owner that would take it along."""
    secret = secret_of(CERTIFICATE, ISSUED, b"ca")
    assert secret["data"] == {"tls.crt": "Y2VydA==", "tls.key": "a2V5", "ca.crt": "Y2E="}
    assert secret["type"] == "kubernetes.io/tls"
    metadata = secret["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("ml", "web-tls")
    assert metadata["labels"]["team"] == "ml"
    assert metadata["annotations"]["cert-manager.io/certificate-name"] == "web"
    assert metadata["annotations"]["cert-manager.io/alt-names"] == "web.ml.svc,web"
    assert "ownerReferences" not in metadata


def test_an_issued_certificate_is_ready():
    """Its status has the dates and is of this generation."""
    status = ready_status(CERTIFICATE, ISSUED, NOW)
    assert ready_state(CERTIFICATE | {"status": status}) == "Ready"
    assert status["notAfter"] == "2026-01-04T00:00:00Z"
    assert status["renewalTime"] == "2026-01-03T00:00:00Z"
    assert status["revision"] == 1
