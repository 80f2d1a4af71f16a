"""What breaks a stack on an ordinary bad day: `status` names the cause, and what to type next.

Each breakage is made on a stack that was well, as a user or an accident would make it; what a
deploy then mends is well again.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest
from stackctl.actions.planning import look
from stackctl.actions.stacks import assessed, stacks
from stackctl.actions.status import status
from stackctl.cli.report.diff import drift_text
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import running
from stackctl.cluster.record import recording, releases
from stackctl.cluster.record.lock import lease_path
from stackctl.errors import LockedError, NotReadyError
from stackctl.model.catalogue.component import Probe
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import DELETED, Action, Plan
from stackctl.model.plan.preflight import Finding
from stackctl.model.readiness.status import Status
from stackctl.model.release.release import ReleaseStatus, uninstalling
from stackctl.model.run.outcome import ObjectStatus, StackStatus
from stackctl.sandbox.machine.certificates import CertificateContent, Pair, issue
from tests.apiserver.scenery import until
from tests.apiserver.shipped import connected, deployed, redeployed
from tests.apiserver.stacks import Stack, write_as

NOW = datetime.now(UTC)
SHORT = 8.0  # seconds; for what never comes
REDEPLOY = "stackctl deploy --profile test --stack {}"


def authority(name: str) -> Pair:
    """Make somebody who signs certificates."""
    ends = NOW + timedelta(days=900)
    return issue(CertificateContent(NOW - timedelta(days=900), ends, name, authority=True))


OURS, OTHER = authority("ours"), authority("other")
NO_BUNDLE = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nAAAA").decode()


def encoded(pair: Pair) -> str:
    return base64.b64encode(pair.certificate_pem).decode()


def certificate(days: int, signer: Pair) -> str:
    """Make a certificate that ends so many days from now, as a Secret has it."""
    begin = NOW - timedelta(days=400)
    content = CertificateContent(begin, NOW + timedelta(days=days), "server", names=("server",))
    return encoded(issue(content, signer))


def unready(operated: "Operated") -> tuple[str, str]:
    """Deploy what there is once more: nothing has to be changed, and yet it does not end well."""
    with pytest.raises(NotReadyError) as said:
        operated.deploy(*operated.parts(), timeout=SHORT)
    head = "nothing to change, but not ready: "
    assert str(said.value).startswith(head)
    return str(said.value).removeprefix(head), said.value.hint


class Operated(Stack):
    """A stack with an operator as they are: a webhook behind a Service, a Secret it serves with."""

    def parts(self) -> tuple[BundleComponent, BundleComponent]:
        """Everything; the operator is a component by itself."""
        samples = {"smoke/widget.yaml": self.custom("Widget", "trial")}
        operator = self.part(
            "operator",
            self.namespace(),
            self.definition("widgets", "Widget"),
            self.config("settings", workers="4", mode="fast"),
            self._server(),
            self._service(),
            self._guard(),
            probes=(Probe(accepts="smoke/widget.yaml"),),
            samples=samples,
        )
        return operator, self.part("more", self.config("more"))

    def up(self) -> None:
        """Bring it to where all is well, once more."""
        self.deploy(*self.parts())

    def plan(self, *parts: BundleComponent) -> Plan:
        """Compare it, as `diff` does; all that it is, where nothing else is said."""
        with running(self.connection, self.tell) as run:
            return look(run, self.id, Bundle("test", parts or self.parts())).plan

    def status(self) -> StackStatus:
        """Look at it, and make sure that whatever is wrong comes with the next step."""
        self.connection.discovery.refresh()  # each command begins by asking what is served
        found = status(self.id, self.connection)
        parts = [part for part in found.components if part.status is not Status.CURRENT]
        objects = [each for part in parts for each in part.objects]
        assert all(part.hint for part in parts)
        assert all(each.hint for each in objects if each.status is not Status.CURRENT)
        assert all(each.hint for each in (found.run, *found.findings) if each)
        return found

    def serve_with(self, chain: str) -> None:
        """Write the Secret that the operator serves with, as it would do itself."""
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "tls", "namespace": self.name},
            "data": {"tls.crt": chain},
        }
        path = f"/api/v1/namespaces/{self.name}/secrets/tls"
        self.client.apply(path, body, manager="operator", force=True)

    def _server(self) -> Manifest:
        made = self.deployment("server")
        made["spec"]["template"]["spec"]["volumes"] = [
            {"name": "tls", "secret": {"secretName": "tls"}}
        ]
        return made

    def _service(self) -> Manifest:
        spec = {"selector": {"app": "server"}, "ports": [{"port": 443, "targetPort": 9443}]}
        return self.object("v1", "Service", "server") | {"spec": spec}

    def _guard(self) -> Manifest:
        rule = {
            "apiGroups": [f"{self.name}.example.com"],
            "apiVersions": ["v1"],
            "operations": ["CREATE"],
            "resources": ["widgets"],
        }
        hook = {
            "name": "guard.example.com",
            "clientConfig": {"service": {"name": "server", "namespace": self.name}},
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "rules": [rule],
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": self.name},
            "webhooks": [hook],
        }


@pytest.fixture
def operated(stack: Stack) -> Iterator[Operated]:
    """A stack where all is well; what its webhook leaves behind would be in everybody's way."""
    made = Operated(stack.connection, stack.name)
    namespace = made.part("first", made.namespace()).objects[0]
    made.client.apply(f"/api/v1/namespaces/{made.name}", namespace, manager=made.id.manager)
    made.serve_with("")
    made.up()
    assert made.status().current
    yield made
    made.client.delete(_hook(made))


def _hook(stack: Stack) -> str:
    group = "/apis/admissionregistration.k8s.io/v1"
    return f"{group}/validatingwebhookconfigurations/{stack.name}"


def _in(stack: Stack, path: str) -> str:
    return f"/apis/apps/v1/namespaces/{stack.name}/{path}"


def the(found: StackStatus, name: str) -> ObjectStatus:
    """Find an object of a status."""
    objects = [each for part in found.components for each in part.objects]
    return next(each for each in objects if each.ref.name == name)


def changed(plan: Plan) -> dict[str, Action]:
    """Name what a plan would do to which object."""
    return {x.ref.name: x.action for x in plan.changes if x.action is not Action.UNCHANGED}


def test_a_deployment_was_deleted(operated):
    """It is missing, a deploy would make it, and does."""
    operated.client.delete(_in(operated, "deployments/server"))
    found = the(operated.status(), "server")
    assert (found.status, found.message) == (Status.NOT_FOUND, "does not exist")
    assert found.hint == REDEPLOY.format(operated.name)
    plan = operated.plan()
    assert changed(plan) == {"server": Action.CREATE}
    (change,) = (each for each in plan.changes if each.action is Action.CREATE)
    assert (change.reason, change.former) == (DELETED, change.desired)  # its rights are not new
    operator, more = operated.parts()
    objects = [
        each | {"spec": each["spec"] | {"replicas": 7}} if each["kind"] == "Deployment" else each
        for each in operator.objects
    ]
    plan = operated.plan(replace(operator, objects=tuple(objects)), more)
    (change,) = (each for each in plan.changes if each.action is Action.CREATE)
    assert change.former is not None
    assert (change.former["spec"]["replicas"], change.reason) == (1, DELETED)
    operated.up()
    assert operated.status().current


def test_a_deployment_was_scaled_to_nothing(operated):
    """The field that differs is named with both values, and so is whom the webhooks miss."""
    operated.client.patch(_in(operated, "deployments/server/scale"), {"spec": {"replicas": 0}})
    until(lambda: operated.status().findings)
    found = operated.status()
    assert not found.current
    (drift,) = the(found, "server").drift
    (field,) = drift.differences
    assert (field.path, field.old, field.new) == ("spec.replicas", 1, 0)
    assert found.findings[0].subject == f"Deployment/{operated.name}/server"
    assert "has no replicas, and webhooks call" in found.findings[0].message
    assert found.findings[0].hint == found.remedy == REDEPLOY.format(operated.name)
    assert changed(operated.plan()) == {"server": Action.UPDATE}
    operated.up()
    assert operated.status().current


def test_whoever_scales_a_deployment_is_named_as_long_as_the_server_knows(operated):
    """Nobody holds the replicas of what was scaled to nothing; that is said with the reason."""
    scale = _in(operated, "deployments/server/scale")
    write_as(operated.client, "kubectl", scale, {"spec": {"replicas": 2}})
    (drift,) = the(operated.status(), "server").drift
    assert (drift.manager, drift.fields) == ("kubectl", ("spec.replicas",))
    assert drift_text(drift) == "spec.replicas 1 → 2, by kubectl"
    write_as(operated.client, "kubectl", scale, {"spec": {"replicas": 0}})
    (drift,) = the(operated.status(), "server").drift
    assert drift.manager == ""
    assert drift_text(drift).startswith("spec.replicas 1 → 0, by whom is not recorded: Kubernetes")
    operated.up()


def test_an_image_cannot_be_pulled(operated):
    """The Pod's reason is told, and by whom the image was changed, when, and from what."""
    image = {"name": "main", "image": "example.com/does-not-exist:2"}
    body = {"spec": {"template": {"spec": {"containers": [image]}}}}
    path = _in(operated, "deployments/server")
    write_as(operated.client, "kubectl-set", path, body, kind="strategic-merge")
    until(lambda: "ImagePullBackOff" in the(operated.status(), "server").message)
    found = the(operated.status(), "server")
    assert found.hint == REDEPLOY.format(operated.name)  # it was another one when deployed
    (drift,) = found.drift
    assert (drift.manager, bool(drift.time)) == ("kubectl-set", True)
    (field,) = drift.differences
    assert field.path == "spec.template.spec.containers[name=main].image"
    assert (field.old, field.new) == ("example.com/fine:1", "example.com/does-not-exist:2")
    assert changed(operated.plan()) == {"server": Action.UPDATE}
    operated.up()
    assert operated.status().current


def test_a_definition_was_deleted(operated):
    """The definition is missing, and nothing is said of webhooks that nobody can try."""
    group = "/apis/apiextensions.k8s.io/v1"
    path = f"{group}/customresourcedefinitions/widgets.{operated.name}.example.com"
    operated.client.delete(path)
    until(lambda: operated.client.get(path) is None)
    found = the(operated.status(), f"widgets.{operated.name}.example.com")
    assert (found.status, found.hint) == (Status.NOT_FOUND, REDEPLOY.format(operated.name))
    definition = f"widgets.{operated.name}.example.com"
    assert changed(operated.plan()) == {definition: Action.CREATE}
    operated.up()
    assert operated.status().current


def test_a_config_map_was_edited(operated):
    """Each field with who and when; of one that is gone nobody knows who took it."""
    path = f"/api/v1/namespaces/{operated.name}/configmaps/settings"
    body = {"data": {"workers": "40", "mode": None, "added": "by somebody"}}
    write_as(operated.client, "kubectl-edit", path, body)
    found = operated.status()
    assert not found.current
    told = {
        field.path: (field.old, field.new, drift.manager, bool(drift.time))
        for drift in the(found, "settings").drift
        for field in drift.differences
    }
    assert told == {
        "data.workers": ("4", "40", "kubectl-edit", True),
        "data.mode": ("fast", "<missing>", "", False),
    }
    plan = operated.plan()
    assert changed(plan) == {"settings": Action.UPDATE}
    (change,) = (each for each in plan.changes if each.action is Action.UPDATE)
    drifts = [(drift.manager, drift.fields) for drift in change.drift]
    assert drifts == [("kubectl-edit", ()), ("", ("data.mode",))]
    operated.up()
    assert operated.status().current


def test_a_secret_that_is_served_with_was_deleted(operated):
    """Its Pods go on until their next start; the status does not wait for that."""
    operated.client.delete(f"/api/v1/namespaces/{operated.name}/secrets/tls")
    (found,) = operated.status().findings
    assert found.subject == f"Secret/{operated.name}/tls"
    assert found.message == f"does not exist, and Deployment/{operated.name}/server mounts it"
    assert changed(operated.plan()) == {}  # its operator makes it, not the stack
    assert unready(operated) == (f"{found.subject}: {found.message}", found.hint)


def test_a_quota_is_full(operated):
    """The server's words, with the numbers, and where to look."""
    quota = operated.object("v1", "ResourceQuota", "tight") | {"spec": {"hard": {"pods": "0"}}}
    operated.client.apply(operated.connection.discovery.path_of(quota), quota, manager="admin")
    pods = f"/api/v1/namespaces/{operated.name}/pods"
    for pod in operated.client.list(pods).items:
        operated.client.delete(f"{pods}/{pod['metadata']['name']}")
    until(lambda: "exceeded quota: tight" in the(operated.status(), "server").message)
    found = operated.status()
    assert "limited: pods=0" in the(found, "server").message
    assert changed(operated.plan()) == {}
    with pytest.raises(
        NotReadyError, match="nothing to change, but not ready: operator 5/6: "
    ) as said:
        operated.deploy(*operated.parts(), timeout=SHORT)
    assert "quota: tight" in str(said.value)
    assert the(found, "server").hint.endswith(f"kubectl -n {operated.name} describe quota")
    assert not found.current


def test_a_certificate_has_expired_in_its_secret(operated):
    """Nothing else tells, until something is called."""
    operated.serve_with(certificate(-2, OURS))
    (found,) = operated.status().findings
    assert found.subject == f"Secret/{operated.name}/tls"
    assert found.message.startswith("its certificate has expired at ")
    assert found.hint.startswith(f"kubectl -n {operated.name} delete secret tls")
    assert changed(operated.plan()) == {}
    assert unready(operated) == (f"{found.subject}: {found.message}", found.hint)


def test_a_certificate_is_of_somebody_unknown(operated):
    """What is served has to be signed by the bundle that the API server goes by."""
    operated.serve_with(certificate(100, OTHER))
    (found,) = operated.status().findings
    secret = f"Secret/{operated.name}/tls"
    assert found.message == f"its caBundle does not verify the certificate in {secret}"
    assert found.hint == f"kubectl -n {operated.name} rollout restart deployment server"
    assert changed(operated.plan()) == {}
    assert unready(operated) == (f"{found.subject}: {found.message}", found.hint)


@pytest.mark.parametrize(
    ("bundle", "cause"),
    [(encoded(OTHER), "x509: "), (NO_BUNDLE, "its caBundle cannot be read: ")],
    ids=["another's", "none"],
)
def test_a_bundle_is_wrong(operated, bundle, cause):
    """The webhook cannot be trusted: what the server says of it, and who writes the bundle."""
    seen: list[Finding] = []

    def spoil() -> None:
        hook: dict[str, Any] = operated.client.get(_hook(operated)) or {}
        hook["webhooks"][0]["clientConfig"]["caBundle"] = bundle
        operated.client.replace(_hook(operated), hook)

    def refused() -> bool:
        spoil()  # before each look: whoever fills in bundles may be quick
        seen[:] = [each for each in operated.status().findings if cause in each.message]
        return bool(seen)

    until(refused)
    (found,) = seen
    assert found.subject.endswith("webhook guard.example.com")
    assert found.message.startswith(f"is not trusted: {cause}")
    assert found.hint == f"kubectl -n {operated.name} rollout restart deployment server"
    spoil()
    assert changed(operated.plan()) == {}  # whoever fills it in has it, and nothing is taken back


def test_a_namespace_was_deleted(operated):
    """It is the first thing that is said, and comes back with all that was in it."""
    operated.client.delete(f"/api/v1/namespaces/{operated.name}")
    until(lambda: operated.client.get(f"/api/v1/namespaces/{operated.name}") is None)
    found = operated.status()
    part = next(each for each in found.components if each.name == "operator")
    assert part.message == f"Namespace/{operated.name}: does not exist"
    assert part.hint == REDEPLOY.format(operated.name)
    lost = (operated.name, "settings", "server", "more")
    assert {changed(operated.plan()).get(name) for name in lost} == {Action.CREATE}
    operated.deploy(*operated.parts(), wait=False)
    assert the(operated.status(), operated.name).status is Status.CURRENT


def test_the_lock_is_held(operated):
    """By whom and since when, and what to do if they are dead; a deploy says the same."""
    with _held(operated):
        found = operated.status()
        assert found.run is not None
        assert (found.run.subject, found.current) == ("a run is on", False)
        assert found.run.message.startswith("ops@bastion since ")
        assert f"stackctl unlock --stack {operated.name}" in found.run.message
        assert found.run.hint == f"stackctl status --watch --stack {operated.name}"
        assert changed(operated.plan()) == {}  # to compare, nobody has to be waited for
        part = operated.part("more", operated.config("more", key="other"))
        with pytest.raises(LockedError, match="locked by ops@bastion since"):
            operated.deploy(operated.parts()[0], part)
    assert operated.status().current


@contextmanager
def _held(stack: Stack) -> Iterator[None]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {
        "holderIdentity": "ops@bastion",
        "leaseDurationSeconds": 3600,
        "acquireTime": now,
        "renewTime": now,
    }
    path = lease_path(stack.id)
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": path.rpartition("/")[2], "namespace": stack.home},
        "spec": spec,
    }
    stack.client.create(path.rpartition("/")[0], lease)
    yield
    stack.client.delete(path)


def test_a_certificate_says_that_it_has_expired(stack):
    """Whoever should have renewed it is not there: the Secret is made anew when it is gone."""
    crd = stack.definition("certificates", "Certificate")
    crd["metadata"]["name"] = "certificates.cert-manager.io"
    crd["spec"]["group"] = "cert-manager.io"
    crd["spec"]["versions"][0]["subresources"] = {"status": {}}
    asked = stack.object("cert-manager.io/v1", "Certificate", "serving") | {
        "spec": {
            "secretName": "tls",
            "dnsNames": ["server"],
            "issuerRef": {"name": "nobody"},
        }
    }
    part = stack.part("a", stack.namespace(), crd, asked)
    stack.deploy(part, wait=False)
    path = f"/apis/cert-manager.io/v1/namespaces/{stack.name}/certificates/serving/status"
    ready = {"type": "Ready", "status": "True", "reason": "Ready", "message": "it was"}
    told = {"notAfter": "2026-01-01T00:00:00Z", "conditions": [ready]}
    stack.client.patch(path, {"status": told})
    (found,) = status(stack.id, stack.connection).findings
    assert found.subject == f"Certificate/{stack.name}/serving"
    assert found.message.startswith("has expired at 2026-01-01T00:00:00Z")
    assert found.hint == f"kubectl -n {stack.name} delete secret tls"  # as it is, to be typed
    with running(stack.connection, stack.tell) as run:
        assert changed(look(run, stack.id, Bundle("test", (part,))).plan) == {}
    with pytest.raises(
        NotReadyError, match="nothing to change, but not ready: Certificate"
    ) as said:
        stack.deploy(part, timeout=SHORT)
    assert said.value.hint == found.hint
    stack.teardown()


def test_a_run_that_failed_is_not_well_although_everything_is(stack):
    """The last word of the record counts: what it was about may be missing."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    _record(stack, status=ReleaseStatus.FAILED, message="a: not ready")
    found = status(stack.id, stack.connection)
    assert [part.status for part in found.components] == [Status.CURRENT]
    assert found.run is not None
    assert (found.run.subject, found.run.message) == ("revision 1", "failed: a: not ready")
    assert (found.run.hint, found.current) == (REDEPLOY.format(stack.name), False)


def test_a_run_that_died_is_not_one_that_is_on(stack):
    """Nobody holds the lock, so nobody will go on by themselves."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    _record(stack, status=ReleaseStatus.PENDING_UPGRADE)
    found = status(stack.id, stack.connection)
    assert found.run is not None
    assert found.run.message == "pending-upgrade, and no run is on: the one that began it has died"
    assert (found.run.hint, found.current) == (REDEPLOY.format(stack.name), False)


def test_a_teardown_hangs_on_a_finalizer(stack):
    """The object, the finalizer, and that it is not the stack's own controller that holds it."""
    part = stack.part("a", stack.namespace(), stack.config("x"), stack.deployment("d"))
    stack.deploy(part)
    path = f"/api/v1/namespaces/{stack.name}/configmaps/x"
    stack.client.patch(path, {"metadata": {"finalizers": ["example.com/hold"]}})
    recorded = releases.current(stack.client, stack.id)
    assert recorded is not None
    recording.update(stack.client, recorded, uninstalling(recorded.release))
    stack.client.delete(path)
    found = status(stack.id, stack.connection)
    assert found.run is not None
    assert "its teardown began and has not ended" in found.run.message
    assert found.run.hint == f"stackctl teardown --stack {stack.name}"
    held = the(found, "x")
    assert held.status is Status.TERMINATING
    assert "example.com/hold, held by the controller of example.com" in held.message
    assert f"kubectl -n {stack.name} patch configmap x" in held.hint
    stack.client.patch(path, {"metadata": {"finalizers": None}})


@pytest.fixture(scope="module")
def plugged_request(tmp_path_factory) -> StackRequest:
    """What the shipped device plugin is deployed by, by itself."""
    file = tmp_path_factory.mktemp("stack") / "stack.yaml"
    skipped = ("cert-manager", "kserve", "spark-operator", "training-operator")
    components = {key: {"mode": "skip"} for key in skipped}
    document = {
        "apiVersion": "stackctl.dev/v1alpha1",
        "kind": "Stack",
        "metadata": {"name": "plugged"},
        "spec": {"profile": "gpu8", "components": components},
    }
    file.write_text(json.dumps(document))
    return StackRequest(stack_file=file)


@pytest.fixture(scope="module")
def plugged(kubeconfig, plugged_request) -> Iterator[tuple[StackId, Connection]]:
    """It, on two nodes of eight GPUs."""
    with connected(kubeconfig) as connection, deployed(plugged_request, connection):
        yield StackId("plugged"), connection


def test_the_device_plugin_was_deleted(plugged, plugged_request):
    """No GPU is left, of as many as there were; a deploy makes the plugin, and waits for them."""
    stack, connection = plugged
    path = "/apis/apps/v1/namespaces/nvidia-device-plugin/daemonsets/nvidia-device-plugin"
    assert status(stack, connection).current
    connection.client.delete(path)
    until(lambda: status(stack, connection).gpus[0].allocatable == 0)
    found = status(stack, connection)
    assert (found.gpus[0].expected, found.current) == (16, False)
    assert found.gpus[0].hints == (found.remedy,)  # no node is to blame
    part = next(each for each in found.components if each.name == "nvidia-device-plugin")
    assert part.message.startswith("DaemonSet/nvidia-device-plugin/nvidia-device-plugin: does not")
    assert part.hint == found.remedy
    made = redeployed(plugged_request, connection)
    assert changed(made.plan) == {"nvidia-device-plugin": Action.CREATE}
    assert status(stack, connection).gpus[0].complete


def test_nodes_take_no_pods(plugged, plugged_request):
    """Which do not, why, and the command that opens each; a DaemonSet would be happy with it."""
    stack, connection = plugged
    until(lambda: status(stack, connection).gpus[0].complete)
    redeployed(plugged_request, connection)  # nothing has to be changed from now on
    taint = {"key": "maint", "value": "yes", "effect": "NoExecute"}
    connection.client.patch("/api/v1/nodes/gpu-0", {"spec": {"unschedulable": True}})
    connection.client.patch("/api/v1/nodes/gpu-1", {"spec": {"taints": [taint]}})
    try:
        until(lambda: status(stack, connection).gpus[0].allocatable == 8)
        found = status(stack, connection)
        (gpus,) = found.gpus
        assert (gpus.expected, gpus.in_use, found.current) == (16, 0, False)
        assert gpus.closed == {"gpu-0": "cordoned", "gpu-1": "taint maint=yes:NoExecute"}
        taken = "kubectl taint node gpu-1 maint=yes:NoExecute-"
        assert gpus.hints == ("kubectl uncordon gpu-0", taken)
        with pytest.raises(NotReadyError) as said:
            redeployed(plugged_request, connection)
        assert str(said.value) == (
            "nothing to change, but not ready: 8/16 nvidia.com/gpu; "
            "gpu-0 cordoned, gpu-1 taint maint=yes:NoExecute"
        )
        assert said.value.hint == "kubectl uncordon gpu-0"
    finally:
        connection.client.patch("/api/v1/nodes/gpu-0", {"spec": {"unschedulable": None}})
        connection.client.patch("/api/v1/nodes/gpu-1", {"spec": {"taints": None}})
    until(lambda: status(stack, connection).gpus[0].complete)


def test_several_stacks_are_listed_with_what_is_wrong(stack, operated):
    """That its last run ended well does not make a stack well that has lost something since."""
    operated.client.delete(_in(operated, "deployments/server"))
    (listed,) = [each for each in stacks(stack.connection) if each.stack == operated.id]
    (line,) = assessed(stack.connection, [operated.id])
    assert (line.message, line.well) == ("not ready: operator", False)
    assert line == listed
    operated.up()
    path = f"/api/v1/namespaces/{operated.name}/configmaps/settings"
    write_as(operated.client, "kubectl-edit", path, {"data": {"workers": "40"}})
    (listed,) = [each for each in stacks(stack.connection) if each.stack == operated.id]
    assert (listed.message, listed.well) == ("drifted: 1 object", False)


def _record(stack: Stack, **values: Any) -> None:
    recorded = releases.current(stack.client, stack.id)
    assert recorded is not None
    recording.update(stack.client, recorded, replace(recorded.release, **values))
