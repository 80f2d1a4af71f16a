"""What a cluster must have before anything is touched."""

from dataclasses import replace

import pytest

from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import ref_of
from stackctl.model.objects.versions import satisfies
from stackctl.model.plan.preflight import Facts, Node, ServedKinds, Topic, check, unchecked
from stackctl.model.readiness.accelerators import NVIDIA as GPU
from stackctl.model.shapes.ready_rules import ReadyRule


def facts(*gpus: int, version: str = "v1.36.3", storage: bool = True) -> Facts:
    nodes = tuple(Node(f"n{i}", {GPU: str(n)} if n else {}, {}) for i, n in enumerate(gpus))
    return Facts(version, nodes, ("standard",), storage, frozenset({"default"}))


def bundle(needs: Needs, *namespaces: str) -> Bundle:
    objects = tuple(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": each}}
        for each in namespaces
    )
    return Bundle("p", (BundleComponent("a", "1", "ml", objects),), needs)


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("v1.36.3", ">=1.30", True),
        ("v1.29.9", ">=1.30", False),
        ("v1.36.3", "<=1.36", True),
        ("v1.36.3", ">=1.30,<1.36", False),
        ("v1.36.3-gke.100", "==1.36.3", True),
        ("v1.36.3", "1.36", True),
        ("v1.36.3", "about 1.36", False),
        ("nonsense", ">=1.30", False),
    ],
)
def test_versions_are_compared_as_precisely_as_the_bound_is_written(version, wanted, expected):
    """A bound of two numbers means every patch of that minor."""
    assert satisfies(version, wanted) is expected


def test_a_cluster_that_has_everything_passes():
    """No findings."""
    needs = Needs(">=1.30", GpuNeeds(2, 8), storageClass=True)
    assert check(bundle(needs), facts(8, 8)) == ()


def test_all_findings_come_at_once():
    """The version, the missing node and the storage class are told together."""
    needs = Needs(">=1.40", GpuNeeds(3, 8), storageClass=True)
    subjects = [each.subject for each in check(bundle(needs), facts(8, 8, storage=False))]
    assert subjects == ["kubernetes", "gpu", "storage"]


def test_nodes_with_too_few_gpus_are_named():
    """A four-GPU node is not what an eight-GPU profile expects; an unknown one may still be."""
    (finding,) = check(bundle(Needs(gpu=GpuNeeds(1, 8))), facts(4, 0, 8))
    assert finding.subject == "node n0"


def test_a_namespace_of_others_must_be_there():
    """Jobs run in a namespace that we do not make: it is named, with the component."""
    (finding,) = check(bundle(Needs(), "default", "team-a"), facts())
    assert (finding.subject, "a has objects" in finding.message) == ("namespace team-a", True)


def test_what_may_not_be_looked_at_is_said_and_not_missing():
    """Nothing is found to be missing that could not be looked for, and only what is needed said."""
    hidden = {Topic.NODES: "cannot list nodes", Topic.CLASSES: "cannot list storageclasses"}
    blind = replace(facts(storage=False), hidden=hidden)
    needy = bundle(Needs(gpu=GpuNeeds(nodes=2, perNode=8), storageClass=True))
    assert check(needy, blind) == ()
    assert list(unchecked(needy, blind)) == [
        "GPU nodes are not checked: cannot list nodes",
        "storage classes are not checked: cannot list storageclasses",
    ]
    assert list(unchecked(bundle(Needs()), blind)) == []
    assert list(unchecked(needy, facts(8, 8))) == []


OWN = {"apiVersion": "g.io/v1", "kind": "Own", "metadata": {"name": "a", "namespace": "default"}}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "owns.g.io"},
    "spec": {"group": "g.io", "scope": "Namespaced", "names": {"kind": "Own"}},
}
SERVER: dict[str, object] = {
    "apiVersion": "apiregistration.k8s.io/v1",
    "kind": "APIService",
    "metadata": {"name": "v1.g.io"},
    "spec": {"group": "g.io"},
}
SERVED = ServedKinds(
    {
        ("policy", "PodDisruptionBudget"): ("policy/v1",),
        ("apiextensions.k8s.io", "CustomResourceDefinition"): ("apiextensions.k8s.io/v1",),
        ("apiregistration.k8s.io", "APIService"): ("apiregistration.k8s.io/v1",),
    }
)


def lacking(*parts: BundleComponent, served: ServedKinds = SERVED) -> list[str]:
    """Return what is said of kinds that are not served."""
    found = check(Bundle("p", parts), replace(facts(), served=served))
    return [f"{each.subject}: {each.message}" for each in found]


def test_a_version_that_is_not_served_is_named_with_the_one_that_is():
    """A built-in kind does not come with any operator."""
    budget: dict[str, object] = {
        "apiVersion": "policy/v1beta1",
        "kind": "PodDisruptionBudget",
    }
    budget |= {"metadata": {"name": "a", "namespace": "default"}}
    before = BundleComponent("before", "1", "ml", ())
    part = BundleComponent("a", "1", "ml", (budget,), needs=frozenset({"before"}))
    (found,) = lacking(before, part)
    assert found.startswith("a: PodDisruptionBudget/default/a: PodDisruptionBudget of ")
    assert found.endswith("policy/v1beta1 is not served; policy/v1 is")


def test_a_kind_that_nothing_brings_is_refused():
    """Also where what would bring it is external and has not."""
    (alone,) = lacking(BundleComponent("a", "1", "ml", (OWN,)))
    assert alone.startswith("a: Own/default/a: Own of g.io/v1 is not served; no component")
    outside = BundleComponent("op", "1", "ml", (), mode=Mode.EXTERNAL)
    assert lacking(outside, BundleComponent("a", "1", "ml", (OWN,), needs=frozenset({"op"})))


@pytest.mark.parametrize("brought", [DEFINITION, SERVER])
def test_a_kind_that_the_stack_brings_is_waited_for(brought):
    """By a definition or a server in any component."""
    other = BundleComponent("b", "1", "ml", (brought,))
    assert lacking(BundleComponent("a", "1", "ml", (OWN,)), other) == []


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ({}, 1),  # that it comes before says nothing of what it brings
        ({"rules": {"Other.g.io": ReadyRule(("Ready",))}}, 1),
        ({"rules": {"Own.g.io": ReadyRule(("Ready",))}}, 0),
        ({"leftovers": (ref_of(DEFINITION),)}, 0),
    ],
)
def test_a_kind_that_an_operator_brings_is_waited_for_where_its_component_says_so(declared, found):
    """In the rules for its readiness, or in what is left of it in the end."""
    operator = BundleComponent("op", "1", "ml", (), **declared)
    part = BundleComponent("a", "1", "ml", (OWN,), needs=frozenset({"op"}))
    assert len(lacking(operator, part)) == found


def test_a_group_whose_server_is_silent_may_serve_anything():
    """Nothing is concluded from no answer."""
    silent = replace(SERVED, silent=frozenset({"g.io"}))
    assert lacking(BundleComponent("a", "1", "ml", (OWN,)), served=silent) == []


SKU = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}


def managed(*tolerations: dict[str, str]) -> Bundle:
    """Make a bundle with a DaemonSet for GPU nodes."""
    pod = {
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}, *tolerations],
        "containers": [],
    }
    daemons = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "plugin", "namespace": "default"},
        "spec": {"template": {"spec": pod}},
    }
    return Bundle("p", (BundleComponent("a", "1", "ml", (daemons,)),), Needs(gpu=GpuNeeds(1, 8)))


def tainted(name: str, taint: dict[str, str] = SKU, **more: str) -> Node:
    return Node(name, {GPU: more.pop("gpus")} if "gpus" in more else {}, more, taints=(taint,))


def test_a_taint_of_all_gpu_nodes_is_named_with_the_setting_that_tolerates_it():
    """Before anything is touched, once for all nodes that have it."""
    nodes = (tainted("gpu-0"), tainted("gpu-1"), Node("cpu-0", {}, {}))
    (finding,) = check(managed(), replace(facts(), nodes=nodes))
    assert "2 nodes have the taint sku=gpu:NoSchedule (gpu-0, gpu-1)" in finding.message
    assert "settings: {tolerations: {accelerated: [{key: sku" in finding.hint
    tolerant = managed({"key": "sku", "operator": "Exists"})
    assert check(tolerant, replace(facts(), nodes=nodes)) == ()


def test_a_taint_matters_only_where_too_few_nodes_are_left():
    """Others may keep a node for themselves, and one that offers GPUs is in use already."""
    present = {"nvidia.com/gpu.present": "true"}
    for nodes in (
        (tainted("gpu-0"), Node("gpu-1", {}, present)),
        (tainted("gpu-0", gpus="8"),),
        (tainted("cpu-0", {"key": "team", "effect": "NoSchedule"}), Node("cpu-1", {}, {})),
    ):
        assert check(managed(), replace(facts(), nodes=nodes)) == ()


def test_other_makers_are_asked_for_by_name():
    """GPUs of one maker are none of another's; TPUs come with their nodes, or not at all."""
    amd = Node("amd-0", {"amd.com/gpu": "8"}, {})
    tpu = Node("tpu-0", {"google.com/tpu": "4"}, {})
    seen = replace(facts(), nodes=(amd, tpu))

    def asked(resource: str, nodes: int, each: int) -> list[str]:
        needs = Needs(gpu=GpuNeeds(nodes, each, resource))
        return [finding.message for finding in check(bundle(needs), seen)]

    assert asked("amd.com/gpu", 1, 8) == []
    assert asked("amd.com/gpu", 1, 16) == ["8 amd.com/gpu allocatable, the profile expects 16"]
    assert asked("google.com/tpu", 1, 4) == []
    assert asked("google.com/tpu", 2, 4) == [
        "2 nodes with it needed, 1 there; nothing of a stack brings it"
    ]
    assert asked(GPU, 2, 8) == []  # a fresh node's are not known before its plugin runs


def test_a_taint_for_gpus_of_another_maker_keeps_no_gpu_away():
    """Nodes of AMD with a taint of AMD's are not those that NVIDIA's Pods are meant for."""
    taint = {"key": "amd.com/gpu", "effect": "NoSchedule"}
    nodes = (tainted("amd-0", taint), Node("gpu-0", {}, {"nvidia.com/gpu.present": "true"}))
    assert check(managed(), replace(facts(), nodes=nodes)) == ()
