"""What a cluster must have before anything is touched."""

from dataclasses import replace

import pytest

from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.versions import satisfies
from stackctl.model.plan.preflight import GPU, Facts, Node, Topic, check, unchecked


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
