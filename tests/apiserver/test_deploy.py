"""Deploying on a real API server: what is applied, recorded, left alone, pruned and resumed."""

import copy
import threading

import pytest

from stackctl.actions.status import status
from stackctl.cluster.record import recording, releases
from stackctl.cluster.record.lock import Claim, held_by, lease_path, leases_of, locked
from stackctl.errors import ApplyError, ConflictError, LockedError, NotReadyError
from stackctl.model.catalogue.component import Mode
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.plan import Action
from stackctl.model.readiness.status import Status
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run.events import ComponentState, ObjectDone
from stackctl.model.shapes.ready_rules import ReadyRule
from tests.apiserver.scenery import until
from tests.apiserver.stacks import Killed, Stack, killed_at, write_as


def release_of(stack: Stack):
    recorded = releases.current(stack.client, stack.id)
    assert recorded is not None
    return recorded.release


def test_a_first_deploy_creates_everything_and_records_it(stack):
    """Every object is there, the release says deployed, and each entry can prove itself."""
    outcome = stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    assert stack.get("configmaps/x") is not None
    release = release_of(stack)
    assert (release.revision, release.status) == (1, ReleaseStatus.DEPLOYED)
    assert outcome.release == release
    assert all(entry.uid and entry.owned and entry.created for entry in release.inventory)


def test_a_second_deploy_of_the_same_writes_nothing(stack):
    """No revision, no new version of any object, and not one request for each."""
    parts = stack.part("a", stack.namespace(), *(stack.config(f"x{n}") for n in range(40)))
    stack.deploy(parts)
    before = stack.get("configmaps/x1")
    asked = stack.client.requests
    outcome = stack.deploy(parts)
    assert outcome.plan.empty
    assert outcome.release is None
    assert stack.client.requests - asked < 25
    assert stack.get("configmaps/x1") == before
    assert release_of(stack).revision == 1


def test_only_what_changed_is_applied(stack):
    """One value differs: one object is configured, the other keeps its version."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), stack.config("y")))
    before = stack.get("configmaps/y")
    outcome = stack.deploy(
        stack.part("a", stack.namespace(), stack.config("x", key="new"), stack.config("y"))
    )
    changed = [c for c in outcome.plan.changes if c.action is not Action.UNCHANGED]
    assert [(c.ref.name, c.action) for c in changed] == [("x", Action.UPDATE)]
    assert [d.path for d in changed[0].differences] == ["data.key"]
    assert stack.get("configmaps/y") == before


def test_what_left_the_bundle_is_pruned(stack):
    """An object that the bundle no longer has goes, after the rest is ready."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), stack.config("y")))
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    assert stack.get("configmaps/y") is None
    assert {entry.ref.name for entry in release_of(stack).inventory} == {stack.name, "x"}


def test_a_definition_and_its_instances_arrive_in_one_run(stack):
    """The instance waits until its definition is established and served."""
    stack.deploy(
        stack.part(
            "a",
            stack.custom("Widget", "w", spec={"size": 1}),
            stack.namespace(),
            stack.definition("widgets", "Widget"),
        )
    )
    path = f"/apis/{stack.name}.example.com/v1/namespaces/{stack.name}/widgets/w"
    assert stack.client.get(path)["spec"] == {"size": 1}


def test_a_failed_apply_prunes_nothing_and_names_the_object(stack):
    """The API server refuses one object: the rest stays as it was, and the record says failed."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("old")))
    wrong = stack.deployment("wrong", replicas="many")
    with pytest.raises(ApplyError, match=r"Deployment/.*wrong"):
        stack.deploy(stack.part("a", stack.namespace(), wrong))
    assert stack.get("configmaps/old") is not None
    release = release_of(stack)
    assert release.status is ReleaseStatus.FAILED
    assert "old" in {entry.ref.name for entry in release.inventory}


def test_dependants_of_a_failed_component_are_skipped_and_others_finish(stack):
    """A bad image stops what needs it, and nothing else; the Pod's reason is in the message."""
    base = stack.part("base", stack.namespace())
    bad = stack.part(
        "bad",
        stack.deployment("bad", image="example.com/does-not-exist:1"),
        needs=frozenset({"base"}),
    )
    after = stack.part("after", stack.config("after"), needs=frozenset({"bad"}))
    beside = stack.part("beside", stack.config("beside"), needs=frozenset({"base"}))
    said = r"(?s)ImagePullBackOff.*not attempted: after.*recorded as failed"
    with pytest.raises(NotReadyError, match=said):
        stack.deploy(base, bad, after, beside)
    assert stack.get("configmaps/beside") is not None
    assert stack.get("configmaps/after") is None


def test_what_was_not_ready_is_waited_for_again(stack):
    """A release that failed is not taken for deployed because nothing would change."""
    parts = stack.part("a", stack.namespace(), stack.deployment("d", image="x/does-not-exist:1"))
    with pytest.raises(NotReadyError):
        stack.deploy(parts)
    with pytest.raises(NotReadyError):
        stack.deploy(parts)


def test_a_killed_run_is_resumed_and_nothing_of_it_is_lost(stack):
    """The record of intent is there before the first object, so that the next run goes on."""
    parts = stack.part("a", stack.namespace(), stack.config("x"), stack.config("y"))
    with killed_at(ObjectDone, 2) as notify, pytest.raises(Killed):
        stack.deploy(parts, notify=notify)
    pending = release_of(stack)
    assert pending.status is ReleaseStatus.PENDING_INSTALL
    assert {entry.ref.name for entry in pending.inventory} == {stack.name, "x", "y"}
    stack.deploy(parts)
    assert release_of(stack).status is ReleaseStatus.DEPLOYED
    assert stack.teardown().residue == ()


def test_a_killed_first_run_can_be_torn_down(stack):
    """Whatever was made is known, although the run never ended."""
    parts = stack.part("a", stack.namespace(), stack.config("x"), stack.config("y"))
    with killed_at(ObjectDone, 2) as notify, pytest.raises(Killed):
        stack.deploy(parts, notify=notify)
    assert stack.teardown().residue == ()
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None


def test_somebody_elses_object_is_refused_with_its_owner(stack):
    """An object of a Helm release is not taken over in passing."""
    stack.deploy(stack.part("a", stack.namespace()))
    annotations = {"meta.helm.sh/release-name": "r", "meta.helm.sh/release-namespace": "n"}
    theirs = stack.config("x")
    theirs["metadata"]["annotations"] = annotations
    stack.client.create(f"/api/v1/namespaces/{stack.name}/configmaps", theirs)
    parts = stack.part("a", stack.namespace(), stack.config("x", key="ours"))
    with pytest.raises(ConflictError, match="Helm release n/r"):
        stack.deploy(parts)
    assert stack.get("configmaps/x")["data"] == {"key": "value"}


def test_an_adopted_component_takes_objects_over(stack):
    """With the mode said so, the object becomes ours, and stays when the stack goes."""
    stack.deploy(stack.part("a", stack.namespace()))
    stack.client.create(f"/api/v1/namespaces/{stack.name}/configmaps", stack.config("x"))
    adopted = stack.part("a", stack.namespace(), stack.config("x", key="ours"), mode=Mode.ADOPTED)
    outcome = stack.deploy(adopted)
    assert Action.ADOPT in outcome.plan.counts
    assert stack.get("configmaps/x")["data"] == {"key": "ours"}


def test_a_change_by_hand_is_drift_and_is_taken_back(stack):
    """Somebody edits a field: the next plan names them, and the deploy overrides them."""
    parts = stack.part("a", stack.namespace(), stack.config("x"))
    stack.deploy(parts)
    write_as(
        stack.client,
        "kubectl-edit",
        f"/api/v1/namespaces/{stack.name}/configmaps/x",
        {"data": {"key": "by hand"}},
    )
    outcome = stack.deploy(parts)
    (change,) = [c for c in outcome.plan.changes if c.action is Action.UPDATE]
    assert [drift.manager for drift in change.drift] == ["kubectl-edit"]
    assert stack.get("configmaps/x")["data"] == {"key": "value"}


def test_the_person_is_named_and_not_the_controller_that_followed(stack):
    """The Deployment controller writes to a Deployment whenever its template was changed."""
    parts = stack.part("a", stack.namespace(), stack.deployment("d", replicas=0))
    stack.deploy(parts)
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/d"
    write_as(
        stack.client,
        "kubectl-set",
        path,
        {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "x:2"}]}}}},
        kind="strategic-merge",
    )
    until(lambda: revision_of(stack.client.get(path)) == "2")
    plan = stack.deploy(parts, dry_run=True).plan
    (change,) = [c for c in plan.changes if c.action is Action.UPDATE]
    assert [drift.manager for drift in change.drift] == ["kubectl-set"]


def revision_of(deployment: Manifest) -> str:
    annotations: dict[str, str] = deployment["metadata"]["annotations"]
    return annotations["deployment.kubernetes.io/revision"]


def test_who_scaled_is_named(stack):
    """`kubectl scale` writes by a subresource."""
    parts = stack.part("a", stack.namespace(), stack.deployment("d", replicas=0))
    stack.deploy(parts)
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/d"
    write_as(stack.client, "kubectl", f"{path}/scale", {"spec": {"replicas": 2}})
    plan = stack.deploy(parts, dry_run=True).plan
    (change,) = [c for c in plan.changes if c.action is Action.UPDATE]
    assert [drift.manager for drift in change.drift] == ["kubectl"]


def test_a_controllers_field_is_left_to_it(stack):
    """Replicas that an autoscaler set are neither a conflict nor reset."""
    parts = stack.part("a", stack.namespace(), stack.deployment("d"))
    stack.deploy(parts)
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/d"
    write_as(stack.client, "horizontal-pod-autoscaler", path, {"spec": {"replicas": 3}})
    stack.deploy(stack.part("a", stack.namespace(), stack.deployment("d", minReadySeconds=1)))
    spec = stack.client.get(path)["spec"]
    assert (spec["replicas"], spec["minReadySeconds"]) == (3, 1)


def test_a_second_run_meets_the_lock_with_its_holder(stack):
    """While one run is on, another is told who holds the stack and since when."""
    recording.ensure_namespace(stack.client, stack.id, threading.Event())
    held = locked(stack.client, stack.id, Claim("other@there"), threading.Event())
    with held, pytest.raises(LockedError, match="other@there since 20"):
        stack.deploy(stack.part("a", stack.namespace()))
    assert held_by(stack.client, stack.id) == ""


def test_an_expired_lock_is_taken_over(stack):
    """A holder that died no longer renews its lease, and is not waited for for ever."""
    recording.ensure_namespace(stack.client, stack.id, threading.Event())
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": lease_path(stack.id).rpartition("/")[2],
            "namespace": "stackctl-system",
        },
        "spec": {
            "holderIdentity": "dead@there",
            "leaseDurationSeconds": 30,
            "renewTime": "2020-01-01T00:00:00.000000Z",
        },
    }
    stack.client.create(leases_of(stack.id), lease)
    stack.deploy(stack.part("a", stack.namespace()))
    assert release_of(stack).status is ReleaseStatus.DEPLOYED


def test_status_tells_what_is_there_and_what_was_changed(stack):
    """Current after the deploy; drifted with its author after an edit; gone when deleted."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), stack.config("y")))
    assert status(stack.id, stack.connection).current
    stack.client.delete(f"/api/v1/namespaces/{stack.name}/configmaps/y")
    (component,) = status(stack.id, stack.connection).components
    assert component.status is Status.NOT_FOUND
    assert "ConfigMap" in component.message


def test_components_tell_how_they_ended(stack):
    """A changed component is ready, an untouched one unchanged."""
    base = stack.part("base", stack.namespace())
    stack.deploy(base, stack.part("a", stack.config("x")))
    outcome = stack.deploy(base, stack.part("a", stack.config("x", key="new")))
    assert outcome.components == {
        "base": ComponentState.UNCHANGED,
        "a": ComponentState.READY,
    }


def test_a_kind_is_ready_by_the_words_that_its_component_declares(stack):
    """The run waits for them, and so does every later look, which has only the record."""
    rule = ReadyRule(("Done",), ("Broken",), state="status.phase")
    part = stack.part(
        "a",
        stack.namespace(),
        stack.definition("widgets", "Widget"),
        stack.custom("Widget", "one"),
        rules={f"Widget.{stack.name}.example.com": rule},
    )
    with pytest.raises(NotReadyError, match=r"Widget/.*/one: not started yet"):
        stack.deploy(part, timeout=5)
    path = f"/apis/{stack.name}.example.com/v1/namespaces/{stack.name}/widgets/one"
    found = []
    for phase in ("Busy", "Done", "Broken"):
        write_as(stack.client, "operator", path, {"status": {"phase": phase}})
        (component,) = status(stack.id, stack.connection).components
        found.append(component.status)
    assert found == [Status.IN_PROGRESS, Status.CURRENT, Status.FAILED]


def test_a_plan_shows_what_was_asked_for_and_nothing_of_the_servers(stack):
    """A DaemonSet's template carries a number of its generation, which nobody has set."""
    labels = {"app": "x"}
    pod = {"containers": [{"name": "main", "image": "example.com/fine:1"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    agent = stack.object("apps/v1", "DaemonSet", "x") | {
        "spec": {"selector": {"matchLabels": labels}, "template": template}
    }
    stack.deploy(stack.part("a", stack.namespace(), agent), wait=False)
    changed = copy.deepcopy(agent)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/fine:2"
    plan = stack.deploy(stack.part("a", stack.namespace(), changed), dry_run=True).plan
    (change,) = [each for each in plan.changes if each.action is Action.UPDATE]
    assert [(each.path, each.old, each.new) for each in change.differences] == [
        (
            "spec.template.spec.containers[name=main].image",
            "example.com/fine:1",
            "example.com/fine:2",
        )
    ]
