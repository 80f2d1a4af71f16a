"""What the component governance lets through, warns of and refuses, and whom it exempts."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.policies import policies
from stackctl.api.access.access import Login
from stackctl.api.client import Client, encode
from stackctl.api.http.messages import Request
from stackctl.cluster.connection import Connection
from stackctl.errors import Forbidden, NotServed, Rejected
from stackctl.model.compose.compose import scopes_of, smoke_bundle
from stackctl.model.objects.kinds import DEFINITION, kind_of
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.readiness.policies import PolicyMode, denying, warning_in
from stackctl.sources.components import YAML, read_manifests
from stackctl.sources.files import read_catalogue
from tests.apiserver.scenery import until, without_namespaces
from tests.apiserver.shipped import connected, profile_of, redeployed, torn_down

MODES = {
    "imagesByDigest": "images-by-digest",
    "allowedRegistries": "allowed-registries",
    "noLatest": "no-latest",
    "gpusPerPod": "gpus-per-pod",
    "privilegedPods": "privileged-pods",
    "servingLabels": "serving-labels",
    "signOff": "sign-off",
}
TEAM, EXEMPT, ADMIN, SERVING = "gov-team", "gov-exempt", "gov-admin", "gov-serving"
PARAMETERS = {
    "exemptNamespaces": [EXEMPT],
    "privilegedNamespaces": [ADMIN],
    "servingNamespaces": [SERVING],
    "maxGpusPerPod": 4,
    "registries": ["registry.k8s.io", "docker.io/library"],
}
DIGEST = "sha256:" + "0" * 64
FINE = f"registry.k8s.io/pause:3.10@{DIGEST}"
LABELS = {"owner": "team-a", "version": "1.0.0"}
SIGNED = {"stackctl.dev/sign-off": DIGEST}
DEFINITIONS = {
    "kserve": ["inferenceservices.serving.kserve.io"],
    "training-operator": ["tfjobs.kubeflow.org", "pytorchjobs.kubeflow.org"],
}


def spec(image: str = FINE, *, more: dict[str, Any] | None = None, **container: Any) -> Manifest:
    """Describe a Pod with one container; `more` is beside it."""
    return {"containers": [{"name": "c", "image": image, **container}], **(more or {})}


def pod(inner: Manifest, **metadata: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", **metadata}, "spec": inner}


def workload(kind: str, inner: Manifest, **metadata: Any) -> Manifest:
    """Describe what makes Pods of a template."""
    labels = {"app": "x"} | metadata.get("labels", {})
    template = {"metadata": {**metadata, "labels": labels}, "spec": inner}
    body: Manifest = {"template": template}
    if kind in ("Deployment", "StatefulSet", "DaemonSet"):
        api, body = "apps/v1", {"selector": {"matchLabels": {"app": "x"}}, **body}
    elif kind == "Job":
        api = "batch/v1"
        template["spec"] = inner | {"restartPolicy": "Never"}
    elif kind == "CronJob":
        api = "batch/v1"
        template["spec"] = inner | {"restartPolicy": "Never"}
        body = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": body}}
    else:
        api = "kubeflow.org/v1"
        roles = "tfReplicaSpecs" if kind == "TFJob" else "pytorchReplicaSpecs"
        name = "tensorflow" if kind == "TFJob" else "pytorch"
        (container,) = inner["containers"]
        template["spec"] = inner | {"containers": [container | {"name": name}]}
        body = {roles: {"Worker": {"replicas": 1, **body}}}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "x", **metadata}, "spec": body}


def service(predictor: Manifest | None = None, **metadata: Any) -> Manifest:
    """Describe a model that KServe serves."""
    fine = {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/x"}}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "x", "labels": LABELS, "annotations": SIGNED, **metadata},
        "spec": {"predictor": predictor or fine},
    }


def gpus(count: int, resource: str = "nvidia.com/gpu") -> Manifest:
    return {"limits": {resource: count}}


MOVABLE = "registry.k8s.io/pause:3.10"
ELSEWHERE = f"registry.k8s.io.example.com/pause@{DIGEST}"
INIT = {"initContainers": [{"name": "i", "image": FINE, "resources": gpus(5)}]}
SIDE = {
    "initContainers": [
        {"name": "i", "image": FINE, "restartPolicy": "Always", "resources": gpus(2)}
    ]
}
SERVED = {"serving.kserve.io/inferenceservice": "x"}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "TFJob", "PyTorchJob")

# What each policy is against, and no other: the policy, a name, the object, its namespace.
AGAINST: list[tuple[str, str, Manifest, str]] = [
    ("images-by-digest", "pod", pod(spec(MOVABLE)), TEAM),
    *[("images-by-digest", k, workload(k, spec(MOVABLE)), TEAM) for k in WORKLOADS],
    ("images-by-digest", "init", pod(spec(more={"initContainers": [
        {"name": "i", "image": MOVABLE}]})), TEAM),
    ("images-by-digest", "short", pod(spec(f"{MOVABLE}@sha256:abc")), TEAM),
    ("allowed-registries", "pod", pod(spec(ELSEWHERE)), TEAM),
    ("allowed-registries", "user", pod(spec(f"somebody/pause@{DIGEST}")), TEAM),
    ("allowed-registries", "tfjob", workload("TFJob", spec(ELSEWHERE)), TEAM),
    ("gpus-per-pod", "one", pod(spec(resources=gpus(5))), TEAM),
    ("gpus-per-pod", "slices", pod(spec(resources=gpus(5, "nvidia.com/mig-1g.10gb"))), TEAM),
    ("gpus-per-pod", "init", pod(spec(more=INIT)), TEAM),
    ("gpus-per-pod", "side", pod(spec(more=SIDE, resources=gpus(3))), TEAM),
    ("gpus-per-pod", "job", workload("PyTorchJob", spec(resources=gpus(5))), TEAM),
    ("gpus-per-pod", "model", service({"model": {"modelFormat": {"name": "x"},
                                                 "resources": gpus(5)}}), TEAM),
    ("privileged-pods", "pod", pod(spec(securityContext={"privileged": True})), TEAM),
    ("privileged-pods", "sys", pod(spec(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}})),
     TEAM),
    ("privileged-pods", "net", pod(spec(more={"hostNetwork": True})), TEAM),
    ("privileged-pods", "path", workload("Deployment", spec(more={"volumes": [
        {"name": "v", "hostPath": {"path": "/"}}]})), TEAM),
    ("serving-labels", "model", service(labels={"owner": "a"}), TEAM),
    ("serving-labels", "empty", service(labels=LABELS | {"owner": ""}), TEAM),
    ("serving-labels", "pod", pod(spec(), annotations=SIGNED), SERVING),
    ("serving-labels", "template", workload("Deployment", spec(), annotations=SIGNED), SERVING),
    ("sign-off", "model", service(annotations={}), TEAM),
    ("sign-off", "other", service({"containers": [{"name": "kserve-container", "image":
     FINE.replace("0" * 64, "1" * 64)}]}), TEAM),
    ("sign-off", "pod", pod(spec(), labels=LABELS | SERVED), TEAM),
    ("sign-off", "plain", workload("Deployment", spec(), labels=LABELS), SERVING),
]  # fmt: skip
# latest is no digest either.
LATEST = [
    pod(spec("registry.k8s.io/pause:latest")),
    pod(spec("registry.k8s.io/pause")),
    pod(spec("pause")),
    workload("CronJob", spec("registry.k8s.io/a.b:1/pause")),
]
# What nobody is against.
NOT_AGAINST: list[tuple[str, Manifest, str]] = [
    ("pod", pod(spec(resources=gpus(4))), TEAM),
    ("library", pod(spec(f"pause@{DIGEST}")), TEAM),
    *[(kind, workload(kind, spec(resources=gpus(4))), TEAM) for kind in WORKLOADS],
    ("model", service(), TEAM),
    ("served", workload("Deployment", spec(), labels=LABELS, annotations=SIGNED), SERVING),
    ("administrators", pod(spec(securityContext={"privileged": True})), ADMIN),
]
EVERYTHING_WRONG = pod(
    spec("evil.example.com/x", resources=gpus(9), securityContext={"privileged": True}),
    labels=SERVED,
)
# Pod security of the stack's own namespaces has nothing against this one.
PLAIN = workload("Deployment", spec(MOVABLE))
ids = [f"{policy}-{name}" for policy, name, _, _ in AGAINST]


@dataclass(slots=True)
class Town:
    """A cluster that is governed, in one mode after another."""

    connection: Connection
    folder: Path
    mode: str = ""
    also: list[str] = field(default_factory=list)  # other components of the stack

    @property
    def client(self) -> Client:
        """The administrator's."""
        return self.connection.client

    def request(self, mode: str) -> StackRequest:
        """Write the stack, every policy in one mode."""
        values = PARAMETERS | dict.fromkeys(MODES, mode)
        line = f"governance: {encode({'parameters': values}).decode()}"
        return profile_of(self.folder, "governed", line, *self.also)

    def under(self, mode: str, *also: str) -> None:
        """Deploy it in a mode, if it is in another, and wait until the API server has heard."""
        if self.mode == mode and self.also == [*also]:
            return
        self.also = [*also]
        redeployed(self.request(mode), self.connection)
        self.mode = mode
        until(lambda: self.judged(pod(spec(MOVABLE))) == _expected(mode, "images-by-digest"))
        until(lambda: self.judged(service(annotations={})) == _expected(mode, "sign-off"))

    def judged(
        self, manifest: Manifest, namespace: str = TEAM, client: Client | None = None
    ) -> tuple[set[str], str]:
        """Create an object in a dry run: which policies have warned, and which has refused it."""
        heard: list[str] = []
        resource = self.connection.discovery.find(*kind_of(manifest))
        assert resource is not None
        try:
            (client or self.client).send(
                Request(
                    "POST",
                    resource.path(namespace),
                    query={"dryRun": "All", "fieldValidation": "Strict"},
                    body=encode(manifest),
                    hear=heard.append,
                )
            )
        except Rejected as error:
            if policy := denying(str(error)):
                return set(), _short(policy)
            raise
        warned = {each.policy for text in heard if (each := warning_in(text))}
        return {_short(each) for each in warned}, ""


def _short(name: str) -> str:
    return name.removeprefix("governance-")


def _expected(mode: str, policy: str) -> tuple[set[str], str]:
    return {"warn": ({policy}, ""), "deny": (set(), policy)}.get(mode, (set(), ""))


@pytest.fixture(scope="module")
def town(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A cluster with namespaces of several sorts, and the definitions of what is governed."""
    made: list[str] = []
    with connected(kubeconfig) as connection:
        for manifest in _around():
            path = connection.discovery.path_of(manifest)
            connection.client.apply(path, manifest, manager="administrator")
            made.append(path)
        found = Town(connection, tmp_path_factory.mktemp("governed"))
        until(lambda: _served(connection))
        try:
            yield found
        finally:
            gone = torn_down(compose_stack(found.request("warn")).stack, connection)
            for path in made:
                connection.client.delete(path)
        assert gone.residue == ()


def _around() -> Iterator[Manifest]:
    for name in (TEAM, EXEMPT, ADMIN, SERVING):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    catalogue = read_catalogue().components
    for component, names in DEFINITIONS.items():
        for manifest in read_manifests(catalogue[component]).base:
            if kind_of(manifest) == DEFINITION and manifest["metadata"]["name"] in names:
                yield manifest


def _served(connection: Connection) -> bool:
    connection.discovery.refresh()
    try:
        for kind in (service(), workload("TFJob", spec()), workload("PyTorchJob", spec())):
            connection.client.list(connection.discovery.find(*kind_of(kind)).path())
    except (AttributeError, NotServed):
        return False
    return True


@pytest.mark.parametrize(("policy", "name", "manifest", "namespace"), AGAINST, ids=ids)
def test_who_applies_what_a_policy_is_against_is_warned(town, policy, name, manifest, namespace):
    """By that policy alone; the object is taken."""
    town.under("warn")
    assert town.judged(manifest, namespace) == ({policy}, "")


@pytest.mark.parametrize("manifest", LATEST)
def test_no_tag_means_latest(town, manifest):
    """And what has no digest is against two policies."""
    town.under("warn")
    assert town.judged(manifest) == ({"no-latest", "images-by-digest"}, "")


@pytest.mark.parametrize(("name", "manifest", "namespace"), NOT_AGAINST)
def test_what_no_policy_is_against_is_taken_without_a_word(town, name, manifest, namespace):
    """Whatever runs containers."""
    town.under("warn")
    assert town.judged(manifest, namespace) == (set(), "")


def test_what_is_there_already_is_listed_with_what_each_policy_has_against_it(town):
    """Without a word to others, and nothing of it is changed; of Pods of one thing one is named."""
    town.under("warn")
    path = f"/apis/apps/v1/namespaces/{TEAM}/deployments/report"
    manifest = workload("Deployment", spec(MOVABLE), name="report")
    manifest["spec"] |= {"replicas": 3}
    town.client.apply(path, manifest)
    pods = f"/api/v1/namespaces/{TEAM}/pods"
    until(lambda: len(town.client.list(pods).items) == 3)
    for mode in ("warn", "deny"):
        town.under(mode)
        found = policies(town.connection)
        named = [each.ref for each in found.of("governance-images-by-digest")]
        assert Ref("apps", "Deployment", TEAM, "report") in named
        assert [ref.kind for ref in named if ref.name.startswith("report")].count("Pod") == 1
        assert {*found.modes.values()} == {PolicyMode(mode)}
        assert found.unseen == ()
    assert "labels" not in town.client.get(path)["metadata"]
    town.client.delete(path)


@pytest.mark.parametrize(("policy", "name", "manifest", "namespace"), AGAINST, ids=ids)
def test_what_a_policy_denies_is_refused_by_its_name(town, policy, name, manifest, namespace):
    """Pods, and what would make them."""
    town.under("deny")
    assert town.judged(manifest, namespace) == (set(), policy)


def test_an_ephemeral_container_is_a_container(town):
    """What is put into a Pod that runs is judged as what it was made of."""
    town.under("deny")
    path = f"/api/v1/namespaces/{TEAM}/pods/whole"
    town.client.apply(path, pod(spec(), name="whole"))
    for image, refused in ((FINE, False), (MOVABLE, True)):
        body = {"spec": {"ephemeralContainers": [{"name": "e", "image": image}]}}
        if refused:
            with pytest.raises(Rejected, match="governance-images-by-digest"):
                town.client.patch(f"{path}/ephemeralcontainers", body, dry_run=True)
        else:
            town.client.patch(f"{path}/ephemeralcontainers", body, dry_run=True)
    town.client.delete(path)


def test_the_stacks_own_namespaces_and_named_ones_are_exempt(town):
    """The control plane's as well."""
    town.under("deny", "kube-state-metrics: {}")
    for namespace in (EXEMPT, "kube-system", "state-metrics"):
        assert town.judged(PLAIN, namespace) == (set(), "")
    assert town.judged(EVERYTHING_WRONG, EXEMPT) == (set(), "")


def test_a_component_that_joins_comes_into_a_namespace_that_was_governed(town):
    """What exempts it is applied with it; neither the plan nor the run ends at the old word."""
    town.under("deny")
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "state-metrics"}}
    town.client.apply("/api/v1/namespaces/state-metrics", space, manager="administrator")
    until(lambda: town.judged(PLAIN, "state-metrics")[1] == "images-by-digest")
    town.under("deny", "kube-state-metrics: {}")
    assert town.judged(PLAIN, "state-metrics") == (set(), "")
    town.under("deny")
    until(lambda: town.judged(PLAIN, "state-metrics")[1] == "images-by-digest")
    without_namespaces(town.client, "state-metrics")


def test_what_is_there_already_may_be_touched_and_end(town):
    """Only what changes what runs is judged: nobody is kept from scaling or deleting."""
    town.under("warn")
    path = f"/apis/apps/v1/namespaces/{TEAM}/deployments/old"
    manifest = workload("Deployment", spec(MOVABLE), name="old")
    town.client.apply(path, manifest)
    pods = f"/api/v1/namespaces/{TEAM}/pods"
    until(lambda: any(each["metadata"]["name"][:3] == "old" for each in _pods(town)))
    town.under("deny")
    (mine,) = [each for each in _pods(town) if each["metadata"]["name"][:3] == "old"]
    where = f"{pods}/{mine['metadata']['name']}"
    town.client.patch(where, {"metadata": {"finalizers": ["example.com/x"]}})
    town.client.patch(where, {"metadata": {"finalizers": None, "labels": {"a": "b"}}})
    town.client.patch(path, {"metadata": {"labels": {"a": "b"}}})
    town.client.patch(f"{path}/scale", {"spec": {"replicas": 0}})
    container = {"name": "c", "image": "registry.k8s.io/pause:3.9"}
    body = {"spec": {"template": {"spec": {"containers": [container]}}}}
    with pytest.raises(Rejected, match="governance-images-by-digest"):
        town.client.patch(path, body, kind="strategic")
    town.client.delete(path)


def _pods(town: Town) -> list[Manifest]:
    return list(town.client.list(f"/api/v1/namespaces/{TEAM}/pods").items)


def test_no_tenant_exempts_himself(town):
    """Labels on his namespace and Pods mean nothing, and the parameters are not his to write."""
    town.under("deny")
    rights: list[tuple[str, Manifest]] = [
        ("Role", {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        ("RoleBinding", {
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"},
            "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": TEAM}],
        }),
    ]  # fmt: skip
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{TEAM}"
    head: Manifest = {"metadata": {"name": "tenant"}}
    accounts = f"/api/v1/namespaces/{TEAM}/serviceaccounts"
    town.client.create(accounts, {"apiVersion": "v1", "kind": "ServiceAccount", **head})
    for kind, body in rights:
        manifest = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, **head, **body}
        town.client.create(f"{rbac}/{kind.lower()}s", manifest)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = town.client.create(f"{accounts}/tenant/token", asked)["status"]["token"]
    tenant = Client(replace(town.client.access, login=Login(token=token)))
    try:
        until(lambda: town.judged(pod(spec()), client=tenant) == (set(), ""))
        forged = {
            "kubernetes.io/metadata.name": "kube-system",
            "stackctl.dev/stack": "governed",
            "stackctl.dev/component": "governance",
            "app.kubernetes.io/managed-by": "stackctl",
            "pod-security.kubernetes.io/enforce": "privileged",
        }
        tenant.patch(f"/api/v1/namespaces/{TEAM}", {"metadata": {"labels": forged}})
        live = town.client.get(f"/api/v1/namespaces/{TEAM}")["metadata"]["labels"]
        assert live["kubernetes.io/metadata.name"] == TEAM  # the API server sets it back
        assert live["stackctl.dev/component"] == "governance"
        mirror = {"labels": forged, "annotations": {"kubernetes.io/config.mirror": "x"}}
        placed = spec(MOVABLE, more={"nodeName": "gpu-0"})
        for metadata in ({}, {"labels": forged}, mirror):
            assert town.judged(pod(placed, **metadata), client=tenant)[1] == "images-by-digest"
        trial = pod(spec(MOVABLE), labels={"stackctl.dev/trial": "true"}, name="trial")
        with pytest.raises(Rejected, match="governance-images-by-digest"):
            tenant.create(f"/api/v1/namespaces/{TEAM}/pods", trial)
        for path, group in (
            ("/apis/governance.stackctl.dev/v1alpha1/governanceparameters/governance", "spec"),
            (f"{_POLICIES}bindings/governance-no-latest", "spec"),
            (f"{_POLICIES[:-1]}ies/governance-no-latest", "spec"),
        ):
            with pytest.raises(Forbidden):
                tenant.patch(path, {group: {}}, dry_run=True)
    finally:
        tenant.close()
        for path in (f"{rbac}/rolebindings", f"{rbac}/roles", accounts):
            town.client.delete(f"{path}/tenant")


_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicy"


def test_without_its_parameters_only_the_stack_and_the_control_plane_go_on(town):
    """What denies denies everything then; deploying again mends it, without a Pod."""
    town.under("deny", "kube-state-metrics: {}")
    path = "/apis/governance.stackctl.dev/v1alpha1/governanceparameters/governance"
    town.client.delete(path)
    until(lambda: town.judged(pod(spec()))[1] != "")
    for namespace in ("kube-system", "state-metrics"):
        assert town.judged(PLAIN, namespace) == (set(), "")
    redeployed(town.request("deny"), town.connection)
    until(lambda: town.judged(pod(spec())) == (set(), ""))
    assert town.judged(pod(spec(MOVABLE)))[1] == "images-by-digest"


@pytest.mark.parametrize("mode", ["audit", "off"])
def test_off_and_audit_say_nothing_to_who_applies(town, mode):
    """And a policy that is off has no binding but the one for reports."""
    town.under(mode)
    assert town.judged(EVERYTHING_WRONG) == (set(), "")
    items = town.client.list(f"{_POLICIES}bindings").items
    names = {_short(each["metadata"]["name"]) for each in items}
    assert {f"{each}-report" for each in MODES.values()} <= names
    assert (names & {*MODES.values()} == set()) is (mode == "off")
    assert {*policies(town.connection).modes.values()} == {PolicyMode(mode)}


def test_policies_that_have_gone_come_back_as_they_were(town):
    """An API server that has seen the last of them go finds the parameters of the next."""
    town.under("deny")
    torn_down(compose_stack(town.request("deny")).stack, town.connection)
    town.mode = ""
    town.connection.discovery.refresh()
    town.under("deny")
    assert town.judged(pod(spec())) == (set(), "")


def smoke_objects(town: Town, mode: str) -> list[Manifest]:
    """Compose the smoke test of the component, for every policy in one mode."""
    composed = compose_stack(town.request(mode))
    (chosen,) = [
        each for each in composed.selection.components if each.component.name == "governance"
    ]
    manifests = composed.manifests["governance"]
    stack = StackId.for_smoke("governance", composed.stack.namespace)
    bundle = smoke_bundle(
        chosen,
        manifests,
        stack,
        composed.selection.settings,
        yaml=YAML,
        scopes={**composed.scopes, **scopes_of([manifests])},
    )
    return [each for part in bundle.components for each in part.objects]


@dataclass(frozen=True, slots=True)
class Asker:
    """What the smoke test asks with: its container's script, as its ServiceAccount may."""

    town: Town
    account: Path

    def answers(self, mode: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script as a process, told that every policy is in a mode."""
        (job,) = [each for each in smoke_objects(self.town, mode) if each["kind"] == "Job"]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        host, _, port = self.town.client.access.server.rpartition("/")[2].partition(":")
        said = {each["name"]: each["value"] for each in container["env"]}
        said |= {"ACCOUNT": str(self.account), "KUBERNETES_SERVICE_HOST": host}
        (_, *argv) = container["command"]
        return subprocess.run(
            [sys.executable, *argv],
            env=said | {"KUBERNETES_SERVICE_PORT": port} | more,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="module")
def asker(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """The smoke test's account with its rights, and no Job."""
    folder = tmp_path_factory.mktemp("account")
    made = [each for each in smoke_objects(town, "warn") if each["kind"] != "Job"]
    paths = [town.connection.discovery.path_of(each) for each in made]
    for path, manifest in zip(paths, made, strict=True):
        town.client.apply(path, manifest)
    (account,) = [path for path in paths if "/serviceaccounts/" in path]
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = town.client.create(f"{account}/token", asked)["status"]["token"]
    (folder / "token").write_text(token, encoding="utf-8")
    trust = town.client.get("/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt")
    (folder / "ca.crt").write_text(trust["data"]["ca.crt"], encoding="utf-8")
    yield Asker(town, folder)
    for path in reversed(paths):
        town.client.delete(path)


@pytest.mark.parametrize("mode", ["deny", "warn", "audit", "off"])
def test_the_smoke_test_finds_what_each_policy_does(town, asker, mode):
    """Run as its container would be; everything that it asked is answered as it should be."""
    town.under(mode)
    found = asker.answers(mode)
    assert (found.returncode, found.stderr) == (0, "")
    lines = found.stdout.splitlines()
    assert len(lines) == 16
    assert all(each.startswith("as it should be: ") for each in lines)
    assert sum("taken False" in each for each in lines) == (14 if mode == "deny" else 0)


def test_the_smoke_test_fails_where_a_policy_does_something_else(town, asker):
    """One that is only said to deny, and one whose binding somebody has taken away."""
    town.under("warn")
    found = asker.answers("deny", PATIENCE="0")
    assert found.returncode == 1
    assert "WRONG: against GPUS_PER_POD, report False: taken True" in found.stdout
    path = f"{_POLICIES}bindings/governance-gpus-per-pod"
    town.client.delete(path)
    try:
        until(lambda: town.judged(pod(spec(resources=gpus(5)))) == (set(), ""))
        found = asker.answers("warn", PATIENCE="0")
    finally:
        redeployed(town.request("warn"), town.connection)
    wrong = [each for each in found.stdout.splitlines() if each.startswith("WRONG")]
    assert (found.returncode, len(wrong)) == (1, 1)
    assert "against GPUS_PER_POD, report False: taken True, named []" in wrong[0]


def test_the_smoke_test_may_do_nothing_else(town, asker):
    """Not even look at what it creates, nor create it in the namespace that it runs in."""
    tenant = Client(
        replace(town.client.access, login=Login(token=(asker.account / "token").read_text()))
    )
    try:
        for namespace, kind in (("governance-smoke", "pods"), ("kube-system", "secrets")):
            with pytest.raises(Forbidden):
                tenant.list(f"/api/v1/namespaces/{namespace}/{kind}")
        with pytest.raises(Forbidden):
            tenant.create("/apis/apps/v1/namespaces/kube-system/deployments", PLAIN)
    finally:
        tenant.close()
