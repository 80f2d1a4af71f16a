"""Each object has one spelling: that of the API server."""

import pytest

from stackctl.model.objects.kinds import (
    Phase,
    builtin_group,
    defined,
    ordered,
    phase_of,
    phase_within,
)
from stackctl.model.objects.normalise import flatten, normalised
from tests.unit.fake import value, values

POD = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: ns}, spec: {containers: [%s]}}"


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        (POD % "{resources: {limits: {cpu: 1}}}", "resources", "{limits: {cpu: '1'}}"),
        (POD % "{resources: {requests: {cpu: 0.5}}}", "resources", "{requests: {cpu: 500m}}"),
        (POD % "{resources: {requests: {cpu: 0.0001}}}", "resources", "{requests: {cpu: 100u}}"),
        (POD % "{resources: {requests: {cpu: 1.0000000005}}}", "resources",
         "{requests: {cpu: 1000000001n}}"),
        (POD % "{resources: {limits: {memory: 1e20}}}", "resources",
         "{limits: {memory: '100000000000000000000'}}"),
        (POD % "{resources: {limits: {memory: 12345678901234567890}}}", "resources",
         "{limits: {memory: '12345678901234567000'}}"),
        (POD % "{resources: {limits: {memory: 1024}}}", "resources", "{limits: {memory: '1024'}}"),
        (POD % "{resources: {limits: {nvidia.com/gpu: 1}}}", "resources",
         "{limits: {nvidia.com/gpu: '1'}}"),
        (POD % "{resources: {limits: {cpu: 100m}}}", "resources", "{limits: {cpu: 100m}}"),
        (POD % "{ports: [{containerPort: 1}]}", "ports", "[{containerPort: 1, protocol: TCP}]"),
        (POD % "{ports: [{containerPort: 1, protocol: UDP}]}", "ports",
         "[{containerPort: 1, protocol: UDP}]"),
        (POD % "{env: null, image: i}", "env", "null"),
        (POD % "{resources: {}}", "resources", "{}"),
    ],
)  # fmt: skip
def test_pods_have_one_spelling(before, path, after):
    """Numbers become texts, protocols are named, nulls go."""
    pod = normalised(value(before), "ns", {})
    assert pod["spec"]["containers"][0].get(path) == value(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: x}, data: {b: eQ==}}",
         ("{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}, "
         "data: {b: eQ==, a: eA==}}")),
        ("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: null, stringData: {}}",
         "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}}"),
        ("{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: }, data: {b: }}",
         ("{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}, "
         "data: {b: '', a: ''}}")),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: }}, data: {a: }}",
         ("{apiVersion: v1, kind: ConfigMap, "
         "metadata: {name: a, namespace: ns, labels: {x: ''}}, data: {a: ''}}")),
        (("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1}]}, "
         "status: {loadBalancer: {}}}"),
         ("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns}, "
         "spec: {ports: [{port: 1, protocol: TCP}]}}")),
        (("{apiVersion: g/v1, kind: Own, metadata: {name: a, uid: u, resourceVersion: '1', "
         "creationTimestamp: null, managedFields: []}, spec: {x: null, cpu: 1}, status: {}}"),
         "{apiVersion: g/v1, kind: Own, metadata: {name: a}, spec: {x: null, cpu: 1}}"),
    ],
)  # fmt: skip
def test_objects_have_one_spelling(before, after):
    """What only a server writes goes, what only a client writes becomes what is stored."""
    assert normalised(value(before), "ns", {}) == value(after)


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        ("apps/v1, kind: Deployment", None, "ns"),
        ("apps/v1, kind: Deployment", "other", "other"),
        ("rbac.authorization.k8s.io/v1, kind: ClusterRole", "ns", None),
        ("v1, kind: Namespace", "ns", None),
        ("g/v1, kind: Inside", None, "ns"),
        ("g/v1, kind: Outside", "ns", None),
        ("g/v1, kind: Unknown", None, None),
        ("g/v1, kind: Unknown", "x", "x"),
        ("other/v1, kind: Inside", None, None),
    ],
)
def test_namespaces_are_put_where_they_belong(kind, given, found):
    """Objects in namespaces get one, objects of the cluster lose theirs, the rest is left alone."""
    manifest = value(f"{{apiVersion: {kind}, metadata: {{name: a}}}}")
    if given:
        manifest["metadata"]["namespace"] = given
    scopes = {("g", "Inside"): True, ("g", "Outside"): False}
    assert normalised(manifest, "ns", scopes)["metadata"].get("namespace") == found


def test_lists_are_taken_apart():
    """A List holds objects, and may hold Lists."""
    documents = values(
        "{apiVersion: v1, kind: List, items: [{kind: A}, {apiVersion: v1, kind: BList, items: "
        "[{kind: B}]}]}\n---\n{kind: C}\n---\n"
        "{apiVersion: g/v1, kind: AllowList, metadata: {name: a}, items: []}"
    )
    assert [each["kind"] for each in flatten(documents)] == ["A", "B", "C", "AllowList"]


def test_what_an_item_does_not_say_its_list_does():
    """Typed lists name the kind once; an item that says anything of itself is left as it is."""
    documents = values(
        "{apiVersion: g/v1, kind: RoleList, metadata: {resourceVersion: '1'}, "
        "items: [{metadata: {name: a}}, {apiVersion: v1, kind: Secret}, {kind: Role}]}\n---\n"
        "{apiVersion: v1, kind: List, items: [{metadata: {name: b}}]}"
    )
    assert [*flatten(documents)] == [
        {"apiVersion": "g/v1", "kind": "Role", "metadata": {"name": "a"}},
        {"apiVersion": "v1", "kind": "Secret"},
        {"kind": "Role"},
        {"metadata": {"name": "b"}},
    ]


CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %ss.%s}
spec: {group: %s, scope: %s, names: {kind: %s}}
"""


def test_definitions_say_which_kinds_there_are():
    """Group and kind, and whether they live in namespaces."""
    crds = [
        value(CRD % ("a", "g", "g", "Namespaced", "A")),
        value(CRD % ("b", "g", "g", "Cluster", "B")),
    ]
    assert defined(crds) == {("g", "A"): True, ("g", "B"): False}


def test_kinds_are_applied_in_a_fixed_order():
    """What others need comes first; own custom resources wait for their controller."""
    kinds = [
        "v1 Namespace", "apiextensions.k8s.io/v1 CustomResourceDefinition", "v1 ServiceAccount",
        "rbac.authorization.k8s.io/v1 Role", "rbac.authorization.k8s.io/v1 RoleBinding",
        "rbac.authorization.k8s.io/v1 ClusterRole", "v1 ConfigMap", "v1 Secret",
        "v1 PersistentVolumeClaim", "cert-manager.io/v1 Certificate", "v1 Service",
        "policy/v1 PodDisruptionBudget", "apps/v1 Deployment", "apps/v1 DaemonSet", "batch/v1 Job",
        "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
        "apiregistration.k8s.io/v1 APIService", "own.io/v1 Own",
    ]  # fmt: skip
    objects = [
        {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": {"group": "x"}}
        for version, kind in (each.split() for each in kinds)
    ]
    order = ordered(objects[::-1], own=[("own.io", "Own")])
    assert [
        f"{each['apiVersion']} {each['kind']}" for each in order if each["kind"] != "ClusterRole"
    ] == [each for each in kinds if not each.endswith("ClusterRole")]
    assert ordered(objects, own=[("own.io", "Own")]) == order


def test_phases_know_groups():
    """A custom kind may be called like a built-in one."""
    assert phase_of(("", "Service")) is Phase.SERVICES
    assert phase_of(("serving.knative.dev", "Service")) is Phase.CUSTOM_RESOURCES
    assert phase_within(("g", "A"), own=[("g", "A")]) is Phase.CUSTOM_RESOURCES
    assert phase_within(("g", "A"), own=[]) is Phase.CONFIGURATION
    assert builtin_group("Lease") == "coordination.k8s.io"
    assert builtin_group("Page") is None
