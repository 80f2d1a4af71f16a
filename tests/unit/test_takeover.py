"""What becomes ours when an object is taken over, and what leaves with its former managers."""

from typing import Any

from stackctl.model.ownership.managed_fields import (
    LAST_APPLIED,
    after_takeover,
    disowning_patch,
    installers,
    patch,
)
from stackctl.model.ownership.stack_id import StackId

ML = StackId("ml")


def entry(
    manager: str, fields: dict[str, Any], operation: str = "Update", **extra: Any
) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **extra,
    }


def config(*entries: dict[str, Any], data: Any = None, **annotations: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "x",
            "namespace": "ns",
            "resourceVersion": "7",
            "annotations": annotations,
            "managedFields": list(entries),
        },
        "data": data or {},
    }


def data(*keys: str) -> dict[str, Any]:
    return {"f:data": {".": {}, **{f"f:{key}": {} for key in keys}}}


def names(entries) -> list[str]:
    return [each["manager"] for each in entries]


def test_only_adoption_takes_from_other_installers():
    """Our own updates are always ours; kubectl's and Helm's only when that was asked for."""
    live = config(
        entry("stackctl", data("a")),
        entry(ML.manager, data("b"), "Apply"),
        entry("kubectl-client-side-apply", data("c")),
        entry("helm", data("d"), "Apply"),
        entry("kubectl-edit", data("e")),
        entry("kube-controller-manager", data("f")),
        entry("helm", {"f:status": {}}, subresource="status"),
    )
    assert names(installers(live, ML, adopting=False)) == ["stackctl"]
    assert names(installers(live, ML, adopting=True)) == [
        "stackctl",
        "kubectl-client-side-apply",
        "helm",
    ]


def test_an_http_library_is_helm_where_helm_has_signed():
    """The name says nothing by itself."""
    nameless = entry("Go-http-client", data("a"))
    signed = {"meta.helm.sh/release-name": "r"}
    assert installers(config(nameless), ML, adopting=True) == ()
    assert names(installers(config(nameless, **signed), ML, adopting=True)) == ["Go-http-client"]


def test_the_patch_joins_claims_and_drops_kubectls_copy():
    """One entry of ours with everything, for exactly this version of the object."""
    live = config(
        entry("kubectl-client-side-apply", data("a", "b"), time="T"),
        entry("someone", data("c")),
        **{LAST_APPLIED: "{}"},
    )
    test, fields, annotation = patch(live, ML, adopting=True)
    assert test == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    assert names(fields["value"]) == ["someone", ML.manager]
    ours = fields["value"][1]
    assert (ours["operation"], ours["fieldsV1"]) == ("Apply", data("a", "b"))
    assert annotation["path"].endswith("/kubectl.kubernetes.io~1last-applied-configuration")


def test_claims_in_another_version_stay_where_they_are():
    """The same field has another name there."""
    live = config(
        entry(ML.manager, data("a"), "Apply"), entry("helm", data("b")) | {"apiVersion": "v1beta1"}
    )
    (_, fields) = patch(live, ML, adopting=True)
    assert names(fields["value"]) == ["helm", ML.manager]
    assert fields["value"][1]["fieldsV1"] == data("a")


def test_nothing_to_take_over_needs_no_patch():
    """An object that was only ever ours, or somebody else's."""
    assert patch(config(entry(ML.manager, data("a"), "Apply")), ML, adopting=True) == []
    assert patch(config(entry("kubectl-create", data("a"))), ML, adopting=False) == []


def test_what_an_earlier_stackctl_applied_becomes_the_stacks():
    """All stacks went by one name; the label on the object says whose it is."""
    earlier = entry("stackctl", data("a", "b"), "Apply")
    live = config(earlier)
    live["metadata"]["labels"] = {"stackctl.dev/stack": "ml"}
    _, fields = patch(live, ML, adopting=False)
    (merged,) = fields["value"]
    assert (merged["manager"], merged["fieldsV1"]) == (ML.manager, data("a", "b"))
    both = config(earlier, entry(ML.manager, data("c"), "Apply"))
    both["metadata"]["labels"] = live["metadata"]["labels"]
    _, fields = patch(both, ML, adopting=False)
    (merged,) = fields["value"]
    assert merged["fieldsV1"] == data("a", "b", "c")
    assert patch(live, StackId("other"), adopting=False) == []


def test_what_nobody_claims_any_more_leaves_the_prediction():
    """Helm's other field goes; ours and a controller's stay."""
    former = entry("helm", data("ours", "gone", "shared"))
    other = entry("controller", data("shared"))
    live = config(former, other, data={"ours": "1", "gone": "1", "shared": "1"})
    predicted = live | {"data": {"ours": "2", "gone": "1", "shared": "1"}}
    predicted["metadata"] = live["metadata"] | {
        "managedFields": [former, other, entry(ML.manager, data("ours"), "Apply")]
    }
    assert after_takeover(live, predicted, ML, adopting=True)["data"] == {
        "ours": "2",
        "shared": "1",
    }
    assert after_takeover(live, predicted, ML, adopting=False) is predicted


def test_elements_of_lists_leave_by_their_key():
    """A container that only the former manager knew goes as a whole, defaults and all."""
    first, second = 'k:{"name":"main"}', 'k:{"name":"sidecar"}'
    container: dict[str, Any] = {".": {}, "f:name": {}, "f:image": {}}
    spec = {"f:spec": {"f:containers": {first: container, second: container}}}
    final = entry("finalizer-setter", {"f:metadata": {"f:finalizers": {'v:"b"': {}}}})
    former = entry("kubectl-client-side-apply", spec)
    live = config(former, final)
    main = {"name": "main", "image": "a"}
    predicted = live | {
        "spec": {"containers": [main, {"name": "sidecar", "image": "b", "pull": "Always"}]},
        "metadata": live["metadata"]
        | {
            "managedFields": [
                former,
                final,
                entry(ML.manager, {"f:spec": {"f:containers": {first: container}}}, "Apply"),
            ]
        },
    }
    assert after_takeover(live, predicted, ML, adopting=True)["spec"] == {"containers": [main]}


def test_what_is_written_on_a_namespace_stays():
    """Policies and injectors of others go by its labels, unless an installer signed it all."""
    space = config(entry("helm", data("a"), "Apply")) | {"kind": "Namespace"}
    assert installers(space, ML, adopting=True) == ()
    space["metadata"]["annotations"] = {"meta.helm.sh/release-name": "r"}
    assert names(installers(space, ML, adopting=True)) == ["helm"]


def test_letting_go_leaves_the_signature_of_whoever_took_the_object_back():
    """Our labels and our claims go; that Helm manages it is true."""
    live = config(entry(ML.manager, data("a"), "Apply"), entry("helm", data("b"), "Apply"))
    labels = {"app.kubernetes.io/managed-by": "Helm", "stackctl.dev/stack": "ml"}
    live["metadata"] |= {"uid": "u", "labels": labels}
    _, fields, *removed = disowning_patch(live, ML)
    assert names(fields["value"]) == ["helm"]
    assert [each["path"] for each in removed] == ["/metadata/labels/stackctl.dev~1stack"]
