"""A volume that is to be larger: what grows, what is left to be done, and that nothing is lost."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.deploy import deploy
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.errors import ConflictError, PreflightError
from stackctl.model.plan.plan import Action
from stackctl.model.run.outcome import DeployOutcome
from tests.apiserver.scenery import until
from tests.apiserver.shipped import PATIENT, connected, profile_of, torn_down

pytestmark = pytest.mark.timeout(900)  # on a busy machine
TESTER = RunOptions(timeout=PATIENT, holder="tester@here", yes=True)
LARGER = "200Gi"


def redeployed(
    request: StackRequest, connection: Connection, *sets: str, options: RunOptions = TESTER
) -> DeployOutcome:
    """Deploy a stack with settings, as with --yes."""
    return deploy(
        replace(request, sets=sets),
        connection,
        agree=lambda *_: True,
        notify=lambda _: None,
        options=options,
    )


def claim(connection: Connection, namespace: str, name: str) -> Any:
    """Return a claim that is there."""
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}"
    found = connection.client.get(path)
    assert found is not None
    return found


def capacity(found: Any) -> str:
    """Return how large the volume of a claim is."""
    return str(found["status"]["capacity"]["storage"])


def test_a_claim_grows_where_it_is(kubeconfig: Path, tmp_path: Path):
    """It is patched and never made anew: the volume is the same; smaller again it cannot become."""
    request = profile_of(tmp_path, "growing", "cert-manager: {}", "objectstore: {}")
    with connected(kubeconfig) as connection:
        try:
            redeployed(request, connection)
            before = claim(connection, "objectstore", "objectstore")
            outcome = redeployed(request, connection, f"objectstore.storageSize={LARGER}")
            changed = [e for e in outcome.plan.changes if e.action is not Action.UNCHANGED]
            assert [(str(each.ref), each.action) for each in changed] == [
                ("PersistentVolumeClaim/objectstore/objectstore", Action.UPDATE)
            ]
            until(lambda: capacity(claim(connection, "objectstore", "objectstore")) == LARGER)
            after = claim(connection, "objectstore", "objectstore")
            assert after["metadata"]["uid"] == before["metadata"]["uid"]
            assert after["spec"]["volumeName"] == before["spec"]["volumeName"]
            with pytest.raises(PreflightError, match=r"can not be less than status\.capacity"):
                redeployed(request, connection, "objectstore.storageSize=100Gi")
        finally:
            torn_down(compose_stack(request).stack, connection)


def test_the_claims_of_a_statefulset_stay_and_the_command_that_grows_them_is_said(
    kubeconfig: Path, tmp_path: Path
):
    """Its template cannot be changed: it is made anew where that is allowed, beside its volumes."""
    few = "hdfs: {parameters: {dataNodes: 1, replication: 1}}"
    request = profile_of(tmp_path, "growing", few)
    larger = f"hdfs.dataNodeStorage={LARGER}"
    with connected(kubeconfig) as connection:
        try:
            redeployed(request, connection)
            before = claim(connection, "hdfs", "data-hdfs-datanode-0")
            with pytest.raises(ConflictError) as refused:
                redeployed(request, connection, larger)
            (line,) = [each for each in str(refused.value).splitlines() if "kubectl" in each]
            assert "StatefulSet/hdfs/hdfs-datanode: its volumes stay" in line
            redeployed(request, connection, larger, options=replace(TESTER, allow_recreate=True))
            stayed = claim(connection, "hdfs", "data-hdfs-datanode-0")
            assert stayed["metadata"]["uid"] == before["metadata"]["uid"]
            assert capacity(stayed) == capacity(before)
            patched(connection, line)
            until(lambda: capacity(claim(connection, "hdfs", "data-hdfs-datanode-0")) == LARGER)
            grown = claim(connection, "hdfs", "data-hdfs-datanode-0")
            assert grown["spec"]["volumeName"] == before["spec"]["volumeName"]
            again = redeployed(request, connection, larger)
            assert {each.action for each in again.plan.changes} == {Action.UNCHANGED}
        finally:
            torn_down(compose_stack(request).stack, connection)


def patched(connection: Connection, line: str) -> None:
    """Do what the command at the end of a line does, for the first Pod."""
    words = shlex.split(line[line.index("kubectl") :])
    assert words[:4] == ["kubectl", "patch", "pvc", "-n"]
    namespace, name, option, patch = words[4:]
    assert option == "-p"
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name.removesuffix('N')}0"
    connection.client.patch(path, json.loads(patch))
