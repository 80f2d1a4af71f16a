"""What the server would refuse is found before anybody says yes, all with their components."""

import pytest

from stackctl.actions.planning import look
from stackctl.cluster.context import running
from stackctl.errors import ApplyError, PreflightError, Rejected
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.run.events import Notice
from tests.apiserver.scenery import until
from tests.apiserver.stacks import Stack

ROOT = "/api/v1/namespaces"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@pytest.fixture
def space(stack: Stack) -> Stack:
    """A stack whose namespace is there already."""
    stack.client.create(ROOT, stack.namespace())
    return stack


def tried(stack: Stack, *parts: BundleComponent) -> Plan:
    """Plan as a diff does."""
    with running(stack.connection, stack.tell) as run:
        return look(run, stack.id, Bundle("test", parts), trying=True).plan


def service(stack: Stack, name: str, port: int) -> Manifest:
    return stack.object("v1", "Service", name) | {"spec": {"ports": [{"port": port}]}}


def notes(stack: Stack) -> str:
    return "\n".join(event.text for event in stack.told if isinstance(event, Notice))


def test_what_admission_refuses_is_found_while_planning(space):
    """Exit 6, and nothing was touched: a pipeline that repeats what was unreachable does not."""
    quota = space.object("v1", "ResourceQuota", "none") | {"spec": {"hard": {"configmaps": "0"}}}
    space.client.create(f"{ROOT}/{space.name}/resourcequotas", quota)
    with pytest.raises(PreflightError, match=f"a: ConfigMap/{space.name}/x: .*quota") as error:
        tried(space, space.part("a", space.config("x")))
    assert error.value.exit_code == 6
    assert space.get("configmaps/x") is None


def test_every_refused_object_is_named_with_its_component(space):
    """Those that are there as well as those that are not."""
    space.deploy(space.part("a", service(space, "old", 80)))
    parts = (
        space.part("a", service(space, "old", 0)),
        space.part("b", service(space, "new", 70000), space.config("fine")),
    )
    with pytest.raises(PreflightError) as error:
        tried(space, *parts)
    first, *lines = str(error.value).splitlines()
    assert first == "the server refuses what would be applied:"
    assert [line.partition(": cannot")[0] for line in lines] == [
        f"  a: Service/{space.name}/old",
        f"  b: Service/{space.name}/new",
    ]
    assert error.value.hint


def test_what_waits_for_its_namespace_is_not_tried_and_told(stack):
    """It cannot be refused for that."""
    plan = tried(stack, stack.part("a", stack.namespace(), service(stack, "a", 0)))
    assert set(plan.counts) == {Action.CREATE}
    assert f"Service/{stack.name}/a: namespace or kind are not there yet" in notes(stack)


def test_what_refers_to_a_new_object_is_not_refused(space):
    """A Pod's account comes with the same plan."""
    account = space.object("v1", "ServiceAccount", "worker")
    pod = space.object("v1", "Pod", "p") | {
        "spec": {
            "serviceAccountName": "worker",
            "containers": [{"name": "main", "image": "example.com/fine:1"}],
        }
    }
    plan = tried(space, space.part("a", account, pod))
    assert plan.counts == {Action.CREATE: 2}
    assert "what it refers to is not there yet" in notes(space)
    with pytest.raises(PreflightError, match="worker"):
        tried(space, space.part("a", pod))


def test_a_deploy_that_nobody_is_asked_about_does_not_try_and_says_so(space):
    """It is refused when it is applied, in part."""
    with pytest.raises(ApplyError):
        space.deploy(space.part("a", service(space, "a", 0)))
    assert f"Service/{space.name}/a: a --dry-run does that" in notes(space)


def guarded(stack: Stack) -> bool:
    """Tell whether the server asks a webhook by now, which takes it a moment to know."""
    path = f"{ROOT}/{stack.name}/configmaps/probe"
    client = stack.client
    try:
        probe = stack.config("probe")
        client.apply(path, probe, manager="probe", dry_run=True, retry_until=client.now())
    except Rejected as error:
        return "failed calling webhook" in str(error)
    return False


def test_a_webhook_that_cannot_be_asked_fails_no_plan_and_is_told(space):
    """What it would say nobody knows before it is applied."""
    name = f"down.{space.name}.example.com"
    webhook = {
        "name": name,
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["*"],
                "resources": ["configmaps"],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space.name}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    kind = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }
    space.client.create(WEBHOOKS, kind)
    try:
        until(lambda: guarded(space))
        plan = tried(space, space.part("a", space.config("x"), service(space, "s", 80)))
    finally:
        space.client.delete(f"{WEBHOOKS}/{name}")
    assert plan.counts == {Action.CREATE: 2}
    assert f"not tried before it is applied: ConfigMap/{space.name}/x: " in notes(space)
    assert name in notes(space)
