"""Objects that cannot become what is wanted: made anew when the user says so, else left alone."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from stackctl.actions.planning import look
from stackctl.cluster.context import running
from stackctl.cluster.record import releases
from stackctl.errors import ApplyError, ConflictError, PreflightError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.run.events import ObjectDone
from tests.apiserver.faults import Answer
from tests.apiserver.stacks import Stack

SOON = 20.0


def with_selector(stack: Stack, value: str):
    """A Deployment whose selector can never be changed."""
    labels = {"app": value}
    pod = {"containers": [{"name": "main", "image": "example.com/fine:1"}]}
    return stack.deployment(
        "d",
        selector={"matchLabels": labels},
        template={"metadata": {"labels": labels}, "spec": pod},
    )


def parts(stack: Stack, *objects):
    return stack.part("a", stack.namespace(), *objects)


def path_of(stack: Stack) -> str:
    return f"/apis/apps/v1/namespaces/{stack.name}/deployments/d"


def planned(stack: Stack, *objects) -> Plan:
    with running(stack.connection, stack.tell) as run:
        bundle = Bundle("test", (parts(stack, *objects),))
        return look(run, stack.id, bundle).plan


def test_an_immutable_field_is_planned_as_a_recreation(stack):
    """The dry run tells; the field is named, and its old and new values are shown."""
    stack.deploy(parts(stack, with_selector(stack, "one")))
    (change,) = (
        c for c in planned(stack, with_selector(stack, "two")).changes if c.ref.name == "d"
    )
    assert change.action is Action.RECREATE
    assert change.reason == "spec.selector cannot be changed"
    assert "spec.selector.matchLabels.app" in {each.path for each in change.differences}


def test_without_the_users_word_nothing_is_touched(stack):
    """The object is named with its field and with the option that would do it."""
    stack.deploy(parts(stack, with_selector(stack, "one")))
    with pytest.raises(ConflictError, match=r"Deployment/.*/d: spec\.selector") as refused:
        stack.deploy(parts(stack, with_selector(stack, "two"), stack.config("x")))
    assert "--allow-recreate" in refused.value.hint
    assert stack.get("configmaps/x") is None
    assert releases.current(stack.client, stack.id).release.revision == 1


def test_an_object_is_made_anew_when_the_user_says_so(stack):
    """Another object of the name is there, ready, and recorded as ours."""
    stack.deploy(parts(stack, with_selector(stack, "one")))
    before = stack.client.get(path_of(stack))
    stack.deploy(parts(stack, with_selector(stack, "two")), allow_recreate=True)
    after = stack.client.get(path_of(stack))
    assert after["spec"]["selector"] == {"matchLabels": {"app": "two"}}
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert Action.RECREATE in {each.action for each in stack.told if isinstance(each, ObjectDone)}
    assert stack.deploy(parts(stack, with_selector(stack, "two"))).release is None
    assert stack.teardown().residue == ()


def test_other_fields_that_are_immutable_are_known(stack):
    """A role that a binding refers to, a class of storage, a Job, a claim of a StatefulSet."""
    rbac = "rbac.authorization.k8s.io/v1"

    def binding(role: str):
        return stack.object(rbac, "RoleBinding", "b") | {
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": stack.name}],
        }

    def storage(kind: str):
        return {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": stack.name},
            "provisioner": "example.com/none",
            "parameters": {"type": kind},
        }

    def job(image: str):
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": image}]}
        return stack.object("batch/v1", "Job", "j") | {"spec": {"template": {"spec": pod}}}

    def replicas(name: str):
        labels = {"app": "s"}
        pod = {"containers": [{"name": "main", "image": "example.com/fine:1"}]}
        return stack.object("apps/v1", "StatefulSet", "s") | {
            "spec": {
                "serviceName": name,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            }
        }

    stack.deploy(
        parts(stack, binding("one"), storage("one"), job("x.example/one:1"), replicas("one"))
    )
    plan = planned(stack, binding("two"), storage("two"), job("x.example/two:1"), replicas("two"))
    actions = {change.ref.kind: change.action for change in plan.changes}
    assert set(actions) == {"Namespace", "RoleBinding", "StorageClass", "Job", "StatefulSet"}
    assert {actions[kind] for kind in actions if kind != "Namespace"} == {Action.RECREATE}
    stack.deploy(
        parts(stack, binding("two"), storage("two"), job("x.example/two:1"), replicas("two")),
        allow_recreate=True,
    )
    assert stack.teardown().residue == ()


def test_what_is_wrong_is_not_taken_for_immutable(stack):
    """A value that breaks a rule is refused as ever, and the object stays."""
    stack.deploy(parts(stack, with_selector(stack, "one")))
    before = stack.client.get(path_of(stack))["metadata"]["uid"]
    wrong = stack.deployment("d", replicas=-1)
    with pytest.raises(PreflightError, match="replicas"):
        stack.deploy(parts(stack, wrong), allow_recreate=True)
    both = with_selector(stack, "two")
    both["spec"]["replicas"] = -1
    with pytest.raises(PreflightError, match="replicas"):
        stack.deploy(parts(stack, both), allow_recreate=True)
    assert stack.client.get(path_of(stack))["metadata"]["uid"] == before


def test_what_holds_others_data_is_never_made_anew(stack):
    """A claim and a definition are refused with the reason, whatever the user says."""

    def claim(mode: str):
        return stack.object("v1", "PersistentVolumeClaim", "c") | {
            "spec": {
                "accessModes": [mode],
                "resources": {"requests": {"storage": "1Gi"}},
                "storageClassName": "none",
            }
        }

    stack.deploy(parts(stack, stack.definition("widgets", "Widget")))
    stack.client.apply(
        f"/api/v1/namespaces/{stack.name}/persistentvolumeclaims/c",
        parts(stack, claim("ReadWriteOnce")).objects[1],
        manager=stack.id.manager,
    )
    for changed in (claim("ReadWriteMany"), stack.definition("widgets", "Widget", scope="Cluster")):
        with pytest.raises(ConflictError, match=r"(?s)never deleted.*cannot be changed"):
            stack.deploy(parts(stack, changed), allow_recreate=True)
    assert stack.teardown(delete_data=True).residue == ()


def test_it_waits_until_the_old_one_is_really_gone(stack):
    """A finalizer is waited for, not overridden."""
    stack.deploy(parts(stack, with_selector(stack, "one")))
    path = path_of(stack)
    stack.client.patch(path, {"metadata": {"finalizers": ["example.com/hold"]}})
    before = stack.client.get(path)["metadata"]["uid"]
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(
            stack.deploy, parts(stack, with_selector(stack, "two")), allow_recreate=True
        )
        while not stack.client.get(path)["metadata"].get("deletionTimestamp"):
            assert not future.done(), future.result()
        assert stack.client.get(path)["metadata"]["uid"] == before
        stack.client.patch(path, {"metadata": {"finalizers": None}})
        future.result(SOON)
    assert stack.client.get(path)["metadata"]["uid"] != before
    assert stack.teardown().residue == ()


REFUSED = {
    "kind": "Status",
    "code": 422,
    "reason": "Invalid",
    "message": "not today",
    "details": {
        "causes": [{"reason": "FieldValueInvalid", "message": "not today", "field": "spec"}]
    },
}


def test_the_old_one_comes_back_when_the_new_one_is_refused(stack, proxy, far):
    """The workload runs again as it was, the reason is told, and the next run tries again."""
    stack.deploy(parts(stack, with_selector(stack, "one")))
    before = stack.client.get(path_of(stack))
    refusal = Answer(422, {"Content-Type": "application/json"}, json.dumps(REFUSED).encode())
    proxy.on("PATCH", r"/deployments/d\?(?!.*dryRun)", refusal)
    with pytest.raises(ApplyError, match=r"(?s)the old one is back.*not today"):
        far.deploy(parts(stack, with_selector(stack, "two")), allow_recreate=True)
    after = stack.client.get(path_of(stack))
    assert after["spec"] == before["spec"]
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    stack.deploy(parts(stack, with_selector(stack, "two")), allow_recreate=True)
    assert stack.teardown().residue == ()
