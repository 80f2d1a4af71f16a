"""The real training operator works with what we ship: its rights, its flags, its webhook.

It is built from its published source and runs as a process with the ServiceAccount of our
manifests; the sandbox has its Pod, its Service and the Pods of the jobs.
"""

import base64
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from stackctl.actions.compose import StackRequest
from stackctl.actions.diff import diff
from stackctl.errors import Rejected
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.sandbox.lifecycle import UpResult
from stackctl.sandbox.machine.locks import locked
from stackctl.sources.yaml import load
from tests.apiserver.kubelet import Kubelet, Program, free_port, registered
from tests.apiserver.operated import Operated
from tests.apiserver.programs import built, cache
from tests.apiserver.scenery import until
from tests.apiserver.shipped import connected, deployed, torn_down

# Minutes go into building the operator, the first time.
pytestmark = [pytest.mark.build, pytest.mark.timeout(1500)]

PACKAGE, VERSION = "github.com/kubeflow/training-operator/cmd/training-operator.v1", "v1.9.3"
NAMESPACE, JOBS = "training-operator", "trained"
LABELS = "control-plane=kubeflow-training-operator"
WEBHOOKS = (
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/"
    "validator.training-operator.kubeflow.org"
)
# Compiled into the operator, so that only one of them can run on a machine at a time.
TEMPORARY = Path("/tmp")
CERTIFICATES = TEMPORARY / "k8s-webhook-server" / "serving-certs"

SAMPLES = Path(__file__).parent / "samples/training-operator/accepted"

PROFILE = """\
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: training, description: Training jobs on nodes with eight GPUs}
spec:
  components:
    node-feature-discovery: {}
    nvidia-device-plugin: {}
    training-operator: {}
  requires:
    gpu: {nodes: 2, perNode: 8}
"""


@dataclass(frozen=True, slots=True)
class Site(Operated):
    """A stack with the real operator in it."""

    kubelet: Kubelet
    health: int  # port

    def pods_of(self, job: Manifest) -> list[Manifest]:
        """List the Pods that a job controls."""
        uid = self.see(job)["metadata"]["uid"]
        pods = self.connection.client.list(f"/api/v1/namespaces/{JOBS}/pods").items
        return [
            pod for pod in pods if [o["uid"] for o in pod["metadata"]["ownerReferences"]] == [uid]
        ]


@pytest.fixture(scope="module")
def site(
    sandbox: UpResult, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Training jobs on GPU nodes, deployed while the real operator stands behind its Service."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "profiles").mkdir()
    (folder / "profiles" / "training.yaml").write_text(PROFILE)
    request = StackRequest(profile="training", catalogs=(folder,))
    webhook, health = free_port(), free_port()
    program = operator(folder, webhook, health)
    routes = {f"{NAMESPACE}/training-operator": f"127.0.0.1:{webhook}"}
    with (
        alone(),
        connected(kubeconfig) as connection,
        registered(sandbox.kubeconfig.parent, routes),
        Kubelet(connection.client, NAMESPACE, LABELS, program, folder) as kubelet,
        deployed(request, connection),
    ):
        yield Site(connection, request, kubelet, health)


def operator(folder: Path, webhook: int, health: int) -> Program:
    """Say what runs as the operator, on which ports, and where its volumes are."""
    return Program(
        built(PACKAGE, VERSION),
        flags=(
            f"--webhook-server-port={webhook}",
            f"--health-probe-bind-address=127.0.0.1:{health}",
            "--metrics-bind-address=127.0.0.1:0",
        ),
        mounts={str(CERTIFICATES): CERTIFICATES, "/etc/config": folder / "config"},
        env={"TMPDIR": str(TEMPORARY)},
    )


@contextmanager
def alone() -> Iterator[None]:
    """Have the operator's place for certificates, and leave nothing there."""
    with locked(cache() / "serving-certs.lock", str(CERTIFICATES), lambda _: None):
        yield
        with suppress(OSError):  # somebody else's things are in it, or nothing was made
            CERTIFICATES.parent.rmdir()


@pytest.fixture(scope="module")
def jobs(site: Site) -> Iterator[None]:
    """A namespace for jobs."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": JOBS}}
    site.connection.client.create("/api/v1/namespaces", namespace)
    yield
    site.connection.client.delete(f"/api/v1/namespaces/{JOBS}")


def tfjob(name: str) -> Manifest:
    """Write a TFJob of two workers with four GPUs each."""
    container = {
        "name": "tensorflow",
        "image": "example.com/mnist:1",
        "resources": {"limits": {"nvidia.com/gpu": 4}},
    }
    worker = {
        "replicas": 2,
        "restartPolicy": "Never",
        "template": {"spec": {"containers": [container]}},
    }
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": name, "namespace": JOBS},
        "spec": {
            "successPolicy": "AllWorkers",  # else the first one decides
            "runPolicy": {"cleanPodPolicy": "None"},
            "tfReplicaSpecs": {"Worker": worker},
        },
    }


def conditions(job: Manifest) -> Mapping[str, Manifest]:
    return {each["type"]: each for each in job.get("status", {}).get("conditions") or ()}


def ended(job: Manifest) -> bool:
    """Tell whether a job has come to an end of either kind."""
    return bool({"Succeeded", "Failed"} & conditions(job).keys())


def test_the_operator_is_trusted_by_its_own_certificate(site, sandbox):
    """Each webhook has the CA that the operator made, not the sandbox's, and it is no drift."""
    secret = site.connection.client.get(
        f"/api/v1/namespaces/{NAMESPACE}/secrets/training-operator-webhook-cert"
    )
    made = secret["data"]["ca.crt"]
    webhooks = site.connection.client.get(WEBHOOKS)["webhooks"]
    assert [each["clientConfig"]["caBundle"] for each in webhooks] == [made] * 5
    assert base64.b64decode(made) != (sandbox.kubeconfig.parent / "ca.crt").read_bytes()
    assert diff(site.request, site.connection, lambda _: None).empty


def test_the_operator_is_ready_where_its_probes_look(site):
    """Both paths of our probes are answered with yes."""
    deployment = site.connection.client.get(
        f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/training-operator"
    )
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    for probe in ("livenessProbe", "readinessProbe"):
        path = container[probe]["httpGet"]["path"]
        with urllib.request.urlopen(f"http://127.0.0.1:{site.health}{path}") as answer:
            assert answer.status == 200


def test_the_webhook_answers(site, jobs):
    """A good job passes it; a change that no schema can know to be wrong is refused by it."""
    job = tfjob("guarded")
    job["spec"]["runPolicy"]["suspend"] = True
    site.submit(job)
    elsewhere = {"spec": {"runPolicy": {"managedBy": "kueue.x-k8s.io/multikueue"}}}
    with pytest.raises(Rejected) as refused:
        site.connection.client.patch(site.connection.discovery.path_of(job), elsewhere)
    assert 'webhook "validator.tfjob.training-operator.kubeflow.org" denied' in str(refused.value)
    assert "spec.runPolicy.managedBy" in str(refused.value)
    assert "field is immutable" in str(refused.value)


def test_a_job_on_eight_gpus_succeeds(site, jobs):
    """The operator makes its Pods, tells them of each other, and says when they are done."""
    job = tfjob("mnist")
    site.submit(job)
    until(lambda: ended(site.see(job)))
    done = conditions(site.see(job))["Succeeded"]
    assert (done["status"], done["reason"]) == ("True", "TFJobSucceeded")
    assert "simulated" not in done["message"]
    assert site.see(job)["status"]["replicaStatuses"]["Worker"]["succeeded"] == 2
    pods = site.pods_of(job)
    assert [pod["status"]["phase"] for pod in pods] == ["Succeeded"] * 2
    for pod in pods:
        (container,) = pod["spec"]["containers"]
        assert container["resources"]["limits"]["nvidia.com/gpu"] == "4"
        (cluster,) = [e["value"] for e in container["env"] if e["name"] == "TF_CONFIG"]
        assert f"mnist-worker-1.{JOBS}.svc:2222" in cluster


@pytest.mark.parametrize(
    "sample",
    [
        "jaxjob",
        "mpijob",
        "paddlejob",
        "pytorchjob-elastic",
        "pytorchjob-simple",
        "tfjob-simple",
        "xgboostjob",
    ],
)
def test_a_job_of_any_kind_succeeds(site, jobs, sample):
    """The operator may do all that it takes: Services, Roles, ConfigMaps, autoscalers."""
    job = load((SAMPLES / f"{sample}.yaml").read_text())
    job["metadata"]["namespace"] = JOBS
    site.submit(job)
    until(lambda: ended(site.see(job)))
    assert "Succeeded" in conditions(site.see(job))


def test_nothing_was_forbidden_and_nothing_is_left(site, jobs):
    """The operator had every right it asked for; it goes with its stack, and so do the jobs."""
    assert "Starting workers" in site.kubelet.log
    assert "forbidden" not in site.kubelet.log.lower()
    outcome = torn_down(StackId("training"), site.connection)
    assert (outcome.residue, outcome.kept) == ((), ())
    assert site.connection.client.get(WEBHOOKS) is None
    assert site.connection.client.get(f"/api/v1/namespaces/{NAMESPACE}") is None
    until(lambda: not site.kubelet.runs)
