"""Edge cases of applying, pruning and removing; `tests/EDGE_CASES.md` says which is which."""

import base64
import json
import random
import threading
from dataclasses import replace

import pytest

from stackctl.actions.planning import look
from stackctl.api.access.access import Impersonation
from stackctl.api.client import Client
from stackctl.cluster.connection import connect
from stackctl.cluster.context import running
from stackctl.cluster.record import record_store, releases
from stackctl.errors import AccessDenied, ApplyError, StackError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.kinds import DEFINITION
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.plan.plan import Action
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run.events import ComponentProgress, ObjectDone
from tests.apiserver.stacks import Stack, write_as


def whole(stack: Stack, *objects: Manifest):
    return stack.part("a", stack.namespace(), *objects)


def planned(stack: Stack, *parts):
    with running(stack.connection, stack.tell) as run:
        return look(run, stack.id, Bundle("test", parts)).plan


def schema(stack: Stack, *fields: str, versions: tuple[str, ...] = ("v1",)) -> Manifest:
    """A definition that keeps only the fields it knows; the last version is stored."""
    properties = {"spec": {"type": "object", "properties": {f: {"type": "string"} for f in fields}}}
    declared = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    definition = stack.definition("gadgets", "Gadget")
    definition["spec"]["versions"] = [
        {"name": each, "served": True, "storage": each == versions[-1], "schema": declared}
        for each in versions
    ]
    return definition


def gadget(stack: Stack, version: str = "v1", **spec: str) -> Manifest:
    made = stack.custom("Gadget", "g", spec=spec)
    return made | {"apiVersion": f"{stack.name}.example.com/{version}"}


def gadget_of(stack: Stack, version: str = "v1") -> Manifest | None:
    group = f"/apis/{stack.name}.example.com/{version}"
    return stack.client.get(f"{group}/namespaces/{stack.name}/gadgets/g")


def test_a_resource_can_be_planned_before_its_kind_exists(stack):
    """Neither the missing definition nor the missing namespace is in the way of a plan."""
    plan = planned(stack, whole(stack, schema(stack, "a"), gadget(stack, a="1")))
    assert set(plan.counts) == {Action.CREATE}


def test_a_kind_that_an_operator_defines_itself_may_come_late(stack):
    """What comes after an operator that is said to leave it waits until the kind is served."""
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    left = Ref(*DEFINITION, "", f"gadgets.{stack.name}.example.com")
    operator = stack.part(
        "operator", stack.namespace(), stack.config("operator"), leftovers=(left,)
    )
    user = stack.part("user", gadget(stack, a="1"), needs=frozenset({"operator"}))

    def define(event: object) -> None:
        if isinstance(event, ObjectDone) and event.ref.name == "operator":
            stack.client.create(definitions, schema(stack, "a"))

    stack.deploy(operator, user, notify=define)
    assert gadget_of(stack)["spec"] == {"a": "1"}
    assert stack.teardown().residue == ()
    assert stack.client.get(f"{definitions}/{left.name}") is None


def test_a_resource_may_use_a_field_that_comes_with_the_same_change(stack):
    """The dry run is made against the old definition, and its refusal means nothing."""
    stack.deploy(whole(stack, schema(stack, "a"), gadget(stack, a="1")))
    stack.deploy(whole(stack, schema(stack, "a", "b"), gadget(stack, a="1", b="2")))
    assert gadget_of(stack)["spec"] == {"a": "1", "b": "2"}


def test_a_definition_may_drop_a_field_together_with_its_resources(stack):
    """What is recorded of the field's owner does not stand in the way."""
    stack.deploy(whole(stack, schema(stack, "a", "b"), gadget(stack, a="1", b="2")))
    stack.deploy(whole(stack, schema(stack, "a"), gadget(stack, a="3")))
    assert gadget_of(stack)["spec"] == {"a": "3"}
    assert stack.deploy(whole(stack, schema(stack, "a"), gadget(stack, a="3"))).release is None


def test_a_resource_may_move_to_another_version_of_its_kind(stack):
    """The version it was applied with is no longer served, and nothing remembers it wrongly."""
    old, both = schema(stack, "a", versions=("v1beta1",)), ("v1beta1", "v1")
    stack.deploy(whole(stack, old, gadget(stack, "v1beta1", a="1")))
    stack.deploy(whole(stack, schema(stack, "a", versions=both), gadget(stack, "v1", a="1")))
    closed = schema(stack, "a", versions=both)
    closed["spec"]["versions"][0]["served"] = False
    stack.deploy(whole(stack, closed, gadget(stack, "v1", a="2")))
    assert gadget_of(stack)["spec"] == {"a": "2"}
    assert stack.deploy(whole(stack, closed, gadget(stack, "v1", a="2"))).release is None
    assert stack.teardown().residue == ()


def test_lost_ownership_is_found_again(stack):
    """After somebody wiped managedFields, a field that we drop still goes."""
    stack.deploy(whole(stack, stack.config("x", a="1", b="2")))
    path = f"/api/v1/namespaces/{stack.name}/configmaps/x"
    stack.client.patch(path, {"metadata": {"managedFields": [{}]}})
    stack.deploy(whole(stack, stack.config("x", a="1", b="2")))
    stack.deploy(whole(stack, stack.config("x", a="1")))
    assert stack.get("configmaps/x")["data"] == {"a": "1"}


def test_what_the_server_and_controllers_fill_in_is_no_change(stack):
    """Defaults, aggregated rules, injected CAs and appended secrets are left alone."""
    rbac, labels = "rbac.authorization.k8s.io/v1", {"app": "s"}
    pod = {"containers": [{"name": "main", "image": "example.com/fine:1"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    stateful = stack.object("apps/v1", "StatefulSet", "s") | {
        "spec": {
            "replicas": 0,
            "serviceName": "s",
            "selector": {"matchLabels": labels},
            "template": template,
            "volumeClaimTemplates": [claim],
        }
    }
    cpu = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    scaler = stack.object("autoscaling/v2", "HorizontalPodAutoscaler", "h") | {
        "spec": {
            "maxReplicas": 3,
            "metrics": [cpu],
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
        }
    }
    service = stack.object("v1", "Service", "s") | {
        "spec": {
            "selector": labels,
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
            ],
        }
    }
    account = stack.object("v1", "ServiceAccount", "s")
    aggregate = {
        "apiVersion": rbac,
        "kind": "ClusterRole",
        "metadata": {"name": stack.name},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {stack.name: "yes"}}]},
    }
    part = {
        "apiVersion": rbac,
        "kind": "ClusterRole",
        "metadata": {"name": f"{stack.name}-part", "labels": {stack.name: "yes"}},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": stack.name},
        "webhooks": [
            {
                "name": f"{stack.name}.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Ignore",
                "clientConfig": {"service": {"name": "s", "namespace": stack.name}},
                "rules": [
                    {
                        "apiGroups": [f"{stack.name}.example.com"],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["things"],
                    }
                ],
            }
        ],
    }
    parts = whole(stack, stateful, scaler, service, account, aggregate, hook, stack.deployment("d"))
    stack.client.create(f"/apis/{rbac}/clusterroles", part)
    stack.deploy(parts, wait=False)
    bundle = base64.b64encode(b"authority").decode()
    hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    live = stack.client.get(f"{hooks}/{stack.name}")
    live["webhooks"][0]["clientConfig"]["caBundle"] = bundle
    write_as(stack.client, "cainjector", f"{hooks}/{stack.name}", {"webhooks": live["webhooks"]})
    accounts = f"/api/v1/namespaces/{stack.name}/serviceaccounts"
    write_as(stack.client, "somebody", f"{accounts}/s", {"secrets": [{"name": "token"}]})
    while not stack.client.get(f"/apis/{rbac}/clusterroles/{stack.name}").get("rules"):
        pass
    changes = planned(stack, parts).changes
    assert {str(c.ref): c.differences for c in changes if c.differences} == {}
    assert {str(c.ref) for c in changes if c.action is not Action.UNCHANGED} == set()
    assert stack.teardown().residue == ()
    stack.client.delete(f"/apis/{rbac}/clusterroles/{stack.name}-part")


def test_an_aggregated_api_can_be_part_of_a_stack(stack):
    """It is applied like everything else, and goes with the stack."""
    group = f"none.{stack.name}.example.com"
    api = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 10,
            "versionPriority": 10,
            "insecureSkipTLSVerify": True,
            "service": {"name": "none", "namespace": stack.name},
        },
    }
    stack.deploy(whole(stack, api), wait=False)
    assert stack.teardown().residue == ()


def test_a_renamed_object_is_made_and_the_old_one_pruned(stack):
    """Another name, or another namespace, is another object."""
    stack.deploy(whole(stack, stack.config("old")))
    elsewhere = stack.config("new")
    elsewhere["metadata"]["namespace"] = "default"
    elsewhere["metadata"]["name"] = stack.name
    stack.deploy(whole(stack, stack.config("new"), elsewhere))
    assert (stack.get("configmaps/old"), stack.get("configmaps/new") is None) == (None, False)
    stack.deploy(whole(stack, stack.config("new")))
    assert stack.client.get(f"/api/v1/namespaces/default/configmaps/{stack.name}") is None


def test_what_carries_our_label_and_was_never_ours_is_not_pruned(stack):
    """Labels get copied; only what the stack made goes. A teardown names the rest."""
    stack.deploy(whole(stack, stack.config("x")))
    copy = whole(stack, stack.config("copy")).objects[1]
    copy["metadata"]["namespace"] = "default"
    stack.client.create("/api/v1/namespaces/default/configmaps", copy)
    stack.deploy(whole(stack))
    assert stack.client.get("/api/v1/namespaces/default/configmaps/copy") is not None
    outcome = stack.teardown()
    assert outcome.residue == ()
    assert [str(each.ref) for each in outcome.kept] == ["ConfigMap/default/copy"]
    stack.client.delete("/api/v1/namespaces/default/configmaps/copy")


def test_a_failed_prune_stays_recorded(stack):
    """What could not be deleted in time is known, and the next run goes on with it."""
    stuck = stack.config("stuck")
    stuck["metadata"]["finalizers"] = ["example.com/hold"]
    stack.deploy(whole(stack, stuck, stack.config("x")))
    with pytest.raises(ApplyError, match=r"example\.com/hold"):
        stack.deploy(whole(stack, stack.config("x", key="new")), timeout=4.0)
    release = releases.current(stack.client, stack.id).release
    assert release.status is ReleaseStatus.FAILED
    assert "stuck" in {entry.ref.name for entry in release.inventory}
    path = f"/api/v1/namespaces/{stack.name}/configmaps/stuck"
    stack.client.patch(path, {"metadata": {"finalizers": None}})
    stack.deploy(whole(stack, stack.config("x", key="new")))
    release = releases.current(stack.client, stack.id).release
    assert "stuck" not in {entry.ref.name for entry in release.inventory}


def test_what_a_failed_change_made_goes_with_the_next_good_one(stack):
    """A fix that no longer has the object does not leave it behind."""
    stack.deploy(whole(stack, stack.config("x")))
    with pytest.raises(ApplyError):
        stack.deploy(whole(stack, stack.config("new"), stack.deployment("d", replicas="many")))
    assert stack.get("configmaps/new") is not None
    stack.deploy(whole(stack, stack.config("x", key="fixed")))
    assert stack.get("configmaps/new") is None


def test_a_kind_that_is_gone_does_not_hold_anything_up(stack):
    """Its objects went with it: neither a change nor a teardown looks for them."""
    stack.deploy(whole(stack, schema(stack, "a"), gadget(stack, a="1"), stack.config("x")))
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    stack.client.delete(f"{definitions}/gadgets.{stack.name}.example.com")
    while gadget_there(stack):
        pass
    fresh = Stack(connect(stack.client.access, stack.tell, threading.Event()), stack.name)
    fresh.deploy(whole(stack, stack.config("x", key="new")))
    release = releases.current(stack.client, stack.id).release
    assert {entry.ref.kind for entry in release.inventory} == {"Namespace", "ConfigMap"}
    assert fresh.teardown().residue == ()
    fresh.client.close()


def gadget_there(stack: Stack) -> bool:
    try:
        return gadget_of(stack) is not None
    except StackError:
        return False


def test_what_somebody_deleted_before_us_is_no_error(stack):
    """Objects and even the namespace may be gone, or going, when the teardown comes."""
    stack.deploy(whole(stack, stack.config("x"), stack.config("y"), stack.deployment("d")))
    stack.client.delete(f"/api/v1/namespaces/{stack.name}/configmaps/x")
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")
    assert stack.teardown().residue == ()


def test_a_deploy_into_a_namespace_that_is_going_makes_everything_again(stack):
    """It waits for the old namespace, and loses nothing to it."""
    parts = whole(stack, stack.config("x"), stack.deployment("d"))
    stack.deploy(parts)
    before = stack.client.get(f"/api/v1/namespaces/{stack.name}")["metadata"]["uid"]
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")
    stack.deploy(parts)
    waited = {each.waiting_for for each in stack.told if isinstance(each, ComponentProgress)}
    assert f"Namespace/{stack.name}: still being deleted" in waited
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}")["metadata"]["uid"] != before
    assert stack.get("configmaps/x") is not None
    assert stack.deploy(parts).release is None


def test_a_claim_that_left_the_bundle_stays_without_asking_again(stack):
    """Its data is not pruned; it stays recorded and is no change of every later run."""
    claim = stack.object("v1", "PersistentVolumeClaim", "c") | {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "none",
        }
    }
    stack.deploy(whole(stack, stack.config("x"), claim), wait=False)
    stack.deploy(whole(stack, stack.config("x", key="new")))
    assert stack.get("persistentvolumeclaims/c") is not None
    assert stack.deploy(whole(stack, stack.config("x", key="new"))).release is None
    release = releases.current(stack.client, stack.id).release
    assert "c" in {entry.ref.name for entry in release.inventory}
    assert stack.teardown(delete_data=True).residue == ()


def test_a_namespace_that_was_there_before_is_not_pruned(stack):
    """Leaving the bundle does not make it ours."""
    other = f"{stack.name}-before"
    theirs = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}}
    stack.client.create("/api/v1/namespaces", theirs)
    stack.deploy(whole(stack, theirs))
    stack.deploy(whole(stack))
    live = stack.client.get(f"/api/v1/namespaces/{other}")
    assert live is not None
    assert "deletionTimestamp" not in live["metadata"]
    stack.client.delete(f"/api/v1/namespaces/{other}")


def test_nothing_at_all_is_a_plan_that_shows_what_goes(stack):
    """An empty bundle deletes nothing unseen: each object is in the plan that is agreed to."""
    stack.deploy(whole(stack, stack.config("x")))
    plan = planned(stack)
    assert plan.counts == {Action.PRUNE: 2}


def test_without_rights_nothing_is_guessed(stack):
    """What may not be listed is not taken for missing: the run ends before it writes."""
    stack.deploy(whole(stack, stack.config("x")))
    login = replace(stack.client.access.login, impersonate=Impersonation("nobody"))
    client = Client(replace(stack.client.access, login=login))
    restricted = Stack(replace(stack.connection, client=client), stack.name)
    for act in (lambda: restricted.deploy(whole(stack)), restricted.teardown):
        with pytest.raises(AccessDenied, match='User "nobody" cannot list'):
            act()
    client.close()
    assert stack.get("configmaps/x") is not None


def test_a_record_larger_than_one_object_is_kept_in_parts(stack):
    """Bundles of several megabytes come back as they were."""
    noise = random.Random(7)
    big = [
        stack.config(f"big-{number}", blob=base64.b64encode(noise.randbytes(600_000)).decode())
        for number in range(3)
    ]
    parts = whole(stack, *big)
    stack.deploy(parts)
    release = releases.current(stack.client, stack.id).release
    assert releases.bundle_of(stack.client, release).components == (parts,)
    secrets = stack.client.list(
        record_store.secrets_of(stack.id), labels=f"stackctl.dev/record={stack.name}"
    ).items
    assert max(len(json.dumps(each)) for each in secrets) < 900 * 1024
    assert stack.teardown().residue == ()


def test_going_back_also_takes_back_what_people_changed(stack):
    """After a rollback the objects are as that revision had them, whoever wrote since."""
    stack.deploy(whole(stack, stack.config("x", key="one")))
    stack.deploy(whole(stack, stack.config("x", key="two")))
    path = f"/api/v1/namespaces/{stack.name}/configmaps/x"
    write_as(stack.client, "kubectl-edit", path, {"data": {"key": "by hand"}})
    stack.rollback(1)
    assert stack.get("configmaps/x")["data"] == {"key": "one"}


@pytest.mark.parametrize(
    "broken",
    [
        {"data": {"password": "hunter2!"}},
        {"data": {"password": 12345678}},
        {"stringData": {"password": ["hunter2"]}},
        {"data": "hunter2"},
    ],
)
def test_a_secrets_value_is_in_no_error(stack, broken):
    """What the API server refuses to take is not repeated to the user."""
    secret = stack.object("v1", "Secret", "s") | broken
    with pytest.raises(StackError) as refused:
        stack.deploy(whole(stack, secret))
    assert "Secret" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "12345678" not in str(refused.value)
