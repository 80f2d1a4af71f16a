"""Taking objects over from Helm and kubectl, and giving them back, on a real API server."""

import json

import pytest

from stackctl.actions.adopt import adopt
from stackctl.actions.deploy import deploy
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.record import releases
from stackctl.errors import ConflictError, UsageError
from stackctl.model.catalogue.component import Mode
from stackctl.model.objects.refs import COMPONENT_LABEL, MANAGED_BY, STACK_LABEL
from stackctl.model.ownership.managed_fields import LAST_APPLIED
from stackctl.model.plan.plan import Action
from stackctl.model.run.events import Notice
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack, write_as

QUICK = RunOptions(timeout=60.0, holder="tester@here")
HELM = {"meta.helm.sh/release-name": "r", "meta.helm.sh/release-namespace": "n"}


def install(stack: Stack, manager: str, name: str = "x", *, apply: bool = False, **data: str):
    """Put a ConfigMap there the way another installer would."""
    path = f"/api/v1/namespaces/{stack.name}"
    if stack.client.get(path) is None:
        stack.client.create("/api/v1/namespaces", stack.namespace())
    theirs = stack.config(name, **data)
    if manager == "helm":
        theirs["metadata"] |= {"annotations": HELM, "labels": {MANAGED_BY: "Helm"}}
    if manager == "kubectl-client-side-apply":
        theirs["metadata"] |= {"annotations": {LAST_APPLIED: json.dumps(theirs)}}
    if apply:
        stack.client.apply(f"{path}/configmaps/{name}", theirs, manager=manager)
        return
    stack.client.request(
        "POST",
        f"{path}/configmaps",
        query={"fieldManager": manager},
        body=json.dumps(theirs).encode(),
    )


def managers(stack: Stack, name: str = "x") -> list[tuple[str, str]]:
    entries = (stack.get(f"configmaps/{name}") or {})["metadata"].get("managedFields", [])
    return [(each["manager"], each["operation"]) for each in entries]


def adopted(stack: Stack, **data: str):
    config = stack.config("x", **data)
    return stack.part("a", stack.namespace(), config, mode=Mode.ADOPTED)


@pytest.mark.parametrize(
    ("manager", "apply"),
    [("kubectl-client-side-apply", False), ("helm", False), ("helm", True), ("kubectl", True)],
    ids=["kubectl-apply", "helm-3", "helm-4", "kubectl-server-side"],
)
def test_what_we_do_not_have_goes_and_nobody_else_claims_anything(stack, manager, apply):
    """The plan says which fields leave, they do, and the former manager has no claim left."""
    install(stack, manager, apply=apply, key="theirs", extra="1")
    outcome = stack.deploy(adopted(stack, key="ours"))
    (change,) = (c for c in outcome.plan.changes if c.ref.name == "x")
    assert change.action is Action.ADOPT
    assert {"data.key", "data.extra"} <= {each.path for each in change.differences}
    live = stack.get("configmaps/x")
    assert live["data"] == {"key": "ours"}
    assert managers(stack) == [(stack.id.manager, "Apply")]
    assert set(live["metadata"].get("annotations", {})) & {LAST_APPLIED, *HELM} == set()
    assert live["metadata"]["labels"][MANAGED_BY] == "stackctl"


def made_by_kubectl(stack: Stack, path: str, manifest) -> None:
    """Create an object as `kubectl create` does, which claims the server's defaults as well."""
    stack.client.request(
        "POST",
        path,
        query={"fieldManager": "kubectl-create"},
        body=json.dumps(manifest).encode(),
    )


def test_an_adoption_announces_what_goes_and_no_default_that_comes_again(stack):
    """What kubectl made has the server's defaults among kubectl's fields; they stay as they are."""
    stack.client.create("/api/v1/namespaces", stack.namespace())
    theirs = stack.deployment("x", revisionHistoryLimit=3)
    theirs["spec"]["template"]["spec"] |= {"terminationGracePeriodSeconds": 5}
    made_by_kubectl(stack, f"/apis/apps/v1/namespaces/{stack.name}/deployments", theirs)
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    service = stack.object("v1", "Service", "x") | {"spec": {"ports": ports}}
    made_by_kubectl(stack, f"/api/v1/namespaces/{stack.name}/services", service)
    plan = stack.deploy(
        stack.part("a", stack.namespace(), stack.deployment("x"), service, mode=Mode.ADOPTED)
    ).plan
    found = {
        change.ref.kind: {
            (each.path, each.old, each.new)
            for each in change.differences
            if not each.path.startswith("metadata.")
        }
        for change in plan.changes
    }
    assert found["Deployment"] == {
        ("spec.revisionHistoryLimit", 3, 10),
        ("spec.template.spec.terminationGracePeriodSeconds", 5, 30),
    }
    assert found["Service"] == set()
    assert {c.reason for c in plan.changes if c.ref.kind != "Namespace"} == {"from kubectl-create"}
    live = stack.client.get(f"/apis/apps/v1/namespaces/{stack.name}/deployments/x")
    assert live["spec"]["revisionHistoryLimit"] == 10


def test_who_made_an_object_that_nobody_signed_is_read_from_its_fields(stack):
    """The API server knows who wrote it, though nothing on it says whose it is."""
    install(stack, "kubectl-create", key="1")
    with pytest.raises(ConflictError) as refusal:
        stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    assert f"  ConfigMap/{stack.name}/x (a): made by kubectl-create" in str(refusal.value)
    assert "stackctl adopt a --profile test" in refusal.value.hint


def test_a_field_removed_later_really_goes(stack):
    """The former manager would have kept it for ever."""
    install(stack, "kubectl-client-side-apply", key="1", more="1")
    stack.deploy(adopted(stack, key="1", more="1"))
    stack.deploy(adopted(stack, key="1"))
    assert stack.get("configmaps/x")["data"] == {"key": "1"}


def test_what_the_plan_predicts_is_what_comes(stack):
    """After the adoption nothing is left to change."""
    install(stack, "helm", key="theirs", extra="1")
    stack.deploy(adopted(stack, key="ours"))
    assert stack.deploy(adopted(stack, key="ours")).plan.empty


def test_our_own_updates_of_the_past_are_ours(stack):
    """A field written without server-side apply, under our own name, leaves like any other."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x", key="1")))
    stack.client.patch(
        f"/api/v1/namespaces/{stack.name}/configmaps/x", {"data": {"key": "0", "stray": "1"}}
    )
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x", key="2")))
    assert stack.get("configmaps/x")["data"] == {"key": "2"}
    assert managers(stack) == [(stack.id.manager, "Apply")]


def test_what_a_person_added_stays(stack):
    """An edit is no installation; nobody asked for its end."""
    install(stack, "kubectl-client-side-apply", key="1")
    write_as(
        stack.client,
        "kubectl-edit",
        f"/api/v1/namespaces/{stack.name}/configmaps/x",
        {"data": {"note": "mine"}},
    )
    stack.deploy(adopted(stack, key="1"))
    assert stack.get("configmaps/x")["data"] == {"key": "1", "note": "mine"}


def test_the_user_is_told_what_helm_still_believes(stack):
    """Its release would take the objects along; the command that makes it forget is named."""
    install(stack, "helm", key="1")
    stack.deploy(adopted(stack, key="1"))
    (said,) = (each.text for each in stack.told if isinstance(each, Notice))
    assert "release n/r" in said
    assert "kubectl delete secret,configmap -n n -l owner=helm,name=r" in said


@pytest.fixture
def shelf(stack, tmp_path):
    """A catalogue with two components, one of which is there by other means."""
    made = Shelf(tmp_path, stack.name)
    made.put("theirs", "1.0.0", stack.namespace(), stack.config("x", key="1"), provides=["thing"])
    home = f"{stack.name}-mine"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}}
    config = stack.config("y")
    config["metadata"]["namespace"] = home
    made.put("mine", "1.0.0", namespace, config, namespace=home, requires=["thing"])
    return made


def mine(stack: Stack):
    return stack.client.get(f"/api/v1/namespaces/{stack.name}-mine/configmaps/y")


def take(stack: Stack, shelf: Shelf, component: str):
    return adopt(
        component,
        shelf.request(),
        stack.connection,
        agree=lambda *_: True,
        notify=stack.tell,
        options=QUICK,
    )


def put(stack: Stack, shelf: Shelf, stack_file=None):
    return deploy(
        shelf.request(stack_file),
        stack.connection,
        agree=lambda *_: True,
        notify=stack.tell,
        options=QUICK,
    )


def test_adopting_one_component_touches_no_other(stack, shelf):
    """It becomes a stack of that component, which a deploy completes."""
    install(stack, "kubectl-client-side-apply", key="0")
    outcome = take(stack, shelf, "theirs")
    assert outcome.release.components == {"theirs": "1.0.0"}
    bundle = releases.bundle_of(stack.client, outcome.release)
    assert [part.mode for part in bundle.components] == [Mode.ADOPTED]
    assert mine(stack) is None
    assert put(stack, shelf).plan.counts[Action.CREATE] == 2


def test_a_component_that_is_not_there_cannot_be_adopted(stack, shelf):
    """Nor one that the profile does not have."""
    with pytest.raises(ConflictError, match="nothing to adopt"):
        take(stack, shelf, "theirs")
    with pytest.raises(UsageError, match=r"not part of profile shelf \(there: mine, theirs\)"):
        take(stack, shelf, "other")


def modes(shelf: Shelf, tmp_path, **components: str):
    """Write a stack file that gives components a mode."""
    path = tmp_path / "stack.yaml"
    lines = [f"    {name}: {{mode: {mode}}}" for name, mode in components.items()]
    path.write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Stack\n"
        f"metadata: {{name: {shelf.stack}}}\nspec:\n  profile: shelf\n  components:\n"
        + "\n".join(lines)
    )
    return path


def test_modes_of_a_stack_file_decide_who_looks_after_a_component(stack, shelf, tmp_path):
    """External: not ours, but counted on. Adopted: taken over. Skip: not there at all."""
    install(stack, "helm", key="0")
    with pytest.raises(ConflictError, match="Helm release n/r"):
        put(stack, shelf, modes(shelf, tmp_path, theirs="managed"))
    put(stack, shelf, modes(shelf, tmp_path, theirs="external"))
    assert stack.get("configmaps/x")["data"] == {"key": "0"}
    assert mine(stack) is not None
    put(stack, shelf, modes(shelf, tmp_path, theirs="adopted"))
    assert stack.get("configmaps/x")["data"] == {"key": "1"}
    put(stack, shelf, modes(shelf, tmp_path, mine="skip"))
    assert mine(stack) is None


def test_a_component_given_to_somebody_else_stays_and_is_no_longer_ours(stack, shelf, tmp_path):
    """From managed to external nothing is deleted; our labels and claims go; teardown leaves it."""
    put(stack, shelf)
    outcome = put(stack, shelf, modes(shelf, tmp_path, theirs="external"))
    assert outcome.plan.counts[Action.RELEASE] == 2
    live = stack.get("configmaps/x")
    assert live["data"] == {"key": "1"}
    assert managers(stack) == []
    left = {MANAGED_BY, STACK_LABEL, COMPONENT_LABEL} & live["metadata"].get("labels", {}).keys()
    assert left == set()
    assert {entry.component for entry in outcome.release.inventory} == {"mine"}
    assert stack.teardown().residue == ()
    assert stack.get("configmaps/x") is not None
