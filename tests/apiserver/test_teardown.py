"""Taking a stack off a real API server: completely, in order, and without users' data."""

import pytest

from stackctl.actions.history import newest
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record import recording, releases
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.errors import ConflictError, NotReadyError, ReleaseError, StackError, headline
from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL, Manifest, Ref
from stackctl.model.plan.plan import Action
from stackctl.model.release.release import ReleaseStatus
from tests.apiserver.stacks import Stack, write_as


def leave_alone_in_the_record_namespace(stack: Stack) -> None:
    """Take away what other tests have left there, copies that are no records included."""
    others = f"{RECORD_LABEL},{RECORD_LABEL}!={stack.id.name}"
    for path in (store.indexes_of(stack.id), store.secrets_of(stack.id)):
        for each in stack.client.list(path, labels=others, metadata_only=True).items:
            stack.client.delete(f"{path}/{each['metadata']['name']}")
    stack.keep_record_namespace(keep=False)


def with_widgets(stack: Stack):
    return stack.part("a", stack.namespace(), stack.definition("widgets", "Widget"))


def status_of(stack: Stack) -> ReleaseStatus:
    recorded = releases.current(stack.client, stack.id)
    assert recorded is not None
    return recorded.release.status


def widgets(stack: Stack, namespace: str) -> str:
    return f"/apis/{stack.name}.example.com/v1/namespaces/{namespace}/widgets"


def test_nothing_is_left(stack):
    """Objects, definitions, namespaces and the record are gone, and the scan says so."""
    stack.deploy(
        stack.part(
            "a",
            stack.namespace(),
            stack.definition("widgets", "Widget"),
            stack.custom("Widget", "ours"),
            stack.deployment("d"),
        )
    )
    outcome = stack.teardown()
    assert (outcome.residue, outcome.kept) == ((), ())
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None
    assert releases.current(stack.client, stack.id) is None
    with pytest.raises(ReleaseError, match=rf"stack {stack.name}: not on .+ \(there: "):
        stack.teardown()


def test_a_lost_record_is_told_and_can_be_made_anew(stack):
    """A deploy knows its objects, and records them anew; then they go."""
    parts = stack.part("a", stack.namespace(), stack.config("x"))
    stack.deploy(parts)
    recording.forget(stack.client, stack.id)
    with pytest.raises(ReleaseError, match=f"no record on .*: .*Namespace/{stack.name}$"):
        newest(stack.id, stack.connection)
    assert stack.get("configmaps/x") is not None
    assert stack.deploy(parts).plan.counts == {Action.UNCHANGED: 2}
    assert stack.teardown().residue == ()
    assert stack.get("configmaps/x") is None
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")


def test_users_instances_stop_it_before_anything_is_touched(stack):
    """Each is named, and so are the two ways on."""
    stack.deploy(with_widgets(stack))
    theirs = stack.custom("Widget", "theirs")
    theirs["metadata"]["namespace"] = "default"
    stack.client.create(widgets(stack, "default"), theirs)
    with pytest.raises(ConflictError, match="Widget/default/theirs") as refused:
        stack.teardown()
    assert "--keep-crds" in refused.value.hint
    assert status_of(stack) is ReleaseStatus.DEPLOYED
    outcome = stack.teardown(delete_data=True)
    assert outcome.residue == ()
    (lost,) = [each for each in outcome.plan.changes if each.reason == "users' data"]
    assert (lost.ref.name, lost.ref.namespace) == ("theirs", "default")
    assert [(each.ref, each.what) for each in outcome.plan.losses] == [
        (lost.ref, "a user's object")
    ]


def test_definitions_may_be_kept_with_their_instances(stack):
    """The instance survives, the rest goes, and what stayed is told with its reason."""
    stack.deploy(with_widgets(stack))
    theirs = stack.custom("Widget", "theirs")
    theirs["metadata"]["namespace"] = "default"
    stack.client.create(widgets(stack, "default"), theirs)
    outcome = stack.teardown(keep_crds=True)
    assert outcome.residue == ()
    assert [each.ref.kind for each in outcome.kept] == ["CustomResourceDefinition"]
    assert stack.client.get(f"{widgets(stack, 'default')}/theirs") is not None
    # Without a record the definition says itself whose it is, and the choice is still the user's.
    with pytest.raises(ConflictError, match="Widget/default/theirs"):
        stack.teardown()
    stack.deploy(with_widgets(stack))
    assert stack.teardown(delete_data=True).residue == ()


def test_a_namespace_with_somebody_elses_object_stays(stack):
    """What is not ours keeps its namespace, and is named."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("ours")))
    stack.client.create(f"/api/v1/namespaces/{stack.name}/configmaps", stack.config("theirs"))
    outcome = stack.teardown()
    assert outcome.residue == ()
    assert "ConfigMap" in outcome.kept[0].why
    assert stack.get("configmaps/theirs") is not None
    assert stack.get("configmaps/ours") is None


def test_what_operators_make_is_no_reason_to_stay(stack):
    """A declared leftover goes with the stack."""
    made = Ref("", "Secret", stack.name, "certs")
    stack.deploy(stack.part("a", stack.namespace(), leftovers=(made,)))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "certs"}}
    stack.client.create(f"/api/v1/namespaces/{stack.name}/secrets", secret)
    assert stack.teardown().kept == ()
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None


def test_a_namespace_that_was_there_before_stays(stack):
    """Only what we created is deleted whole."""
    stack.client.create("/api/v1/namespaces", stack.namespace())
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    outcome = stack.teardown()
    assert [each.why for each in outcome.kept] == ["was there before the stack"]
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is not None


def claim_in(stack: Stack) -> Manifest:
    return stack.object("v1", "PersistentVolumeClaim", "data") | {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "none",
        },
    }


def test_a_claim_in_a_namespace_of_others_is_theirs(stack):
    """Whatever may be deleted of the stack's data, it is not in a namespace that was there."""
    stack.client.create("/api/v1/namespaces", stack.namespace())
    claims = f"/api/v1/namespaces/{stack.name}/persistentvolumeclaims"
    stack.client.create(claims, claim_in(stack))
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    outcome = stack.teardown(delete_data=True)
    assert "data" not in {each.ref.name for each in outcome.plan.changes}
    assert "deletionTimestamp" not in stack.get("persistentvolumeclaims/data")["metadata"]
    stack.client.delete(f"{claims}/data")
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")


def bound(stack: Stack, name: str, policy: str) -> str:
    """Put a claim in the stack's namespace, with a volume of its own; name the volume."""
    volume = f"{stack.name}-{name}"
    stack.client.create(
        "/api/v1/persistentvolumes",
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": volume},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "20Gi"},
                "claimRef": {"namespace": stack.name, "name": name},
                "hostPath": {"path": "/nowhere"},
                "persistentVolumeReclaimPolicy": policy,
                "storageClassName": "none",
            },
        },
    )
    claim = claim_in(stack)
    claim["metadata"]["name"] = name
    claim["spec"]["volumeName"] = volume
    stack.client.create(f"/api/v1/namespaces/{stack.name}/persistentvolumeclaims", claim)
    return volume


def test_all_data_that_would_go_is_named_before_anybody_says_yes(stack):
    """Claims, also those that go with what made them, and the volumes that go with claims."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("owner")))
    owner = stack.get("configmaps/owner") or {}
    gone, kept = bound(stack, "gone", "Delete"), bound(stack, "kept", "Retain")
    owned = claim_in(stack)
    owned["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    ]
    stack.client.create(f"/api/v1/namespaces/{stack.name}/persistentvolumeclaims", owned)
    assert stack.teardown(dry_run=True).plan.losses == ()
    losses = stack.teardown(dry_run=True, delete_data=True).plan.losses
    assert {str(each.ref): each.what for each in losses} == {
        f"PersistentVolumeClaim/{stack.name}/gone": "a claim, 20Gi",
        f"PersistentVolume/{gone}": f"the volume of {stack.name}/gone, 20Gi; deleted with it",
        f"PersistentVolumeClaim/{stack.name}/kept": f"a claim; its volume {kept}, 20Gi, stays",
        f"PersistentVolumeClaim/{stack.name}/data": "a claim that has no volume yet",
    }
    assert stack.teardown(delete_data=True).residue == ()
    for each in (gone, kept):
        stack.client.delete(f"/api/v1/persistentvolumes/{each}")


def test_a_claim_keeps_its_data_until_the_user_says_so(stack):
    """The claim and its namespace stay, listed; asked for, both go."""
    stack.deploy(stack.part("a", stack.namespace()))
    claims = f"/api/v1/namespaces/{stack.name}/persistentvolumeclaims"
    stack.client.create(claims, claim_in(stack))
    volume = bound(stack, "full", "Retain")
    kept = {str(each.ref): each.why for each in stack.teardown(dry_run=True).kept}
    data, full = (f"PersistentVolumeClaim/{stack.name}/{name}" for name in ("data", "full"))
    assert kept == {
        data: "holds data",
        full: f"holds data: 20Gi in {volume}",
        f"Namespace/{stack.name}": f"holds what stays: {data}, {full}",
    }
    assert stack.get("persistentvolumeclaims/data") is not None
    assert stack.teardown(delete_data=True).kept == ()
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None
    stack.client.delete(f"/api/v1/persistentvolumes/{volume}")


def test_a_stuck_finalizer_is_named_and_never_stripped(stack):
    """The object, its finalizer and a way on; the next teardown goes on from there."""
    stuck = stack.config("stuck")
    stuck["metadata"]["finalizers"] = ["example.com/hold"]
    stack.deploy(stack.part("a", stack.namespace(), stuck))
    with pytest.raises(StackError, match=r"example\.com/hold"):
        stack.teardown(timeout=3.0)
    assert status_of(stack) is ReleaseStatus.UNINSTALLING
    stack.client.patch(
        f"/api/v1/namespaces/{stack.name}/configmaps/stuck", {"metadata": {"finalizers": None}}
    )
    assert stack.teardown().residue == ()


def test_an_interrupted_teardown_is_finished_by_the_next(stack):
    """A deploy after half a teardown makes everything again."""
    stuck = stack.config("stuck")
    stuck["metadata"]["finalizers"] = ["example.com/hold"]
    parts = stack.part("a", stack.namespace(), stack.config("x"), stuck)
    stack.deploy(parts)
    with pytest.raises((NotReadyError, StackError)):
        stack.teardown(timeout=3.0)
    stack.client.patch(
        f"/api/v1/namespaces/{stack.name}/configmaps/stuck", {"metadata": {"finalizers": None}}
    )
    outcome = stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    assert Action.CREATE in outcome.plan.counts
    assert stack.teardown().residue == ()


def test_a_plan_alone_touches_nothing(stack):
    """A dry run shows what would go, and everything is still there."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    outcome = stack.teardown(dry_run=True)
    assert {change.ref.name for change in outcome.plan.changes} == {stack.name, "x"}
    assert stack.get("configmaps/x") is not None
    assert stack.teardown().residue == ()


def test_an_object_made_again_by_somebody_else_stays(stack):
    """The same name with another uid is not ours to delete."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    path = f"/api/v1/namespaces/{stack.name}/configmaps"
    stack.client.delete(f"{path}/x")
    stack.client.create(path, stack.config("x", key="theirs"))
    outcome = stack.teardown()
    assert stack.get("configmaps/x")["data"] == {"key": "theirs"}
    assert "x" in outcome.kept[0].why


def test_the_last_stack_takes_the_record_along(stack):
    """With no stack left, the namespace of the records goes too."""
    stack.deploy(stack.part("a", stack.namespace()))
    leave_alone_in_the_record_namespace(stack)
    assert stack.teardown().residue == ()
    live = stack.client.get("/api/v1/namespaces/stackctl-system")
    assert live is None or live["metadata"].get("deletionTimestamp")


def test_labels_on_nodes_go_with_the_program_that_wrote_them(stack):
    """A feature label of ours is taken off the node; a person's stays."""
    path = stack.client.list("/api/v1/nodes").items[0]["metadata"]["name"]
    node = f"/api/v1/nodes/{path}"
    for manager, label in (("feature-program", "ours"), ("somebody", "theirs")):
        write_as(
            stack.client, manager, node, {"metadata": {"labels": {f"{stack.name}/{label}": "1"}}}
        )
    stack.deploy(stack.part("a", stack.namespace(), node_managers=("feature-program",)))
    assert stack.teardown().residue == ()
    labels = stack.client.get(node)["metadata"]["labels"]
    assert f"{stack.name}/ours" not in labels
    assert f"{stack.name}/theirs" in labels


def test_taints_and_extended_resources_go_with_the_program_that_set_them(stack):
    """Taints have one owner for all: whose they are is told by the program's own annotation."""
    name = stack.client.list("/api/v1/nodes").items[0]["metadata"]["name"]
    node = f"/api/v1/nodes/{name}"
    ours = {"key": f"{stack.name}/ours", "value": "1", "effect": "PreferNoSchedule"}
    theirs = {"key": f"{stack.name}/theirs", "effect": "PreferNoSchedule"}
    note = {
        "annotations": {f"{stack.name}.example.com/taints": f"{ours['key']}=1:{ours['effect']}"}
    }
    write_as(stack.client, "feature-program", node, {"metadata": note, "spec": {"taints": [ours]}})
    write_as(stack.client, "somebody", node, {"spec": {"taints": [ours, theirs]}})
    for manager, resource in (("feature-program", "ours"), ("somebody", "theirs")):
        offer = {f"{stack.name}.example.com/{resource}": "2"}
        write_as(
            stack.client,
            manager,
            f"{node}/status",
            {"status": {"capacity": offer, "allocatable": offer}},
        )
    stack.deploy(stack.part("a", stack.namespace(), node_managers=("feature-program",)))
    assert stack.teardown().residue == ()
    live = stack.client.get(node)
    assert live["spec"]["taints"] == [theirs]
    for part in ("capacity", "allocatable"):
        mine = {key for key in live["status"][part] if key.startswith(f"{stack.name}.")}
        assert mine == {f"{stack.name}.example.com/theirs"}, part
    write_as(stack.client, "somebody", node, {"spec": {"taints": None}})


def story_of(stack):
    """The reasons and notes of the events told of a stack's teardown, in order."""
    events = stack.client.list(
        "/apis/events.k8s.io/v1/namespaces/stackctl-system/events",
        labels=f"stackctl.dev/record={stack.name}",
    ).items
    told = sorted(
        (each["eventTime"], each["reason"], each["note"])
        for each in events
        if each["action"] == "Teardown"
    )
    return [(reason, note) for _, reason, note in told]


def test_the_story_of_a_teardown_is_told_as_events(stack):
    """For whoever asks who took it away; they outlive the record where its namespace stays."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    assert stack.teardown().residue == ()
    assert story_of(stack) == [
        ("TeardownStarted", f"stack {stack.name}: revision 1, by tester@here"),
        ("ComponentRemoved", "a removed"),
        ("TeardownFinished", f"stack {stack.name}: done"),
    ]
    with pytest.raises(ReleaseError, match=rf"stack {stack.name}: not on .+ \(there: "):
        stack.teardown()


def test_the_story_of_a_failed_teardown_says_what_holds(stack):
    """The same words as the error's."""
    stuck = stack.config("stuck")
    stuck["metadata"]["finalizers"] = ["example.com/hold"]
    stack.deploy(stack.part("a", stack.namespace(), stuck))
    with pytest.raises(StackError) as failed:
        stack.teardown(timeout=3.0)
    reason, note = story_of(stack)[-1]
    assert reason == "TeardownFailed"
    named = f"stack {stack.name}: "
    assert note == named + headline(failed.value).removeprefix(named)
    assert "ConfigMap/" in note
    stack.client.patch(
        f"/api/v1/namespaces/{stack.name}/configmaps/stuck", {"metadata": {"finalizers": None}}
    )
    stack.teardown()


def test_what_a_teardown_could_not_take_is_part_of_its_story(stack):
    """Each by its name, as a warning."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    path = "/api/v1/namespaces/default/configmaps/" + stack.name
    labels = {STACK_LABEL: stack.name, MANAGED_BY: "stackctl"}
    stray = {"name": stack.name, "namespace": "default", "labels": labels}
    late = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": stray}
    stack.client.apply(path, late, manager=stack.id.manager)
    assert [each.ref.name for each in stack.teardown().residue] == [stack.name]
    note = f"stack {stack.name}: still there: ConfigMap/default/{stack.name}"
    assert ("ResidueFound", note) in story_of(stack)
    stack.client.delete(path)
    assert stack.teardown().residue == ()


def test_a_copy_with_our_labels_is_somebody_elses(stack):
    """Labels get copied: who made an object tells whether it is residue."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    path = f"/api/v1/namespaces/default/configmaps/{stack.name}"
    labels = {STACK_LABEL: stack.name, MANAGED_BY: "stackctl"}
    copy = {"name": stack.name, "namespace": "default", "labels": labels}
    stack.client.apply(
        path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": copy}, manager="kubectl"
    )
    outcome = stack.teardown()
    assert outcome.residue == ()
    assert [each.why for each in outcome.kept] == ["has the stack's label, and was not made by it"]
    assert stack.client.get(path) is not None
    stack.client.delete(path)


def test_what_kubernetes_puts_into_a_namespace_is_in_nobodys_way(stack):
    """A bundle may have something to say of it, again and again."""
    account = stack.object("v1", "ServiceAccount", "default") | {
        "imagePullSecrets": [{"name": "s"}]
    }
    part = stack.part("a", stack.namespace(), account)
    stack.deploy(part)
    assert stack.get("serviceaccounts/default")["imagePullSecrets"] == [{"name": "s"}]
    stack.client.delete(f"/api/v1/namespaces/{stack.name}/serviceaccounts/default")
    stack.deploy(part)
    assert stack.get("serviceaccounts/default")["imagePullSecrets"] == [{"name": "s"}]
    assert stack.teardown().residue == ()


def test_events_do_not_keep_the_namespace_of_the_records(stack):
    """It goes with the last stack, and what is told after that is told to nobody."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    leave_alone_in_the_record_namespace(stack)
    outcome = stack.teardown()
    assert (outcome.residue, outcome.unseen) == ((), ())
    assert stack.client.get("/api/v1/namespaces/stackctl-system") is None


def test_what_others_have_copied_is_theirs_label_and_all(stack):
    """In a namespace of the stack, which stays for it, or of a kind of its own."""
    definition = stack.definition("widgets", "Widget")
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), definition))
    path = f"/api/v1/namespaces/{stack.name}/configmaps"
    labels = stack.get("configmaps/x")["metadata"]["labels"]
    for copy in ("copy", "x"):
        stack.client.delete(f"{path}/{copy}")
        theirs = stack.config(copy)
        theirs["metadata"]["labels"] = labels
        stack.client.create(path, theirs)
    widgets = f"/apis/{stack.name}.example.com/v1/namespaces/{stack.name}/widgets"
    widget = stack.custom("Widget", "mine")
    widget["metadata"]["labels"] = labels
    stack.client.create(widgets, widget)
    with pytest.raises(ConflictError, match=f"Widget.*/{stack.name}/mine"):
        stack.teardown()
    found = stack.teardown(keep_crds=True)
    assert stack.get("configmaps/copy") is not None
    assert stack.get("configmaps/x") is not None
    why = {each.ref.kind: each.why for each in found.kept}
    assert why["Namespace"].startswith("holds ")
    assert why["ConfigMap"] == "has the stack's label, and was not made by it"
    for left in (
        f"/api/v1/namespaces/{stack.name}",
        stack.connection.discovery.path_of(definition),
    ):
        stack.client.delete(left)


def test_what_is_written_on_a_namespace_that_stays_is_nobodys_to_take_off(stack):
    """A teardown clears what it wrote itself; who wrote the rest the API server then forgets."""
    path = f"/api/v1/namespaces/{stack.name}"
    stack.client.create("/api/v1/namespaces", stack.namespace())
    part = stack.part("a", stack.namespace(), stack.config("x"))
    stack.deploy(part)
    stack.teardown()
    write_as(stack.client, "kubectl-label", path, {"metadata": {"labels": {"team": "x"}}})
    stack.deploy(part)
    recording.forget(stack.client, stack.id)
    changed = stack.deploy(part).plan
    assert [each.ref.kind for each in changed.changes if each.action is not Action.UNCHANGED] == []
    more = stack.namespace() | {"metadata": {"name": stack.name, "annotations": {"a": "b"}}}
    stack.deploy(stack.part("a", more, stack.config("x")))
    assert stack.client.get(path)["metadata"]["labels"]["team"] == "x"
    stack.teardown()
    stack.client.delete(path)
