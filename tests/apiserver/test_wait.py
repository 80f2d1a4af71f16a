"""Waiting for objects on a real API server, with Pods that fail as the sandbox is told to."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stackctl.api.client import Client
from stackctl.cluster.wait.target_status import TAKEN_NOW
from stackctl.errors import AccessDenied, ApplyError, Interrupted, NotReadyError
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.readiness.pod_faults import REFUSALS, Patience
from stackctl.model.readiness.status import Status
from stackctl.model.run.events import Notice
from tests.apiserver.proxy import Proxy
from tests.apiserver.scenery import (
    FAIL,
    FINE,
    MISSING,
    SHORT,
    Scenery,
    in_background,
    scenery_on,
    until,
)


@pytest.fixture
def scenery(client: Client) -> Iterator[Scenery]:
    with scenery_on(client) as made:
        yield made


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
def test_ready_workloads_end_the_wait(scenery, kind):
    """A wait ends when the workload's Pods are there, and tells how far it is."""
    scenery.wait(scenery.apply(scenery.workload(kind, "fine")))
    assert scenery.progress[0][:2] == (0, 1)
    assert scenery.progress[-1] == (1, 1, "")


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
def test_image_that_cannot_be_pulled_fails_in_seconds(scenery, kind):
    """A bad image ends the wait long before the deadline, naming Pod, reason and remedy."""
    began = time.monotonic()
    with pytest.raises(NotReadyError, match=f"{kind}/.*/web: Pod web-.*ImagePullBackOff") as caught:
        scenery.wait(scenery.apply(scenery.workload(kind, "web", MISSING)))
    assert time.monotonic() - began < 15
    assert MISSING in caught.value.hint


def test_image_of_an_init_container(scenery):
    """A Pod that is held up by its init container names that container."""
    first = {"name": "first", "image": MISSING}
    with pytest.raises(NotReadyError, match="container first: ImagePullBackOff"):
        scenery.wait(scenery.apply(scenery.workload("Deployment", "web", initContainers=[first])))


def test_crash_loop_names_the_exit_code_and_the_log(scenery):
    """A container that crashes again and again fails the wait, with the command for its log."""
    with pytest.raises(NotReadyError, match="CrashLoopBackOff: exit code 1") as caught:
        scenery.wait(scenery.apply(scenery.workload("Deployment", "web", fail="crash-loop")))
    assert caught.value.hint.startswith(f"kubectl -n {scenery.name} logs web-")
    assert "log of main: " in str(caught.value)


def test_pod_that_fits_on_no_node(scenery):
    """A Pod that asks for more than any node has fails after a short grace."""
    greedy = {"limits": {"nvidia.com/gpu": "999"}}
    with pytest.raises(NotReadyError, match=r"Unschedulable: .*Insufficient nvidia.com/gpu"):
        scenery.wait(scenery.apply(scenery.workload("Deployment", "web", resources=greedy)))


def test_deadline_names_what_is_missing_and_its_last_event(scenery):
    """When time is up every object that is not ready is named, with what is known about it."""
    fine = scenery.apply(scenery.workload("Deployment", "fine"))
    never = scenery.apply(scenery.workload("Deployment", "never", fail="never-ready"))
    scenery.wait(fine)
    with pytest.raises(NotReadyError) as caught:
        scenery.wait(fine, never, seconds=SHORT)
    text = str(caught.value)
    assert "1 of 2 objects not ready" in text
    assert f"Deployment/{scenery.name}/never: 0/1 replicas ready" in text
    assert "Unhealthy: Readiness probe failed" in text
    assert "Deployment/fine" not in text


def test_new_revision_is_not_judged_by_the_old_ones_pods(scenery):
    """A Deployment mended after a bad image gets ready, though the broken Pod is still there."""
    scenery.wait(scenery.apply(scenery.workload("Deployment", "web")))
    with pytest.raises(NotReadyError, match="ImagePullBackOff"):
        scenery.wait(scenery.apply(scenery.workload("Deployment", "web", MISSING)))
    scenery.wait(scenery.apply(scenery.workload("Deployment", "web", "example.com/fine:2")))


def test_answer_about_the_generation_before_is_not_ready(scenery):
    """What was ready before the change is not ready because of that."""
    with scenery.observer() as observer:
        scenery.wait(scenery.apply(scenery.workload("Deployment", "web")), observer=observer)
        changed = scenery.apply(scenery.workload("Deployment", "web", MISSING))
        with pytest.raises(NotReadyError, match="ImagePullBackOff"):
            scenery.wait(changed, observer=observer)


def test_object_of_another_uid_is_not_the_one_applied(scenery):
    """An object that took the place of ours does not pass for it."""
    other = replace(scenery.apply(scenery.workload("Deployment", "web")), uid="another")
    with pytest.raises(NotReadyError, match="has not been seen"):
        scenery.wait(other, seconds=SHORT)


def test_object_that_somebody_deletes_fails(scenery):
    """What is deleted while it is waited for will never be ready."""
    never = scenery.workload("Deployment", "never", fail="never-ready")
    target = scenery.apply(never)
    finish = in_background(lambda: scenery.wait(target))
    until(lambda: "replicas ready" in str(scenery.progress))
    scenery.client.delete(scenery.path(never), uid=target.uid)
    with pytest.raises(NotReadyError, match="was deleted by somebody else"):
        finish()


def test_daemon_set_without_a_node_is_not_ready_unless_foreseen(scenery):
    """A DaemonSet that matches no node is named at the deadline; where it may, it is ready."""
    idle = scenery.workload("DaemonSet", "idle", nodeSelector={"no": "where"})
    with pytest.raises(NotReadyError, match="no node matches its node selector"):
        scenery.wait(scenery.apply(idle), seconds=SHORT)
    scenery.wait(scenery.apply(idle, may_match_no_node=True))


def test_taints_that_keep_a_daemon_set_off_all_its_nodes_fail_in_seconds(scenery):
    """The nodes that it selects, their taint, and the setting that tolerates it are named."""
    name = f"tainted-{scenery.name}"
    taint = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}
    metadata = {"name": name, "labels": {"meant": scenery.name}}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": [taint]}}
    scenery.client.apply(f"/api/v1/nodes/{name}", node)
    kept = scenery.workload("DaemonSet", "kept-off", nodeSelector={"meant": scenery.name})
    try:
        with pytest.raises(NotReadyError, match=f"taint sku=gpu:NoSchedule .{name}.") as caught:
            scenery.wait(scenery.apply(kept))
    finally:
        scenery.client.delete(f"/api/v1/nodes/{name}")
    assert "settings: {tolerations: {system: [{key: sku" in caught.value.hint


LIMITS = {"limits": [{"type": "Container", "min": {"cpu": "1"}, "default": {"cpu": "2"}}]}
QUOTA = {"hard": {"pods": "0"}}


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
@pytest.mark.parametrize(
    ("guard", "spec", "pod", "said"),
    [
        ("LimitRange", LIMITS, {"resources": {"requests": {"cpu": "10m"}}}, "minimum cpu usage"),
        ("ResourceQuota", QUOTA, {}, "exceeded quota"),
        ("", {}, {"priorityClassName": "missing"}, "no PriorityClass with name missing"),
        ("", {}, {"runtimeClassName": "missing"}, 'RuntimeClass "missing" not found'),
    ],
)
def test_pods_that_admission_refuses_fail_in_seconds(scenery, kind, guard, spec, pod, said):
    """What would never pass is said at once, of workloads that only events tell about as well."""
    if guard:
        made = scenery.thing("v1", guard, "guard", spec=spec)
        scenery.client.apply(scenery.path(made), made)
    with pytest.raises(NotReadyError, match=said):
        scenery.wait(scenery.apply(scenery.workload(kind, "refused", **pod)))


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
def test_what_refused_pods_may_be_over_before_their_controller_tries_again(scenery, kind):
    """A controller tries ever more rarely: its last words are no failure once a Pod is taken."""
    quota = scenery.thing("v1", "ResourceQuota", "tight", spec=QUOTA)
    scenery.client.apply(scenery.path(quota), quota)
    refused = scenery.apply(scenery.workload(kind, "refused"))
    with pytest.raises(NotReadyError, match="exceeded quota: tight"):
        scenery.wait(refused)
    assert "exceeded quota: tight" in scenery.statuses([refused.ref])[refused.ref].message
    # Its next try is seconds away now, and each one after that twice as far.
    until(lambda: sum(map(_count, _tries(scenery))) > 9)
    scenery.client.delete(scenery.path(quota))
    found = scenery.statuses([refused.ref])[refused.ref]
    assert found.message.endswith(TAKEN_NOW)
    assert found.hint == (
        f"kubectl -n {scenery.name} rollout restart {kind.lower()} {refused.ref.name}"
    )
    scenery.patience = Patience(unschedulable=0, inherited=0)
    scenery.wait(refused)


def _tries(scenery: Scenery) -> list[Manifest]:
    path = f"/api/v1/namespaces/{scenery.name}/events"
    return list(scenery.client.list(path, fields=REFUSALS).items)


def _count(event: Manifest) -> int:
    return int(event.get("count") or 1)


def job(scenery: Scenery, *, fail: str = "", **spec: Any) -> Manifest:
    annotations = {FAIL: fail} if fail else {"sandbox.stackctl.dev/run-for": "1s"}
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": FINE}]}
    template = {"metadata": {"annotations": annotations}, "spec": pod}
    return scenery.thing("batch/v1", "Job", "once", spec={"template": template, **spec})


def test_job_is_waited_for_until_it_is_done(scenery):
    """A Job is ready when it is complete, not when it has started."""
    scenery.wait(scenery.apply(job(scenery)))
    done = scenery.client.get(scenery.path(job(scenery)))
    assert done
    assert done["status"]["succeeded"] == 1


def test_job_that_deletes_itself_when_done_is_done(scenery):
    """A Job that is gone by the time anybody asks counts as complete if it asked for that."""
    with scenery.observer() as observer:
        target = scenery.apply(job(scenery, ttlSecondsAfterFinished=0))
        scenery.wait(target, observer=observer)
        until(lambda: observer.store.deleted(target.uid))
        scenery.wait(target, observer=observer)


def test_job_that_fails(scenery):
    """A Job that has given up fails the wait with its own words."""
    with pytest.raises(NotReadyError, match=r"Job/.*/once: Job has reached the specified backoff"):
        scenery.wait(scenery.apply(job(scenery, fail="crash-loop", backoffLimit=0)))


@pytest.mark.parametrize(
    ("mode", "expected"), [("WaitForFirstConsumer", "ready"), ("Immediate", "not bound")]
)
def test_claim_waits_only_for_what_comes_by_itself(scenery, mode, expected):
    """A claim that is bound at its first use holds nobody up; any other is waited for."""
    kind = scenery.thing("storage.k8s.io/v1", "StorageClass", scenery.name)
    kind |= {"provisioner": "example.com/none", "volumeBindingMode": mode}
    del kind["metadata"]["namespace"]
    spec = {
        "storageClassName": scenery.name,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    scenery.apply(kind)
    try:
        claim = scenery.apply(scenery.thing("v1", "PersistentVolumeClaim", "data", spec=spec))
        found = "ready"
        try:
            scenery.wait(claim, seconds=0.5)
        except NotReadyError as error:
            found = str(error)
        assert expected in found
    finally:
        scenery.client.delete(scenery.path(kind))


def test_established_definitions_can_be_used_at_once(scenery):
    """After the wait for a definition its objects can be found and applied."""
    crd = scenery.apply(scenery.definition())
    with scenery.observer() as observer:
        observer.wait_established([crd], **scenery.terms())
    assert scenery.apply(scenery.widget()).uid


def test_definition_whose_names_are_taken_is_refused(scenery):
    """Two definitions cannot have one kind in one group; the wait says so."""
    scenery.apply(scenery.definition())
    other = scenery.definition()
    group = other["spec"]["group"]
    other["metadata"]["name"] = f"others.{group}"
    other["spec"]["names"]["plural"] = "others"
    try:
        with (
            scenery.observer() as observer,
            pytest.raises(NotReadyError, match="its names are taken"),
        ):
            observer.wait_established([scenery.apply(other)], **scenery.terms())
    finally:
        scenery.client.delete(scenery.path(other))


def test_custom_resource_waits_for_its_controller(scenery):
    """A fresh custom resource is not ready; it is when its controller says so."""
    with scenery.observer() as observer:
        observer.wait_established([scenery.apply(scenery.definition())], **scenery.terms())
        one = scenery.apply(scenery.widget())
        finish = in_background(lambda: scenery.wait(one, observer=observer))
        until(lambda: "has not reported" in str(scenery.progress))
        ready = {"type": "Ready", "status": "True"}
        path = f"{scenery.path(scenery.widget())}/status"
        scenery.client.patch(path, {"status": {"conditions": [ready]}})
        finish()


def test_lost_connections_are_taken_up_again(scenery):
    """A watch that is cut goes on, and what happened meanwhile is not missed."""
    with Proxy(scenery.client.access.server) as proxy:
        far = scenery.through(proxy.server)
        never = scenery.apply(scenery.workload("Deployment", "web", fail="never-ready"))
        with far.observer() as observer:
            with pytest.raises(NotReadyError, match="time is up"):
                far.wait(never, seconds=SHORT, observer=observer)
            proxy.refuse()
            assert proxy.cut() > 2
            fine = scenery.apply(scenery.workload("Deployment", "web"))
            finish = in_background(lambda: far.wait(fine, observer=observer))
            proxy.accept()
            finish()


def test_stopping_ends_the_wait(scenery):
    """A wait that is stopped ends at once and says what it was waiting for."""
    never = scenery.apply(scenery.workload("Deployment", "never", fail="never-ready"))
    finish = in_background(lambda: scenery.wait(never))
    until(lambda: scenery.progress)
    scenery.stop.set()
    with pytest.raises(Interrupted, match=r"Deployment/.*/never"):
        finish()


def allow(scenery: Scenery, user: str, *rules: tuple[str, str, list[str]]) -> None:
    """Give a user rights in the namespace."""
    api = "rbac.authorization.k8s.io/v1"
    role = scenery.thing(api, "Role", user, rules=[
        {"apiGroups": [group], "resources": [plural], "verbs": verbs}
        for group, plural, verbs in rules])  # fmt: skip
    binding = scenery.thing(
        api,
        "RoleBinding",
        user,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user},
        subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    )
    scenery.apply(role)
    scenery.apply(binding)


def test_few_rights_are_enough_to_wait(scenery):
    """Who may only read single objects of one namespace is told so, and waits by asking."""
    allow(scenery, "reader", ("apps", "deployments", ["get"]), ("", "pods", ["list"]))
    web = scenery.apply(scenery.workload("Deployment", "web"))
    never = scenery.apply(scenery.workload("Deployment", "never", fail="never-ready"))
    reader = scenery.as_user("reader")
    reader.wait(web)
    with pytest.raises(NotReadyError, match="time is up"):
        reader.wait(never, seconds=SHORT)
    notices = [event.text for event in reader.told if isinstance(event, Notice)]
    assert any("deployments" in text and "asking every 2s" in text for text in notices)
    assert any("pods" in text and "asking every 2s" in text for text in notices)
    assert any("replicasets" in text and "why Pods fail" in text for text in notices)


def test_no_rights_are_said_at_once(scenery):
    """Who may not read what was applied is told which right is missing."""
    web = scenery.apply(scenery.workload("Deployment", "web"))
    with pytest.raises(AccessDenied, match="deployments"):
        scenery.as_user("nobody").wait(web)


def test_webhook_configuration_is_ready_with_its_ca(scenery):
    """A webhook configuration is waited for until its CA has been filled in."""
    hook = {
        "name": "widgets.example.com",
        "clientConfig": {"service": {"name": "none", "namespace": scenery.name}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Ignore",
        "rules": [
            {
                "apiGroups": [f"{scenery.name}.example.com"],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["widgets"],
            }
        ],
    }
    api = "admissionregistration.k8s.io/v1"
    kind = "ValidatingWebhookConfiguration"
    config = scenery.thing(api, kind, scenery.name, webhooks=[hook])
    try:
        scenery.wait(scenery.apply(config))
        live = scenery.client.get(scenery.path(config))
        assert live
        assert live["webhooks"][0]["clientConfig"]["caBundle"]
    finally:
        scenery.client.delete(scenery.path(config))


def test_wait_for_the_end_names_the_finalizer_and_its_controller(scenery):
    """What stays after its deletion is named with what holds it and the command that lets go."""
    widget = scenery.widget(finalizers=["example.com/clean"])
    with scenery.observer() as observer:
        observer.wait_established([scenery.apply(scenery.definition())], **scenery.terms())
        one = scenery.apply(widget)
        scenery.client.delete(scenery.path(widget), uid=one.uid)
        with pytest.raises(ApplyError) as caught:
            observer.wait_gone(
                [one],
                **scenery.terms(seconds=0),
                controllers={"example.com": "Deployment/ml/widgets"},
            )
        assert "finalizer example.com/clean, held by Deployment/ml/widgets" in str(caught.value)
        assert f"kubectl -n {scenery.name} patch widget.{scenery.name}.example.com one" in (
            caught.value.hint
        )
        scenery.client.patch(scenery.path(widget), {"metadata": {"finalizers": None}})
        observer.wait_gone([one], **scenery.terms())


def test_everything_of_a_deleted_definition_is_gone(scenery):
    """Objects whose kind went away are gone; so is what another object of that name replaced."""
    crd, widget = scenery.definition(), scenery.widget()
    with scenery.observer() as observer:
        targets = [scenery.apply(crd)]
        observer.wait_established(targets, **scenery.terms())
        targets.append(scenery.apply(widget))
        scenery.client.delete(scenery.path(crd))
        observer.wait_gone(targets, **scenery.terms())
        targets = [scenery.apply(crd)]
        observer.wait_gone([replace(targets[0], uid="another")], **scenery.terms(seconds=0))


def test_many_objects_of_a_place_are_counted_together(scenery):
    """With many objects in one place their end is noticed all the same."""
    configs = [scenery.thing("v1", "ConfigMap", f"c{number}") for number in range(8)]
    targets = [scenery.apply(config) for config in configs]
    for config in configs[1:]:
        scenery.client.delete(scenery.path(config))
    with scenery.observer() as observer:
        observer.wait_gone(targets[1:], **scenery.terms())
        with pytest.raises(ApplyError, match=r"ConfigMap/.*/c0: was not deleted"):
            observer.wait_gone(targets, **scenery.terms(seconds=0))


def test_statuses_tell_how_everything_stands(scenery):
    """Every object has a status: ready, missing, not served, or its Pod's reason."""
    config = scenery.thing("v1", "ConfigMap", "there")
    stripped = scenery.thing("v1", "ConfigMap", "stripped")
    del stripped["metadata"]["labels"]
    web = scenery.workload("Deployment", "web", MISSING)
    with pytest.raises(NotReadyError):
        scenery.wait(scenery.apply(web))
    there, bare = scenery.apply(config).ref, scenery.apply(stripped).ref
    missing = there._replace(name="missing")
    unserved = Ref("no.example.com", "Widget", scenery.name, "one")
    deployment = Ref("apps", "Deployment", scenery.name, "web")
    found = scenery.statuses([there, bare, missing, unserved, deployment])
    assert {ref: each.status for ref, each in found.items()} == {
        there: Status.CURRENT,
        bare: Status.CURRENT,
        missing: Status.NOT_FOUND,
        unserved: Status.NOT_FOUND,
        deployment: Status.FAILED,
    }
    assert "ImagePullBackOff" in found[deployment].message


def test_status_of_what_may_not_be_read_is_unknown(scenery):
    """A refusal is not an empty answer."""
    web = scenery.apply(scenery.workload("Deployment", "web")).ref
    assert scenery.as_user("nobody").statuses([web])[web].status is Status.UNKNOWN
