"""In which order objects leave, and which must stay."""

from typing import Any

import pytest

from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL, Ref
from stackctl.model.ownership.ownership import HELM_RELEASE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.node_marks import (
    noted_taints,
    unmarking_patch,
    untainting_patch,
    withdrawing_patch,
)
from stackctl.model.plan.removal import (
    UNSURE,
    RemovalPhase,
    Survey,
    batches,
    cannot_list,
    foreign,
    matches,
    spared,
    stays_by_itself,
)
from stackctl.model.release.release import Provenance

NAMESPACE = Ref("", "Namespace", "", "ml")
CLAIM = Ref("", "PersistentVolumeClaim", "ml", "data")
DEFINITION = Ref("apiextensions.k8s.io", "CustomResourceDefinition", "", "jobs.e.dev")
JOB = Ref("e.dev", "Job", "team", "theirs")
CONFIG = Ref("", "ConfigMap", "ml", "theirs")
NOTHING = Survey({}, {}, {})


def kept(refs: list[Ref], survey: Survey = NOTHING, **options: Any) -> dict[Ref, str]:
    options = {"made": Provenance(created=frozenset(refs))} | options
    return {each.ref: each.why for each in spared(refs, survey, **options)}


def test_objects_leave_in_the_safe_order():
    """Policies first, custom resources while controllers run, webhooks before workloads."""
    admission = "admissionregistration.k8s.io"
    refs = [
        DEFINITION,
        NAMESPACE,
        Ref("", "Service", "other", "s"),
        Ref("apps", "Deployment", "ml", "d"),
        Ref(admission, "ValidatingWebhookConfiguration", "", "w"),
        Ref(admission, "ValidatingAdmissionPolicyBinding", "", "b"),
        Ref("e.dev", "Job", "ml", "ours"),
    ]
    assert [(batch.phase, [ref.kind for ref in batch.refs]) for batch in batches(refs)] == [
        (RemovalPhase.POLICIES, ["ValidatingAdmissionPolicyBinding"]),
        (RemovalPhase.CUSTOM_RESOURCES, ["Job"]),
        (RemovalPhase.WEBHOOKS, ["ValidatingWebhookConfiguration"]),
        (RemovalPhase.WORKLOADS, ["Deployment"]),
        (RemovalPhase.REST, ["Service"]),
        (RemovalPhase.DEFINITIONS, ["CustomResourceDefinition", "Namespace"]),
    ]


def test_what_is_in_a_namespace_that_goes_leaves_with_it():
    """Nothing but workloads and what needs them is worth a phase before that of the namespace."""
    service, deployment = Ref("", "Service", "ml", "s"), Ref("apps", "Deployment", "ml", "d")
    workloads, definitions = batches([NAMESPACE, service, deployment])
    assert workloads.refs == (deployment,)
    assert definitions.refs == (NAMESPACE, service)
    assert definitions.inside == (service,)


def test_namespaces_begin_to_go_with_the_workloads():
    """Kubernetes takes its time over them; where no workload goes they wait for their own turn."""
    deployment = Ref("apps", "Deployment", "ml", "d")
    assert [batch.early for batch in batches([NAMESPACE, deployment])] == [(NAMESPACE,), ()]
    assert [batch.early for batch in batches([NAMESPACE, DEFINITION])] == [()]


def test_nothing_is_spared_without_a_reason():
    """A namespace we made and that is empty goes, and so does an unused definition."""
    assert kept([NAMESPACE, DEFINITION, CONFIG]) == {}


def test_claims_stay_unless_their_data_may_go():
    """A volume claim holds data until the user says otherwise."""
    assert kept([CLAIM]) == {CLAIM: "holds data"}
    assert kept([CLAIM], delete_data=True) == {}


def test_a_namespace_stays_with_what_stays_in_it():
    """To delete it would delete what stays."""
    inside = Ref("", "PersistentVolumeClaim", NAMESPACE.name, "data")
    assert kept([NAMESPACE, inside]) == {
        inside: "holds data",
        NAMESPACE: f"holds what stays: {inside}",
    }
    assert kept([NAMESPACE, inside], delete_data=True) == {}


def test_claims_that_nobody_applied_are_named_each_where_the_namespace_is_the_stacks():
    """StatefulSets make them, and users; in a namespace of others they are theirs."""
    made = tuple(Ref("", "PersistentVolumeClaim", NAMESPACE.name, f"data-{n}") for n in range(5))
    survey = Survey({}, {NAMESPACE.name: made}, {NAMESPACE.name: made})
    found = kept([NAMESPACE], survey)
    assert [found[each] for each in made] == ["holds data"] * 5
    assert found[NAMESPACE].startswith(f"holds what stays: {made[0]}")
    assert kept([NAMESPACE], survey, delete_data=True) == {}
    assert set(kept([NAMESPACE], survey, made=Provenance())) == {NAMESPACE}


def test_what_says_that_it_stays_does():
    """As Helm understands it, and until data may go."""
    assert set(kept([CONFIG], asked={CONFIG})) == {CONFIG}
    assert kept([CONFIG], asked={CONFIG}, delete_data=True) == {}
    keep = {"metadata": {"annotations": {"helm.sh/resource-policy": "keep"}}}
    assert stays_by_itself(keep)
    assert not stays_by_itself({"metadata": {}})


def test_a_namespace_that_was_there_before_stays():
    """Only what we created may be deleted whole."""
    assert kept([NAMESPACE], made=Provenance()) == {NAMESPACE: "was there before the stack"}


def test_a_namespace_of_which_nobody_knows_stays_and_nothing_is_claimed_of_it():
    """Its record is lost: it may have been there before, or not."""
    unsure = Provenance(unsure=frozenset({NAMESPACE}))
    assert kept([NAMESPACE], made=unsure) == {NAMESPACE: UNSURE}


def test_kubernetes_own_namespaces_always_stay():
    """`default` and `kube-*` are never deleted, whatever the record says."""
    names = ("default", "kube-system", "kube-anything")
    refs = [Ref("", "Namespace", "", name) for name in names]
    assert set(kept(refs)) == set(refs)


def test_a_namespace_with_strangers_stays_and_names_them():
    """Somebody else's object keeps its namespace."""
    survey = Survey({}, {"ml": (CONFIG,)}, {})
    assert "ConfigMap/ml/theirs" in kept([NAMESPACE], survey)[NAMESPACE]


def test_a_definition_with_users_objects_stays_unless_their_data_may_go():
    """Deleting a definition would delete every instance."""
    survey = Survey({"jobs.e.dev": (JOB,)}, {}, {})
    assert "Job/team/theirs" in kept([DEFINITION], survey)[DEFINITION]
    assert kept([DEFINITION], survey, delete_data=True) == {}
    assert set(kept([DEFINITION], keep_definitions=True)) == {DEFINITION}


def test_what_may_hold_more_than_we_may_see_stays():
    """Neither a definition nor a namespace goes unseen, whatever may be deleted."""
    hidden = {DEFINITION: cannot_list(["jobs.e.dev"]), NAMESPACE: cannot_list([*"abcde"])}
    for delete_data in (False, True):
        assert kept([*hidden], Survey({}, {}, {}, hidden), delete_data=delete_data) == {
            DEFINITION: "cannot list jobs.e.dev",
            NAMESPACE: "cannot list a, b, c and 2 more kinds",
        }


def test_what_is_foreign_in_a_namespace():
    """Ours, owned, ordinary and declared objects are not; everything else is."""
    label = {MANAGED_BY: "stackctl", STACK_LABEL: "ml"}
    owned = [{"uid": "u"}]
    lease = Ref("coordination.k8s.io", "Lease", "ml", "leader")
    root = Ref("", "ConfigMap", "ml", "kube-root-ca.crt")
    declared = Ref("", "Secret", "ml", "certs")
    assert foreign({"metadata": {}}, CONFIG, StackId("ml"), ())
    assert foreign({"metadata": {"labels": label}}, CONFIG, StackId("other"), ())
    assert foreign({"metadata": {"labels": label}}, CONFIG, StackId("ml"), ())  # a copy
    entry = {"manager": "stackctl/ml", "operation": "Apply", "fieldsV1": {}}
    written = {"labels": label, "managedFields": [entry]}
    assert not foreign({"metadata": written}, CONFIG, StackId("ml"), ())
    helm = {"labels": label | {MANAGED_BY: "Helm"}, "annotations": {HELM_RELEASE: "r"}}
    assert foreign({"metadata": helm}, CONFIG, StackId("ml"), ())
    assert not foreign({"metadata": {"ownerReferences": owned}}, CONFIG, StackId("ml"), ())
    assert not foreign({"metadata": {}}, lease, StackId("ml"), ())
    assert not foreign({"metadata": {}}, root, StackId("ml"), ())
    assert not foreign({"metadata": {}}, declared, StackId("ml"), (declared,))


def test_leftovers_may_be_patterns():
    """A star stands for any name or namespace, never for another kind."""
    pattern = Ref("", "NodeFeature", "*", "*")
    assert matches(pattern, Ref("nfd.k8s-sigs.io", "NodeFeature", "nfd", "node-1"))
    assert not matches(pattern, Ref("nfd.k8s-sigs.io", "NodeFeatureRule", "", "x"))


def test_a_programs_marks_on_a_node_are_found_by_who_wrote_them():
    """Labels of others stay, whatever they are called."""
    node = {
        "metadata": {
            "managedFields": [
                {
                    "manager": "nfd-master",
                    "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:feature/pci": {}}}},
                },
                {"manager": "kubelet", "fieldsV1": {"f:metadata": {"f:labels": {"f:os": {}}}}},
            ]
        }
    }
    assert unmarking_patch(node, {"nfd-master"}) == {"metadata": {"labels": {"feature/pci": None}}}
    assert unmarking_patch(node, {"gone"}) is None


def entry(fields, manager="nfd-master"):
    """One of the server's notes on who wrote what."""
    return {"manager": manager, "fieldsV1": fields}


def test_extended_resources_go_from_capacity_and_what_can_be_allocated():
    """Those of others stay."""
    mine = entry({"f:status": {"f:capacity": {"f:example.com/cards": {}}}})
    theirs = entry({"f:status": {"f:capacity": {"f:nvidia.com/gpu": {}}}}, "kubelet")
    node = {"metadata": {"managedFields": [mine, theirs]}}
    gone = {"example.com/cards": None}
    assert withdrawing_patch(node, {"nfd-master"}) == {
        "status": {"capacity": gone, "allocatable": gone}
    }
    assert withdrawing_patch(node, {"gone"}) is None


@pytest.mark.parametrize(
    ("manager", "noted"),
    [("nfd-master", {"cards=old:NoSchedule", "slow:NoExecute"}), ("somebody", set())],
)
def test_taints_are_a_programs_by_its_own_annotation(manager, noted):
    """What others write under such a name takes no taint off a node."""
    name = "nfd.node.kubernetes.io/taints"
    fields: dict[str, Any] = {"f:metadata": {"f:annotations": {f"f:{name}": {}}}}
    text = "cards=old:NoSchedule,slow:NoExecute"
    meta = {"annotations": {name: text}, "managedFields": [entry(fields, manager)]}
    assert noted_taints({"metadata": meta}, {"nfd-master"}) == noted


def test_other_taints_stay_and_a_changed_node_is_left():
    """The version in the patch makes the server refuse it once the node has moved on."""
    mine = {"key": "cards", "value": "old", "effect": "NoSchedule"}
    theirs = mine | {"effect": "NoExecute"}
    node = {"metadata": {"resourceVersion": "7"}, "spec": {"taints": [mine, theirs]}}
    seen = {"resourceVersion": "7"}
    patch = {"metadata": seen, "spec": {"taints": [theirs]}}
    assert untainting_patch(node, {"cards=old:NoSchedule"}) == patch
    both = {"cards=old:NoSchedule", "cards=old:NoExecute"}
    assert untainting_patch(node, both) == {"metadata": seen, "spec": {"taints": None}}
    assert untainting_patch(node, {"other:NoSchedule"}) is None
