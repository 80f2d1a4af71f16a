"""What kubectl makes of an export is what a deploy makes, and a later adopt takes it over."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.adopt import adopt
from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.diff import diff
from stackctl.actions.export import export
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.errors import ConflictError
from stackctl.model.export.formats import ExportFormat
from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL, Manifest, Ref, ref_of
from stackctl.model.ownership.proof import APPLIED
from stackctl.sources import yaml
from tests.apiserver.programs import built
from tests.apiserver.scenery import without_namespaces
from tests.apiserver.shipped import PATIENT, deployed, torn_down
from tests.bench.rivals import kubectl

pytestmark = pytest.mark.timeout(1200)  # a whole profile five times, on a busy machine

REQUEST = StackRequest(profile="cpu", stack="exported")
# What is another one each time, or is written by controllers.
SERVERS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
FILLED = ("clusterIP", "clusterIPs", "caBundle", "nodePort", "healthCheckNodePort")
NOTES = (APPLIED, "deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation")


@pytest.fixture
def program() -> str:
    """The program that applies the export."""
    found = kubectl()
    if found is None:
        pytest.skip("there is no kubectl, and none can be had")
    return found


def live(connection: Connection) -> Mapping[Ref, Manifest]:
    """Read every object of the stack, without what is another one each time."""
    client, discovery = connection.client, connection.discovery
    discovery.refresh()
    found = {}
    for manifest in compose_stack(REQUEST).bundle.manifests:
        answer = client.get(discovery.path_of(manifest))
        assert answer is not None, ref_of(manifest)
        found[ref_of(manifest)] = comparable(answer)
    return found


def comparable(manifest: Manifest) -> Manifest:
    kept: Manifest = without(manifest, {*FILLED})
    metadata = kept["metadata"]
    for key in SERVERS:
        metadata.pop(key, None)
    for place, keys in (("labels", (MANAGED_BY, STACK_LABEL)), ("annotations", NOTES)):
        rest = {key: each for key, each in metadata.pop(place, {}).items() if key not in keys}
        metadata |= {place: rest} if rest else {}
    kept.pop("status", None)
    return kept


def without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: without(each, keys) for key, each in value.items() if key not in keys}
    return [without(each, keys) for each in value] if isinstance(value, list) else value


def apply_until_taken(program: str, kubeconfig: Path, *what: str) -> None:
    """Apply files again and again, as is said in them."""
    end = time.monotonic() + PATIENT
    while True:
        done = subprocess.run(
            [program, f"--kubeconfig={kubeconfig}", "apply", "--server-side", *what],
            capture_output=True, text=True, check=False, timeout=PATIENT,
        )  # fmt: skip
        if done.returncode == 0:
            return
        assert time.monotonic() < end, done.stderr


def test_kubectl_makes_of_an_export_what_a_deploy_makes(program, connection, kubeconfig, tmp_path):
    """Object by object; what is not ours then can be adopted, and taken off."""
    with deployed(REQUEST, connection):
        wanted = live(connection)
        torn_down(compose_stack(REQUEST).stack, connection)
    for form, how in ((ExportFormat.KUSTOMIZE, ["-k"]), (ExportFormat.PLAIN, ["-R", "-f"])):
        export(REQUEST, tmp_path / form, form)
        apply_until_taken(program, kubeconfig, *how, str(tmp_path / form))
        assert live(connection) == wanted
    with pytest.raises(ConflictError, match="made by kubectl"):
        diff(REQUEST, connection, notify=lambda _: None)
    options = RunOptions(timeout=PATIENT, holder="tester@here")
    for part in compose_stack(REQUEST).bundle.components:
        adopt(
            part.name,
            REQUEST,
            connection,
            agree=lambda *_: True,
            notify=lambda _: None,
            options=options,
        )
    assert live(connection) == wanted
    gone = torn_down(compose_stack(REQUEST).stack, connection)
    assert gone.residue == ()
    assert {each.ref for each in gone.kept} == {ref for ref in wanted if ref.kind == "Namespace"}
    without_namespaces(connection.client, *(each.ref.name for each in gone.kept))


@pytest.mark.build  # minutes go into building Helm, the first time
@pytest.mark.timeout(1500)
def test_helm_renders_of_an_export_what_is_applied(tmp_path):
    """Chart by chart, with nothing said; what Helm is to keep is marked."""
    export(REQUEST, tmp_path / "out", ExportFormat.HELM)
    program = built("helm.sh/helm/v4/cmd/helm", "v4.3.1")
    found: dict[Ref, Manifest] = {}
    for chart in sorted(path.parent for path in (tmp_path / "out").glob("*/Chart.yaml")):
        done = subprocess.run(
            [program, "template", "--include-crds", chart.name, str(chart)],
            capture_output=True, text=True, check=True, timeout=PATIENT,
        )  # fmt: skip
        read = [each.value for each in yaml.load_all(done.stdout) if each.value]
        found |= {ref_of(each): charted(each) for each in read}
    bundle = compose_stack(REQUEST).bundle
    assert found == {ref_of(each): charted(each) for each in bundle.manifests}


def charted(manifest: Manifest) -> Manifest:
    """Leave out who owns an object, and that Helm keeps it."""
    metadata = dict(manifest["metadata"])
    gone = (MANAGED_BY, STACK_LABEL, "helm.sh/resource-policy")
    for place in ("labels", "annotations"):
        said = metadata.pop(place, None) or {}
        metadata |= {place: {key: each for key, each in said.items() if key not in gone}}
    return manifest | {"metadata": metadata}
