"""The real Trainer and the real JobSet controller work with what we ship: rights, flags, webhooks.

Both are built from their published source and run as processes with the ServiceAccounts of our
manifests; the sandbox has their Pods, their Services, and the Jobs and Pods of what is trained.
"""

import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackctl.actions.diff import diff
from stackctl.errors import Rejected
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.sandbox.lifecycle import UpResult
from stackctl.sources.yaml import load, load_all
from tests.apiserver.kubelet import Kubelet, Program, free_port, registered
from tests.apiserver.operated import Operated
from tests.apiserver.programs import built
from tests.apiserver.scenery import until
from tests.apiserver.shipped import MANIFESTS, connected, deployed, profile_of, torn_down
from tests.apiserver.test_training_operator import CERTIFICATES, TEMPORARY, alone

# Minutes go into building the controllers, the first time.
pytestmark = [pytest.mark.build, pytest.mark.timeout(1500)]

JOBS = "trained-anew"
JOBSET = ("sigs.k8s.io/jobset", "v0.12.0", "sigs.k8s.io/jobset")
TRAINER = ("github.com/kubeflow/trainer/v2/cmd/trainer-controller-manager", "v2.3.0")


@dataclass(frozen=True, slots=True)
class Site(Operated):
    """A stack with both controllers in it."""

    jobset: Kubelet
    trainer: Kubelet
    health: tuple[int, ...]  # ports

    def pods(self, job: str) -> list[Manifest]:
        """List the Pods of a TrainJob."""
        labels = f"jobset.sigs.k8s.io/jobset-name={job}"
        path = f"/api/v1/namespaces/{JOBS}/pods"
        return [*self.connection.client.list(path, labels=labels).items]


@pytest.fixture(scope="module")
def site(
    sandbox: UpResult, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Runtimes on GPU nodes, deployed while the real controllers stand behind their Services."""
    folder = tmp_path_factory.mktemp("trainer")
    request = profile_of(
        folder,
        "trained",
        "node-feature-discovery: {}",
        "nvidia-device-plugin: {}",
        "jobset: {}",
        "trainer: {features: {deepspeed: true}}",
    )
    ports = [free_port() for _ in range(4)]
    first, second = jobset(folder / "jobset", *ports[:2]), trainer(folder / "trainer", *ports[2:])
    routes = {
        "jobset-system/jobset-webhook-service": f"127.0.0.1:{ports[0]}",
        "kubeflow-system/trainer": f"127.0.0.1:{ports[2]}",
    }
    names = ("app.kubernetes.io/name=jobset", "app.kubernetes.io/name=trainer")
    with (
        alone(),
        connected(kubeconfig) as connection,
        registered(sandbox.kubeconfig.parent, routes),
        Kubelet(connection.client, "jobset-system", names[0], first, folder / "jobset") as sets,
        Kubelet(connection.client, "kubeflow-system", names[1], second, folder / "trainer") as jobs,
        deployed(request, connection),
    ):
        yield Site(connection, request, sets, jobs, (ports[1], ports[3]))


def jobset(folder: Path, webhook: int, health: int) -> Program:
    """Say what runs as JobSet's controller, whose place for certificates is the compiled one."""
    kind = {"apiVersion": "config.jobset.x-k8s.io/v1alpha1", "kind": "Configuration"}
    return Program(
        built(*JOBSET),
        flags=(
            f"--config={written(folder, kind | {'webhook': {'port': webhook}})}",
            f"--health-probe-bind-address=127.0.0.1:{health}",
            "--metrics-bind-address=127.0.0.1:0",
        ),
        mounts={str(CERTIFICATES): CERTIFICATES},
        env={"TMPDIR": str(TEMPORARY)},
    )


def trainer(folder: Path, webhook: int, health: int) -> Program:
    """Say what runs as Trainer, with the configuration that we ship on other ports."""
    shipped = (MANIFESTS / "trainer/base/controller.yaml").read_text(encoding="utf-8")
    (text,) = [
        each.value["data"]["config.yaml"]
        for each in load_all(shipped, "controller.yaml")
        if "config.yaml" in each.value.get("data", {})
    ]
    ours = load(text) | {
        "webhook": {"port": webhook},
        "health": {"healthProbeBindAddress": f"127.0.0.1:{health}"},
        "metrics": {"bindAddress": "127.0.0.1:0", "secureServing": False},
    }
    return Program(
        built(*TRAINER),
        flags=(f"--config={written(folder, ours)}",),
        mounts={str(CERTIFICATES): folder / CERTIFICATES.relative_to(TEMPORARY)},
        env={"TMPDIR": str(folder)},
    )


def written(folder: Path, configuration: Mapping[str, Any]) -> Path:
    """Write the configuration of a controller, and say where."""
    folder.mkdir()
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump({**configuration}), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def jobs(site: Site) -> Iterator[None]:
    """A namespace for jobs."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": JOBS}}
    site.connection.client.create("/api/v1/namespaces", namespace)
    yield
    site.connection.client.delete(f"/api/v1/namespaces/{JOBS}")


def trainjob(name: str, runtime: str, **trained: Any) -> Manifest:
    """Write a TrainJob on two nodes with eight GPUs each."""
    gpus = {"limits": {"nvidia.com/gpu": 8}}
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": {"name": name, "namespace": JOBS},
        "spec": {
            "runtimeRef": {"name": runtime},
            "trainer": {"numNodes": 2, "resourcesPerNode": gpus, **trained},
        },
    }


def jobset_of(job: Manifest) -> Manifest:
    return job | {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet"}


def ended(job: Manifest) -> set[str]:
    """Name the end that a job has come to, if it has."""
    true = {
        each["type"]
        for each in job.get("status", {}).get("conditions") or ()
        if each["status"] == "True"
    }
    return true & {"Complete", "Completed", "Failed"}


def test_both_are_ready_where_their_probes_look_and_what_they_fill_in_is_no_drift(site):
    """Health and readiness are answered with yes; the CAs are theirs."""
    for port in site.health:
        for path in ("healthz", "readyz"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}") as answer:
                assert answer.status == 200
    assert diff(site.request, site.connection, lambda _: None).empty


def test_the_webhooks_answer(site, jobs):
    """A job on a runtime that is not there is refused by the one, a wrong set by the other."""
    with pytest.raises(Rejected) as refused:
        site.submit(trainjob("nowhere", "not-there"))
    assert 'webhook "validator.trainjob.trainer.kubeflow.org" denied' in str(refused.value)
    assert "not-there" in str(refused.value)
    wrong = load((MANIFESTS / "jobset/smoke/jobset.yaml").read_text(encoding="utf-8"))
    wrong["metadata"]["namespace"] = JOBS
    wrong["spec"]["successPolicy"] = {"operator": "All", "targetReplicatedJobs": ["nobody"]}
    with pytest.raises(Rejected) as refused:
        site.submit(wrong)
    assert "replicatedJob name 'nobody' does not appear" in str(refused.value)


def test_a_trainjob_on_sixteen_gpus_completes(site, jobs):
    """Trainer makes a JobSet of it, JobSet makes Jobs, and their Pods know of each other."""
    job = trainjob("mnist", "torch-distributed", command=["torchrun", "train.py"])
    site.submit(job)
    until(lambda: ended(site.see(job)))
    assert ended(site.see(job)) == {"Complete"}
    assert ended(site.see(jobset_of(job))) == {"Completed"}
    said = str(site.see(job)["status"]) + str(site.see(jobset_of(job))["status"])
    assert "simulated" not in said
    pods = site.pods("mnist")
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 2
    for pod in pods:
        (container,) = pod["spec"]["containers"]
        assert container["resources"]["limits"]["nvidia.com/gpu"] == "8"
        told = {each["name"]: each.get("value") for each in container["env"]}
        assert (told["PET_NNODES"], told["PET_NPROC_PER_NODE"]) == ("2", "auto")
        assert told["PET_MASTER_ADDR"] == "mnist-node-0-0.mnist"


def test_a_trainjob_over_mpi_completes(site, jobs):
    """Its keys and its list of hosts are made, and its launcher waits for its nodes."""
    job = trainjob("deep", "deepspeed-distributed", command=["mpirun", "python", "train.py"])
    site.submit(job)
    until(lambda: ended(site.see(job)))
    assert ended(site.see(job)) == {"Complete"}
    kept = {
        each["metadata"]["name"]
        for kind in ("secrets", "configmaps")
        for each in site.connection.client.list(f"/api/v1/namespaces/{JOBS}/{kind}").items
    }
    assert {"deep-mpi-ssh-auth", "deep-mpi-hostfile"} <= kept


@pytest.mark.parametrize("sample", ["jobset/smoke/jobset.yaml"])
def test_the_set_that_we_ship_to_try_completes(site, jobs, sample):
    """All its Jobs do."""
    wanted = load((MANIFESTS / sample).read_text(encoding="utf-8"))
    wanted["metadata"]["namespace"] = JOBS
    site.submit(wanted)
    until(lambda: ended(site.see(wanted)))
    assert ended(site.see(wanted)) == {"Completed"}


def test_nothing_was_forbidden_and_nothing_is_left(site, jobs):
    """They had every right they asked for; they go with their stack, and so do the jobs."""
    for kubelet in (site.jobset, site.trainer):
        assert "Starting workers" in kubelet.log
        assert "forbidden" not in kubelet.log.lower()
    outcome = torn_down(StackId("trained"), site.connection)
    assert (outcome.residue, outcome.kept) == ((), ())
    until(lambda: not (site.jobset.runs or site.trainer.runs))
