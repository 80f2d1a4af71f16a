"""Which rules of a component apply to an upgrade, and what stands out of its plan."""

import pytest

from stackctl.errors import ConflictError
from stackctl.model.catalogue.component import UpgradeRule
from stackctl.model.objects.crd_changes import schema_changes
from stackctl.model.objects.deprecations import retiring
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.objects.versions import is_older
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.plan.upgrades import UpgradeVerdict, passages, require_allowed
from stackctl.model.plan.warnings import Attention, WarningTopic, volumes_left, worth_knowing
from stackctl.model.release.history import VersionChange

RULES = {
    "spark": (
        UpgradeRule("<2.0.0", "manual", "two Deployments now", ("remove the old one",)),
        UpgradeRule("<2.4.0", "allowed", "names are checked"),
        UpgradeRule("<1.0.0", "forbidden", "the API is another", ("go by 1.4 first",)),
    )
}


@pytest.mark.parametrize(
    ("before", "verdict"),
    [
        ("2.3.1", UpgradeVerdict.ALLOWED),
        ("1.4.0", UpgradeVerdict.MANUAL),
        ("0.9.0", UpgradeVerdict.FORBIDDEN),
    ],
)
def test_the_gravest_rule_decides(before, verdict):
    """A version can be in several ranges."""
    (found,) = passages([VersionChange("spark", before, "2.5.2")], RULES)
    assert found.verdict is verdict


@pytest.mark.parametrize(
    "change",
    [
        VersionChange("spark", "2.5.0", "2.5.2"),  # in no range
        VersionChange("spark", "1.0.0", "1.0.0"),  # stays
        VersionChange("spark", "", "2.5.2"),  # comes
        VersionChange("spark", "1.0.0", ""),  # leaves
        VersionChange("other", "1.0.0", "2.0.0"),  # has no rules
    ],
    ids=str,
)
def test_what_no_rule_is_for_passes(change):
    """Only a component that goes from one version to another asks its rules."""
    assert passages([change], RULES) == ()


def test_a_forbidden_way_is_refused_with_its_reason_and_steps():
    """The user learns what would be possible instead."""
    found = passages([VersionChange("spark", "0.9.0", "2.5.2")], RULES)
    with pytest.raises(ConflictError, match=r"(?s)spark 0\.9\.0 → 2\.5\.2: the API.*go by 1\.4"):
        require_allowed(found)
    require_allowed(passages([VersionChange("spark", "1.4.0", "2.5.2")], RULES))


def schema(**properties) -> Manifest:
    return {"type": "object", "properties": properties}


def definition(
    *versions: tuple[str, Manifest], storage: str, served: tuple[str, ...] = ()
) -> Manifest:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "versions": [
                {
                    "name": name,
                    "served": not served or name in served,
                    "storage": name == storage,
                    "schema": {"openAPIV3Schema": each},
                }
                for name, each in versions
            ]
        },
    }


TEXT = {"type": "string"}


def test_versions_and_storage_of_a_definition_are_compared():
    """What comes, goes, is no longer served, and where objects are stored from now on."""
    live = definition(("v1alpha1", {}), ("v1beta1", {}), ("v1", {}), storage="v1beta1")
    wanted = definition(("v1beta1", {}), ("v1", {}), ("v2", {}), storage="v1", served=("v1", "v2"))
    assert list(schema_changes(live, wanted)) == [
        "adds version v2",
        "no longer has version v1alpha1",
        "no longer serves v1beta1",
        "stores objects as v1 instead of v1beta1",
    ]


def test_fields_of_a_definition_are_compared():
    """Fields that go, change their type or become required concern objects that are there."""
    live = schema(
        gone=TEXT,
        kept=schema(inner=TEXT, lost=TEXT),
        typed=TEXT,
        items={"type": "array", "items": schema(a=TEXT)},
    )
    wanted = schema(
        kept=schema(inner=TEXT, new=schema(x=TEXT) | {"required": ["x"]}),
        typed={"type": "integer"},
        items={"type": "array", "items": schema()},
    ) | {"required": ["kept"]}
    changes = schema_changes(
        definition(("v1", live), storage="v1"), definition(("v1", wanted), storage="v1")
    )
    assert list(changes) == [
        "v1: gone, kept.lost, items[].a are gone",
        "v1: typed has another type",
        "v1: kept is required now",
    ]


def test_a_schema_that_keeps_unknown_fields_loses_none():
    """What is no longer described is still stored."""
    live = definition(("v1", schema(gone=TEXT)), storage="v1")
    keeping = schema() | {"x-kubernetes-preserve-unknown-fields": True}
    assert list(schema_changes(live, definition(("v1", keeping), storage="v1"))) == []


@pytest.mark.parametrize(
    ("api", "kind", "server", "state"),
    [
        ("policy/v1beta1", "PodDisruptionBudget", "v1.36.3", "removed"),
        ("policy/v1beta1", "PodDisruptionBudget", "v1.25.0", "removed"),
        ("policy/v1beta1", "PodDisruptionBudget", "v1.24.17", "leaving"),
        ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "v1.31.2", "leaving"),
        ("v1", "Endpoints", "v1.33.0", "deprecated"),
    ],
)
def test_an_api_is_known_to_be_gone_or_about_to_go(api, kind, server, state):
    """By the server's version, and one minor version ahead."""
    found = retiring({"apiVersion": api, "kind": kind}, server)
    assert found is not None
    assert found.state == state


@pytest.mark.parametrize(
    ("api", "kind", "server"),
    [
        ("policy/v1beta1", "PodDisruptionBudget", "v1.23.0"),
        ("policy/v1", "PodDisruptionBudget", "v1.36.3"),
        ("v1", "Endpoints", "v1.32.9"),
    ],
)
def test_an_api_that_stays_is_not_mentioned(api, kind, server):
    """Neither what lives on nor what goes in a far future."""
    assert retiring({"apiVersion": api, "kind": kind}, server) is None


def change(kind: str, name: str, action: Action, component: str = "a", **sides) -> Change:
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "ns"}}
    return Change(ref_of(manifest), component, action, **sides)


def stateful(size: str) -> Manifest:
    """Describe what makes a volume of a size for each of its Pods."""
    claim = {"metadata": {"name": "d"}, "spec": {"resources": {"requests": {"storage": size}}}}
    return {"kind": "StatefulSet", "spec": {"volumeClaimTemplates": [claim]}}


@pytest.mark.parametrize(("size", "said"), [("2Gi", 1), ("1024Mi", 0), ("1Mi", 0)])
def test_volumes_that_are_to_be_larger_have_the_command_that_grows_them(size, said):
    """None where they are as large as before, in other words, or would have to shrink."""
    made = change("StatefulSet", "s", Action.RECREATE, live=stateful("1Gi"), desired=stateful(size))
    found = [*volumes_left(made)]
    assert len(found) == said
    assert all("kubectl patch pvc -n ns d-s-N -p " in each for each in found)
    assert all('{"storage":"2Gi"}' in each for each in found)


def test_what_stands_out_of_a_plan_is_collected():
    """Going back, recreations, definitions and namespaces that leave, and how many others."""
    plan = Plan(
        StackId("s"),
        "p",
        (
            change("Deployment", "d", Action.RECREATE, reason="spec.selector cannot be changed"),
            change("ConfigMap", "x", Action.UPDATE),
            change("CustomResourceDefinition", "w", Action.PRUNE),
            change("ConfigMap", "y", Action.PRUNE),
            change("ConfigMap", "z", Action.PRUNE),
            change("ConfigMap", "b", Action.RELEASE, component="b"),
        ),
    )
    found = worth_knowing(plan, [VersionChange("a", "2.0.0", "1.9.0")], "v1.36.3")
    assert found == (
        Attention(WarningTopic.VERSION, "a", "goes back from 2.0.0 to 1.9.0"),
        Attention(
            WarningTopic.RECREATION,
            "Deployment/ns/d",
            "deleted and made again: spec.selector cannot be changed",
        ),
        Attention(
            WarningTopic.LEAVING,
            "CustomResourceDefinition/ns/w",
            "goes, unless somebody else's objects need it",
        ),
        Attention(WarningTopic.LEAVING, "a", "2 objects go"),
        Attention(WarningTopic.LEAVING, "b", "1 object stays and is no longer the stack's"),
    )


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [
        ("1.9.0", "1.10.0", True),
        ("v2.0.0-rc.1", "2.0.0", True),
        ("2.0.0", "2.0.0-rc.1", False),
        ("1.0.0", "1.0.0", False),
    ],
)
def test_versions_are_compared_by_number(version, other, older):
    """And a pre-release comes before its release."""
    assert is_older(version, other) is older
