"""Where data is kept: who finds it, with which key, and what of it is open to others."""

import json

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.objects.secret_data import texts_of
from stackctl.model.plan.credentials import credentials_of

CLIENTS = [
    (Ref("", "Secret", "default", "objectstore-client"), "AWS_ACCESS_KEY_ID"),
    (Ref("", "Secret", "mlflow", "mlflow-s3"), "accessKey"),
]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """Everything that is there in the whole platform."""
    return compose_stack(StackRequest(profile="full")).bundle


def found(bundle: Bundle, kind: str, name: str) -> Manifest:
    (each,) = (
        each
        for part in bundle.components
        for each in part.objects
        if (each["kind"], ref_of(each).name) == (kind, name)
    )
    return each


def test_clients_have_the_key_that_the_object_store_knows(bundle):
    """Each in a Secret of its own namespace; the administrator's is in none of them."""
    known = credentials_of(bundle)
    held = {ref: texts_of(each) for ref, (_, each) in known.secrets.items()}
    server = held[Ref("", "Secret", "objectstore", "objectstore")]
    admin, client = json.loads(server["s3.json"])["identities"]
    assert client["credentials"][0]["accessKey"] == server["accessKey"]
    assert "Admin" in admin["actions"]
    assert "Admin" not in client["actions"]
    for ref, key in CLIENTS:
        assert held[ref][key] == server["accessKey"]
        assert server["adminAccessKey"] not in held[ref].values()
    assert known.homes["objectstore.accessKey"][0].namespace == "objectstore"


def test_spark_finds_hdfs_and_the_object_store_by_itself(bundle):
    """By what spark-submit takes for granted; keys are named there, and stand in no ConfigMap."""
    said = found(bundle, "ConfigMap", "spark-operator-defaults")["data"]["spark-defaults.conf"]
    defaults = dict(line.split("=", 1) for line in said.splitlines())
    assert defaults["spark.hadoop.fs.defaultFS"] == "hdfs://hdfs-namenode.hdfs.svc:8020"
    assert defaults["spark.hadoop.fs.s3a.endpoint"] == "http://objectstore.objectstore.svc:8333"
    for program in ("driver", "executor"):
        reference = defaults[f"spark.kubernetes.{program}.secretKeyRef.AWS_SECRET_ACCESS_KEY"]
        assert reference == "objectstore-client:AWS_SECRET_ACCESS_KEY"
    server = found(bundle, "ConfigMap", "spark-history-server")["data"]["spark-defaults.conf"]
    assert f"spark.history.fs.logDirectory={defaults['spark.eventLog.dir']}" in server


def test_nothing_of_the_object_store_but_s3_and_metrics_listens_outside_its_pod(bundle):
    """What asks nobody who they are has the Pod's own loopback address."""
    (container,) = found(bundle, "StatefulSet", "objectstore")["spec"]["template"]["spec"][
        "containers"
    ]
    flags = dict(each.split("=", 1) for each in container["command"] if "=" in each)
    assert flags["-ip.bind"] == "127.0.0.1"
    assert {key for key, value in flags.items() if value == "0.0.0.0"} == {
        "-s3.ip.bind",
        "-metricsIp",
    }
    assert flags["-master.telemetry"] == "false"
    assert {port["name"] for port in container["ports"]} == {"s3", "metrics"}
