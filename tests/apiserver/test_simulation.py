"""Nodes, containers, the network and operators behave as the real ones would."""

import base64
import itertools
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stackctl.api.client import Client
from stackctl.errors import Rejected
from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.webhooks.authority import Authority
from stackctl.sandbox.agent.webhooks.review import answer
from stackctl.sandbox.agent.writes import merge
from stackctl.sandbox.lifecycle import UpResult
from tests.apiserver.scenery import until

NUMBERS = itertools.count(1)
SIMULATED = "sandbox.stackctl.dev"
GPU = "nvidia.com/gpu"
PCI = "feature.node.kubernetes.io/pci-10de.present"
DEVICE_PLUGIN = "registry.example.com/nvidia/k8s-device-plugin:v0.20.0"
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
APISERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
TWELVE = {"storage": "12Gi"}
NAMESPACED = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
}


class Place:
    """A namespace of a test's own, and what is put into it."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.name = client, name

    def path(self, kind: str, name: str = "") -> str:
        """Say where objects of a kind are."""
        folder = NAMESPACED[kind].format(self.name)
        return f"{folder}/{name}" if name else folder

    def put(self, kind: str, name: str, api: str = "v1", **body: Any) -> Manifest:
        """Create an object."""
        metadata = {"name": name, "namespace": self.name} | body.pop("metadata", {})
        manifest = {"apiVersion": api, "kind": kind, "metadata": metadata} | body
        return self.client.create(self.path(kind), manifest)

    def see(self, kind: str, name: str) -> Manifest:
        """Read an object that is there."""
        found = self.client.get(self.path(kind, name))
        assert found is not None
        return found

    def pod(self, name: str, image: str = "example.com/fine:1", **body: Any) -> Manifest:
        """Create a Pod with one container; all but its metadata goes into its spec."""
        labels = {"app": name}
        annotations = {f"{SIMULATED}/{key}": v for key, v in body.pop("told", {}).items()}
        spec = {"containers": [{"name": "main", "image": image} | body.pop("container", {})]}
        metadata = {"labels": labels, "annotations": annotations}
        return self.put("Pod", name, metadata=metadata, spec=spec | body)

    def delete_pod(self, name: str) -> None:
        """Delete a Pod and wait until it is gone."""
        self.client.delete(self.path("Pod", name))
        until(lambda: self.client.get(self.path("Pod", name)) is None)

    def service(self, name: str, port: int = 443) -> Manifest:
        """Create a Service for the Pods of the same name."""
        spec = {"selector": {"app": name}, "ports": [{"port": port, "targetPort": 9443}]}
        return self.put("Service", name, spec=spec)

    def ready(self, name: str) -> bool:
        """Tell whether a Pod is ready."""
        return conditions(self.see("Pod", name)).get("Ready") == "True"


def conditions(manifest: Manifest) -> dict[str, str]:
    return {c["type"]: c["status"] for c in manifest.get("status", {}).get("conditions") or ()}


def container_state(pod: Manifest, kind: str = "containerStatuses") -> Manifest:
    statuses = pod.get("status", {}).get(kind) or [{"state": {}}]
    return dict(statuses[0]["state"])


def reason(pod: Manifest, kind: str = "containerStatuses") -> str:
    state = container_state(pod, kind)
    return "".join(part.get("reason", "") for part in state.values())


@pytest.fixture
def place(client: Client) -> Iterator[Place]:
    """A namespace that goes away with the test."""
    made = Place(client, f"simulation-{next(NUMBERS)}")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made.name}}
    client.create("/api/v1/namespaces", namespace)
    yield made
    client.delete(f"/api/v1/namespaces/{made.name}")


@pytest.fixture
def agent(sandbox: UpResult) -> Path:
    """The folder that the agent works in."""
    return sandbox.kubeconfig.parent


def claim(place: Place, name: str, size: str) -> None:
    """Ask for a volume, of the class that is given to who names none."""
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    place.put("PersistentVolumeClaim", name, spec=asked)


def volume_of(place: Place, name: str) -> Manifest | None:
    """Read the volume that a claim is bound to."""
    volume = place.see("PersistentVolumeClaim", name)["spec"].get("volumeName", "")
    return place.client.get(f"/api/v1/persistentvolumes/{volume}") if volume else None


# Volumes


def test_a_claim_gets_a_volume_when_a_pod_wants_it(place):
    """Not before, as where disks are on nodes; the volume goes with the claim."""
    claim(place, "data", "10Gi")
    mounted = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    assert volume_of(place, "data") is None
    place.pod("user", volumes=[mounted])
    until(lambda: place.ready("user"))
    volume = volume_of(place, "data")
    assert volume is not None
    assert volume["spec"]["capacity"] == {"storage": "10Gi"}
    place.delete_pod("user")
    place.client.delete(place.path("PersistentVolumeClaim", "data"))
    path = f"/api/v1/persistentvolumes/{volume['metadata']['name']}"
    until(lambda: place.client.get(path) is None)


def test_a_claim_that_asks_for_more_grows_with_its_volume(place):
    """Kubernetes lets it, and both say how much there is."""
    claim(place, "data", "10Gi")
    mounted = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    place.pod("user", volumes=[mounted])
    until(lambda: place.ready("user"))
    path = place.path("PersistentVolumeClaim", "data")
    more = {"spec": {"resources": {"requests": {"storage": "12Gi"}}}}
    merge(place.client, path, more)
    until(lambda: place.see("PersistentVolumeClaim", "data")["status"]["capacity"] == TWELVE)
    volume = volume_of(place, "data")
    assert volume is not None
    assert volume["spec"]["capacity"] == TWELVE


# Pods


def test_a_pod_comes_to_run(place):
    """It gets an address, its init containers complete, and its conditions say so."""
    place.pod("fine", initContainers=[{"name": "first", "image": "example.com/init:1"}])
    until(lambda: place.ready("fine"))
    status = place.see("Pod", "fine")["status"]
    assert status["phase"] == "Running"
    assert status["podIP"].startswith("10.244.")
    assert set(conditions({"status": status}).values()) == {"True"}
    assert container_state({"status": status}, "initContainerStatuses").keys() == {"terminated"}
    container = status["containerStatuses"][0]
    assert container["ready"]
    assert container["started"]
    assert container["imageID"].startswith("example.com/fine@sha256:")


@pytest.mark.parametrize(
    ("image", "told", "expected"),
    [
        ("example.com/does-not-exist:1", {}, "ImagePullBackOff"),
        ("example.com/fine:fail-pull", {}, "ImagePullBackOff"),
        ("example.com/fine:1", {"fail": "fail-pull"}, "ImagePullBackOff"),
        ("example.com/fine:1", {"fail": "create-config-error"}, "CreateContainerConfigError"),
        ("example.com/fine:1", {"fail": "crash-loop"}, "CrashLoopBackOff"),
    ],
)
def test_a_pod_fails_as_it_is_told(place, image, told, expected):
    """The reason is the kubelet's, and the Pod is not ready."""
    place.pod("broken", image, told=told)
    until(lambda: reason(place.see("Pod", "broken")) == expected)
    assert not place.ready("broken")


def test_a_failed_pull_names_the_image(place):
    """Both the container's message and an event say which image it was."""
    image = "example.com/does-not-exist:1"
    place.pod("broken", image)
    until(lambda: reason(place.see("Pod", "broken")) == "ImagePullBackOff")
    message = container_state(place.see("Pod", "broken"))["waiting"]["message"]
    assert message.startswith(f'Back-off pulling image "{image}": ErrImagePull: ')
    events = place.client.list(f"/api/v1/namespaces/{place.name}/events").items
    told = [e["message"] for e in events if e["reason"] == "Failed"]
    assert any(text.startswith(f'Failed to pull image "{image}"') for text in told)


def test_an_init_container_that_cannot_be_pulled_holds_the_pod(place):
    """The containers after it wait."""
    first = [{"name": "first", "image": "example.com/does-not-exist:1"}]
    place.pod("broken", initContainers=first)
    until(lambda: reason(place.see("Pod", "broken"), "initContainerStatuses") == "ImagePullBackOff")
    assert reason(place.see("Pod", "broken")) == "PodInitializing"


def test_a_crash_is_counted_and_remembered(place):
    """The last state tells the exit code."""
    place.pod("broken", told={"fail": "crash-loop"})
    until(lambda: reason(place.see("Pod", "broken")) == "CrashLoopBackOff")
    container = place.see("Pod", "broken")["status"]["containerStatuses"][0]
    assert container["restartCount"] == 1
    assert container["lastState"]["terminated"]["exitCode"] == 1
    assert container["state"]["waiting"]["message"].startswith("back-off 10s restarting failed")


def test_a_pod_that_is_never_ready_runs(place):
    """Only its readiness is missing, and it comes when the reason is taken away."""
    place.pod("slow", told={"fail": "never-ready"})
    until(lambda: place.see("Pod", "slow")["status"]["phase"] == "Running")
    assert not place.ready("slow")
    healed = {"metadata": {"annotations": {f"{SIMULATED}/fail": None}}}
    place.client.patch(place.path("Pod", "slow"), healed)
    until(lambda: place.ready("slow"))


def test_a_pod_that_does_not_restart_completes(place):
    """Unless it is told to run on."""
    place.pod("short", restartPolicy="Never")
    place.pod("long", restartPolicy="Never", told={"run-for": "forever"})
    until(lambda: place.see("Pod", "short")["status"]["phase"] == "Succeeded")
    assert container_state(place.see("Pod", "short"))["terminated"]["exitCode"] == 0
    until(lambda: place.ready("long"))


def test_jobs_complete_or_fail(place):
    """Their Pods decide."""
    for name, told in (("good", {}), ("bad", {f"{SIMULATED}/fail": "crash-loop"})):
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "example.com/j:1"}]}
        template = {"metadata": {"annotations": told}, "spec": pod}
        spec = {"backoffLimit": 0, "template": template}
        place.put("Job", name, "batch/v1", spec=spec)
    until(lambda: conditions(place.see("Job", "good")).get("Complete") == "True")
    until(lambda: conditions(place.see("Job", "bad")).get("Failed") == "True")


def test_a_deleted_pod_goes_soon(place):
    """Its grace period is not waited for, a Job's finalizer is let go."""
    template = {
        "metadata": {"annotations": {f"{SIMULATED}/run-for": "forever"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1"}]},
    }
    place.put("Job", "long", "batch/v1", spec={"template": template})

    def pods() -> tuple[Manifest, ...]:
        return tuple(place.client.list(place.path("Pod")).items)

    until(lambda: any(conditions(pod).get("Ready") == "True" for pod in pods()))
    place.client.delete(place.path("Job", "long"))
    until(lambda: not pods())


def test_a_log_can_be_asked_for(place):
    """There is none, and that is what it says."""
    place.pod("fine")
    until(lambda: place.ready("fine"))
    log = place.client.request("GET", f"{place.path('Pod', 'fine')}/log", accept="*/*")
    assert log.body.startswith(b"simulated: ")


# Devices


def nodes(client: Client) -> dict[str, Manifest]:
    return {node["metadata"]["name"]: node for node in client.list("/api/v1/nodes").items}


def gpus(client: Client) -> dict[str, str]:
    """Read what nodes offer; a node without an entry offers none."""
    offers = {name: node["status"]["allocatable"] for name, node in nodes(client).items()}
    return {name: offer[GPU] for name, offer in offers.items() if GPU in offer}


def daemon_set(place: Place, name: str, container: Manifest, **spec: Any) -> None:
    labels = {"app": name}
    pod = {"containers": [{"name": "main"} | container]} | spec
    template = {"metadata": {"labels": labels}, "spec": pod}
    body = {"selector": {"matchLabels": labels}, "template": template}
    place.put("DaemonSet", name, "apps/v1", spec=body)


def device_plugin(place: Place, config: str = "") -> None:
    """Run a device plugin on every node, with a configuration if there is one."""
    folder = "/var/lib/kubelet/device-plugins"
    volumes: list[Manifest] = [{"name": "plugins", "hostPath": {"path": folder}}]
    mounts = [{"name": "plugins", "mountPath": folder}]
    if config:
        place.put("ConfigMap", "sharing", data={"config.yaml": config})
        volumes.append({"name": "config", "configMap": {"name": "sharing"}})
        mounts.append({"name": "config", "mountPath": "/config"})
    container = {
        "image": DEVICE_PLUGIN,
        "volumeMounts": mounts,
        "env": [{"name": "CONFIG_FILE", "value": "/config/config.yaml"}] if config else [],
    }
    daemon_set(place, "plugin", container, volumes=volumes)


def test_gpus_come_and_go_with_the_device_plugin(place):
    """Eight on each GPU node, usable at once, and none when the plugin is gone."""
    assert gpus(place.client) == {}
    device_plugin(place)
    until(lambda: gpus(place.client) == {"gpu-0": "8", "gpu-1": "8"})
    capacity = nodes(place.client)["gpu-0"]["status"]["capacity"]
    assert capacity[GPU] == "8"
    place.pod("trainer", container={"resources": {"limits": {GPU: "8"}}})
    until(lambda: place.ready("trainer"))
    place.client.delete(place.path("DaemonSet", "plugin"))
    until(lambda: gpus(place.client) == {})


def test_shared_gpus_are_offered_several_times(place):
    """The plugin's own configuration says how often."""
    resources = f"resources: [{{name: {GPU}, replicas: 4}}]"
    device_plugin(place, f"version: v1\nsharing:\n  timeSlicing:\n    {resources}\n")
    until(lambda: gpus(place.client) == {"gpu-0": "32", "gpu-1": "32"})
    place.client.delete(place.path("DaemonSet", "plugin"))
    until(lambda: gpus(place.client) == {})


def labelled(client: Client, label: str) -> set[str]:
    found = nodes(client).items()
    return {name for name, node in found if label in node["metadata"]["labels"]}


def test_feature_labels_come_and_go_and_leave_others_alone(place):
    """A label that a person set stays when discovery, which set the same one, is gone."""
    present = f"{GPU}.present"
    by_hand = {"metadata": {"labels": {present: "true"}}}
    place.client.patch("/api/v1/nodes/gpu-0", by_hand)
    daemon_set(
        place,
        "worker",
        {"image": "example.com/nfd/node-feature-discovery:v1", "command": ["nfd-worker"]},
    )
    discovery = {"image": DEVICE_PLUGIN, "command": ["gpu-feature-discovery"]}
    daemon_set(place, "discovery", discovery)
    until(lambda: labelled(place.client, PCI) == {"gpu-0", "gpu-1"})
    until(lambda: labelled(place.client, present) == {"gpu-0", "gpu-1"})
    until(lambda: labelled(place.client, f"{GPU}.product") == {"gpu-0", "gpu-1"})
    place.client.delete(place.path("DaemonSet", "worker"))
    place.client.delete(place.path("DaemonSet", "discovery"))
    until(lambda: labelled(place.client, PCI) == set())
    until(lambda: labelled(place.client, f"{GPU}.product") == set())
    assert labelled(place.client, present) == {"gpu-0"}
    place.client.patch("/api/v1/nodes/gpu-0", {"metadata": {"labels": {present: None}}})


# The network


@contextmanager
def guarded(place: Place, name: str = "guard", **config: Any) -> Iterator[str]:
    """Have a webhook of a Service guard the ConfigMaps of a namespace."""
    hook = f"{name}.{place.name}.example.com"
    webhook = {
        "name": hook,
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "clientConfig": {"service": {"namespace": place.name, "name": name}} | config,
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "resources": ["configmaps"],
                "operations": ["CREATE"],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place.name}},
        "matchConditions": [
            {"name": "ours", "expression": 'object.metadata.name != "kube-root-ca.crt"'}
        ],
    }
    path = f"{HOOKS}/{hook}"
    manifest = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": hook},
        "webhooks": [webhook],
    }
    place.client.apply(path, manifest)
    try:
        yield path
    finally:
        place.client.delete(path)


def bundle_of(client: Client, path: str) -> str:
    found = client.get(path)
    assert found is not None
    return str(found["webhooks"][0]["clientConfig"].get("caBundle") or "")


def ours(agent: Path) -> str:
    return base64.b64encode((agent / "ca.crt").read_bytes()).decode()


def attempt(place: Place, name: str) -> str:
    """Try to create a ConfigMap once and return why that was refused."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    body = json.dumps(manifest).encode()
    try:
        place.client.request("POST", place.path("ConfigMap"), body=body, retry_until=0.0)
    except Rejected as error:
        return str(error)
    return ""


def test_a_webhook_answers_once_its_service_has_a_ready_pod(place, agent):
    """Before that, and after, calling it is refused as on a real network."""
    place.service("guard")
    with guarded(place) as hook:
        until(lambda: bundle_of(place.client, hook) == ours(agent))
        refusal = attempt(place, "early")
        assert "connection refused" in refusal
        assert f'no endpoints available for service "{place.name}/guard"' in refusal
        place.pod("guard")
        until(lambda: attempt(place, "in-time") == "")
        place.delete_pod("guard")
        until(lambda: "connection refused" in attempt(place, "late"))


def test_an_emptied_bundle_is_filled_again_and_owned_alone(place, agent):
    """Nothing but the bundle is the agent's, so whoever applies the rest has no conflict."""
    with guarded(place) as hook:
        until(lambda: bundle_of(place.client, hook) == ours(agent))
        emptied = [{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ""}]
        place.client.patch(hook, emptied, kind="json")
        until(lambda: bundle_of(place.client, hook) == ours(agent))
        found = place.client.get(hook)
        assert found is not None
        fields = {e["manager"]: e["fieldsV1"] for e in found["metadata"]["managedFields"]}
        name = json.dumps({"name": found["webhooks"][0]["name"]}, separators=(",", ":"))
        assert fields["sandbox-agent"] == {
            "f:webhooks": {f"k:{name}": {"f:clientConfig": {"f:caBundle": {}}}}
        }


def test_a_wrong_bundle_is_mended_while_a_cainjector_runs(place, agent):
    """Where an annotation asks for it; otherwise it stays wrong, and calls are refused."""
    wrong = base64.b64encode(_strangers_ca()).decode()
    with guarded(place) as hook:
        until(lambda: bundle_of(place.client, hook) == ours(agent))
        asking = {"metadata": {"annotations": {"cert-manager.io/inject-ca-from": "ml/serving"}}}
        place.client.patch(hook, asking, kind="merge")
        spoilt = [{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": wrong}]
        place.client.patch(hook, spoilt, kind="json")
        place.service("guard")
        place.pod("guard")
        until(lambda: "unknown authority" in attempt(place, "early"))
        assert bundle_of(place.client, hook) == wrong
        place.pod("cainjector", "example.com/jetstack/cert-manager-cainjector:v1")
        until(lambda: bundle_of(place.client, hook) == ours(agent))
        until(lambda: attempt(place, "late") == "")


def _strangers_ca() -> bytes:
    """Return a CA's certificate, in PEM, that nobody here has signed anything with."""
    from stackctl.sandbox.machine.certificates import CertificateContent, issue

    begin = datetime.now(UTC).replace(microsecond=0)
    content = CertificateContent(begin, begin + timedelta(days=1), "stranger", authority=True)
    return issue(content).certificate_pem


class _Webhook(BaseHTTPRequestHandler):
    """A real webhook: it denies what is called `bad`."""

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = answer(review)
        assert reply is not None
        allowed = review["request"]["name"] != "bad"
        body = json.dumps(
            reply.document | {"response": reply.document["response"] | {"allowed": allowed}}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def local_webhook(context: ssl.SSLContext) -> Iterator[str]:
    """Serve a webhook from this process and say where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Webhook)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def registered(agent: Path, routes: Mapping[str, str]) -> Iterator[None]:
    """Register processes for Services."""
    (agent / "routes.json").write_text(json.dumps(dict(routes)))
    try:
        yield
    finally:
        (agent / "routes.json").unlink()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A CA that has nothing to do with the sandbox's."""
    from stackctl.sandbox.machine.places import Sandbox
    from stackctl.sandbox.plane import pki

    folder = tmp_path_factory.mktemp("stranger")
    pki.issue_all(Sandbox("stranger", folder))
    return Authority(folder / "ca.crt", folder / "ca.key")


def test_a_registered_process_is_asked_instead(place, agent, stranger):
    """It brings its own bundle, and gives way to the responder when its registration ends."""
    place.service("guard")
    place.pod("guard")
    until(lambda: place.ready("guard"))
    bundle = base64.b64encode(stranger.bundle).decode()
    with (
        local_webhook(stranger.context(f"guard.{place.name}.svc")) as address,
        registered(agent, {f"{place.name}/guard": address}),
        guarded(place) as hook,
    ):
        until(lambda: "unknown authority" in attempt(place, "untrusted"))
        assert bundle_of(place.client, hook) == ""
        filled = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}]
        place.client.patch(hook, filled, kind="json")
        until(lambda: attempt(place, "good") == "")
        assert "denied the request" in attempt(place, "bad")
        (agent / "routes.json").write_text("{}")
        until(lambda: bundle_of(place.client, hook) == ours(agent))
        until(lambda: attempt(place, "bad") == "")


@contextmanager
def defined(client: Client, group: str, kind: str, **spec: Any) -> Iterator[str]:
    """Define a kind that takes anything, and say where its definition is."""
    plural = f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    versions = spec.pop("versions", ["v1"])
    body = {
        "group": group,
        "scope": "Namespaced",
        "names": {"kind": kind, "plural": plural},
        "versions": [
            {
                "name": version,
                "served": True,
                "storage": version == versions[0],
                "schema": {"openAPIV3Schema": anything},
                "subresources": {"status": {}},
            }
            for version in versions
        ],
    } | spec
    path = f"{CRDS}/{plural}.{group}"
    manifest = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
        },
        "spec": body,
    }
    client.create(CRDS, manifest)
    try:
        until(lambda: conditions(client.get(path) or {}).get("Established") == "True")
        until(lambda: _served(client, f"/apis/{group}/{versions[0]}", plural))
        yield path
    finally:
        client.delete(path)
        until(lambda: client.get(path) is None)


def _served(client: Client, path: str, plural: str) -> bool:
    try:
        listing = client.request("GET", path, retry_until=0.0).document
    except Rejected:
        return False
    return any(resource["name"] == plural for resource in listing["resources"])


def test_a_conversion_webhook_converts(place, agent):
    """The definition gets the bundle, and objects come back in the version asked for."""
    place.service("converter")
    place.pod("converter")
    until(lambda: place.ready("converter"))
    service = {"namespace": place.name, "name": "converter"}
    conversion = {
        "strategy": "Webhook",
        "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": {"service": service}},
    }
    group = f"{place.name}.example.com"
    versions = ["v1", "v2"]
    with defined(place.client, group, "Thing", versions=versions, conversion=conversion) as path:

        def bundle() -> str:
            spec = (place.client.get(path) or {})["spec"]
            return str(spec["conversion"]["webhook"]["clientConfig"].get("caBundle", ""))

        until(lambda: bundle() == ours(agent))
        things = f"/apis/{group}/{{}}/namespaces/{place.name}/things"
        thing = {
            "apiVersion": f"{group}/v1",
            "kind": "Thing",
            "metadata": {"name": "t"},
            "spec": {"size": 3},
        }
        place.client.create(things.format("v1"), thing)
        found = place.client.get(f"{things.format('v2')}/t")
        assert found is not None
        assert (found["apiVersion"], found["spec"]) == (f"{group}/v2", {"size": 3})


def test_an_aggregated_api_is_said_to_be_unavailable(place, agent):
    """Nobody makes up what it would serve."""
    place.service("metrics")
    place.pod("metrics")
    until(lambda: place.ready("metrics"))
    group = f"{place.name}.example.com"
    path = f"{APISERVICES}/v1.{group}"
    manifest = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 10,
            "service": {"namespace": place.name, "name": "metrics"},
        },
    }
    place.client.create(APISERVICES, manifest)
    try:
        until(lambda: (place.client.get(path) or {})["spec"].get("caBundle") == ours(agent))
        until(lambda: "503" in _availability(place.client, path))
    finally:
        place.client.delete(path)


def _availability(client: Client, path: str) -> str:
    found = (client.get(path) or {}).get("status", {}).get("conditions") or [{}]
    return str(found[0].get("message", ""))


def test_the_agent_tells_that_it_is_well(agent):
    """Anybody who may open its socket can ask."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(agent / "egress.sock"))
        connection.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert b"".join(iter(lambda: connection.recv(100), b"")).endswith(b"\r\n\r\nok\n")


def test_the_agent_ends_when_it_is_told_to(agent, tmp_path):
    """It is gone at once, and so is its socket; a second one says when it is ready."""
    for name in ("agent.kubeconfig", "ca.crt", "ca.key"):
        (tmp_path / name).write_bytes((agent / name).read_bytes())
    command = [sys.executable, "-m", "stackctl.sandbox.agent", "--state-dir", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as second:
        until((tmp_path / "agent.ready").exists)
        assert (tmp_path / "egress.sock").is_socket()
        second.terminate()
        assert second.wait(10) == 0
    assert not (tmp_path / "agent.ready").exists()
    assert not (tmp_path / "egress.sock").exists()


# Operators

TRAINING = "example.com/kubeflow/training-operator:v1"


def create(place: Place, group: str, kind: str, name: str, **body: Any) -> Callable[[], Manifest]:
    """Create a custom resource and return how to read it."""
    folder = f"/apis/{group}/v1/namespaces/{place.name}/{kind.lower()}s"
    manifest = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": name}} | body
    place.client.create(folder, manifest)

    def read() -> Manifest:
        found = place.client.get(f"{folder}/{name}")
        assert found is not None
        return found

    return read


JOB = {"tfReplicaSpecs": {"Worker": {"replicas": 2}}}


def test_a_training_job_runs_while_its_operator_does(place):
    """Nothing happens to it before, then it goes through its states to the end."""
    with defined(place.client, "kubeflow.org", "TFJob"):
        job = create(place, "kubeflow.org", "TFJob", "mnist", spec=JOB)
        place.pod("operator", TRAINING, told={"fail": "never-ready"})
        until(lambda: place.see("Pod", "operator")["status"]["phase"] == "Running")
        assert "status" not in job()
        healed = {"metadata": {"annotations": {f"{SIMULATED}/fail": None}}}
        place.client.patch(place.path("Pod", "operator"), healed)
        until(lambda: conditions(job()).get("Succeeded") == "True")
        assert conditions(job()) == {"Created": "True", "Running": "False", "Succeeded": "True"}
        assert job()["status"]["replicaStatuses"] == {"Worker": {"succeeded": 2}}


def test_a_real_operator_is_left_alone(place, agent):
    """With a process for its Service nothing else moves its resources on."""
    place.service("training-operator")
    place.pod("training-operator", TRAINING)
    until(lambda: place.ready("training-operator"))
    routes = {f"{place.name}/training-operator": "127.0.0.1:1"}
    with defined(place.client, "kubeflow.org", "TFJob"), registered(agent, routes):
        untouched = create(place, "kubeflow.org", "TFJob", "real", spec=JOB)
        with defined(place.client, "sparkoperator.k8s.io", "SparkApplication"):
            place.pod(
                "spark",
                "example.com/kubeflow/spark-operator/controller:1",
                container={"args": ["controller", "start"]},
            )
            spark = {"driver": {}, "executor": {"instances": 1}}
            done = create(place, "sparkoperator.k8s.io", "SparkApplication", "pi", spec=spark)
            # Whatever the agent would have done to the job, it would have begun by then.
            until(lambda: _application_state(done()) == "COMPLETED")
        assert "status" not in untouched()


def _application_state(application: Manifest) -> str:
    state = application.get("status", {}).get("applicationState", {}).get("state", "")
    return str(state)


def test_a_resource_that_makes_no_sense_stops_nobody(place):
    """The agent says so and goes on with the others."""
    with defined(place.client, "kubeflow.org", "TFJob"):
        place.pod("operator", TRAINING)
        create(place, "kubeflow.org", "TFJob", "nonsense", spec={"tfReplicaSpecs": "none"})
        job = create(place, "kubeflow.org", "TFJob", "sense", spec=JOB)
        until(lambda: conditions(job()).get("Succeeded") == "True")


def test_a_certificate_becomes_a_secret(place, agent):
    """It is signed by the sandbox's CA once its issuer is ready, for the names asked for."""
    group = "cert-manager.io"
    with defined(place.client, group, "Issuer"), defined(place.client, group, "Certificate"):
        place.pod("cert-manager", "example.com/jetstack/cert-manager-controller:v1")
        spec = {
            "secretName": "web-tls",
            "dnsNames": ["web.example.com"],
            "issuerRef": {"name": "self"},
        }
        certificate = create(place, group, "Certificate", "web", spec=spec)
        until(lambda: conditions(certificate()).get("Ready") == "False")
        issuer = create(place, group, "Issuer", "self", spec={"selfSigned": {}})
        until(lambda: conditions(issuer()).get("Ready") == "True")
        until(lambda: conditions(certificate()).get("Ready") == "True")
        secret = place.see("Secret", "web-tls")
        assert secret["data"]["ca.crt"] == ours(agent)
        assert _names_in(base64.b64decode(secret["data"]["tls.crt"]), agent) == ["web.example.com"]

        place.client.delete(place.path("Secret", "web-tls"))
        until(lambda: certificate()["status"].get("revision") == 2)
        assert conditions(certificate()).get("Ready") == "True"
        anew = place.see("Secret", "web-tls")
        assert anew["metadata"]["uid"] != secret["metadata"]["uid"]


def _names_in(certificate: bytes, agent: Path) -> list[str]:
    from cryptography import x509

    found = x509.load_pem_x509_certificate(certificate)
    found.verify_directly_issued_by(x509.load_pem_x509_certificate((agent / "ca.crt").read_bytes()))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)


def test_a_served_model_is_held_by_its_operator(place):
    """It becomes ready with an address, and goes only while the operator can let it go."""
    group = "serving.kserve.io"
    with defined(place.client, group, "InferenceService"):
        place.pod("kserve", "example.com/kserve/kserve-controller:v1")
        path = f"/apis/{group}/v1/namespaces/{place.name}/inferenceservices/iris"
        model = create(place, group, "InferenceService", "iris", spec={"predictor": {}})
        until(lambda: conditions(model()).get("Ready") == "True")
        url = f"http://iris-predictor.{place.name}.svc.cluster.local"
        assert model()["status"]["url"] == url
        place.delete_pod("kserve")
        place.client.delete(path)
        assert model()["metadata"]["finalizers"] == ["inferenceservice.finalizers"]
        place.pod("kserve", "example.com/kserve/kserve-controller:v1")
        until(lambda: place.client.get(path) is None)
