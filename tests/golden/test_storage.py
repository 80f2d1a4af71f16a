"""Where data is kept: who finds it, with which key, and what of it is open to others."""

import json
from xml.etree import ElementTree

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.errors import ConfigError
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


AVAILABLE = ("hdfs.features.high-availability=true", "hdfs.features.checkpoint=false")


def properties(manifest: Manifest, key: str) -> dict[str, str]:
    """Return the properties of one of Hadoop's files."""
    root = ElementTree.fromstring(manifest["data"][key])
    found = root.iter("property")
    return {each.findtext("name", ""): each.findtext("value", "") for each in found}


@pytest.fixture(scope="module")
def available() -> Bundle:
    """Spark on two NameNodes, in a namespace and with values of somebody's own."""
    moved = ("hdfs.namespace=files", "hdfs.replication=2", "hdfs.handlers=40")
    return compose_stack(StackRequest(profile="data", sets=AVAILABLE + moved)).bundle


def test_two_namenodes_are_told_all_that_one_is_told(available):
    """Their file is one of its own, and what somebody has set is in it too."""
    moved = ("hdfs.namespace=files", "hdfs.replication=2", "hdfs.handlers=40")
    single = compose_stack(StackRequest(profile="data", sets=moved)).bundle
    one = properties(found(single, "ConfigMap", "hdfs"), "hdfs-site.xml")
    two = properties(found(available, "ConfigMap", "hdfs"), "hdfs-site.xml")
    alone = {"dfs.namenode.http-address", "dfs.namenode.checkpoint.dir"}
    assert one.items() - two.items() == {(key, one[key]) for key in alone}
    assert two["dfs.replication"] == "2"


def test_every_client_knows_both_namenodes_by_one_name(available):
    """Spark's applications, its history server, other Pods, and the programs of HDFS itself."""
    site = properties(found(available, "ConfigMap", "hdfs"), "hdfs-site.xml")
    client = found(available, "ConfigMap", "hdfs-client")
    known = [site, properties(client, "hdfs-site.xml")]
    assert properties(client, "core-site.xml")["fs.defaultFS"] == "hdfs://hdfs-ha"
    for name in ("spark-operator-defaults", "spark-history-server"):
        said = found(available, "ConfigMap", name)["data"]["spark-defaults.conf"]
        lines = dict(line.split("=", 1) for line in said.splitlines())
        known.append({key.removeprefix("spark.hadoop."): each for key, each in lines.items()})
    for each in known:
        assert each["dfs.nameservices"] == "hdfs-ha"
        for name in each["dfs.ha.namenodes.hdfs-ha"].split(","):
            address = each[f"dfs.namenode.rpc-address.hdfs-ha.{name}"]
            assert address == f"{name}.hdfs-namenode.files.svc:8020"
        assert each["dfs.client.failover.proxy.provider.hdfs-ha"].endswith(
            ".ConfiguredFailoverProxyProvider"
        )
    assert "hdfs-journalnode-2.files.svc:8485/hdfs-ha" in site["dfs.namenode.shared.edits.dir"]


def test_clients_of_one_namenode_hear_nothing_of_another(bundle):
    """A nameservice of a user's own would be lost with it."""
    for name in ("spark-operator-defaults", "spark-history-server"):
        said = found(bundle, "ConfigMap", name)["data"]["spark-defaults.conf"]
        assert "dfs.nameservices" not in said
        assert "rpc-address" not in said
    client = properties(found(bundle, "ConfigMap", "hdfs-client"), "hdfs-site.xml")
    assert "dfs.nameservices" not in client


def test_two_namenodes_leave_no_work_for_checkpoints():
    """The standby makes them; a third program would be refused by it."""
    with pytest.raises(ConfigError, match="excludes the feature checkpoint"):
        compose_stack(StackRequest(profile="data", sets=AVAILABLE[:1]))


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
