"""Who should have let go of an object that stays."""

from typing import Any

import pytest

from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.readiness.finalizers import controllers_of, remedy, stuck


def thing(kind: str = "Widget", api: str = "example.com/v1", **metadata: Any) -> Manifest:
    known = {"name": "one", "namespace": "ml", "deletionTimestamp": "t"}
    return {"apiVersion": api, "kind": kind, "metadata": known | metadata}


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (thing(deletionTimestamp=None), "was not deleted"),
        (thing(), "is being deleted"),
        (thing(finalizers=["example.com/clean"]), "held by Deployment/ml/widgets"),
        (thing(finalizers=["wipe"]), "held by Deployment/ml/widgets"),
        (thing(finalizers=["other.io/clean"], api="v1"), "held by the controller of other.io"),
        (thing(finalizers=["other.io/hold"]), "held by the controller of other.io"),
        (thing(finalizers=["ops.example.com/x"]), "held by Deployment/ml/widgets"),
        (thing(finalizers=["kubernetes.io/pvc-protection"]), "held by the last Pod that uses"),
        (thing(finalizers=["a.io/b", "c.io/d"], api="v1"), "controller of a.io; c"),
    ],
)  # fmt: skip
def test_stuck(obj, text):
    """The finalizer is named, and who should have answered."""
    assert text in stuck(obj, {"example.com": "Deployment/ml/widgets"})


def test_namespace_tells_what_is_left_inside():
    """A namespace is held by its content, which its conditions name."""
    namespace = thing("Namespace", "v1") | {
        "spec": {"finalizers": ["kubernetes"]},
        "status": {
            "conditions": [
                {"type": "NamespaceContentRemaining", "status": "True", "message": "2 widgets"},
                {"type": "NamespaceDeletionContentFailure", "status": "False", "message": "fine"},
            ]
        },
    }
    text = stuck(namespace, {})
    assert "what is left inside. 2 widgets" in text
    assert "fine" not in text


def test_remedy_is_a_command_for_a_person():
    """What would let go is named, never done."""
    assert remedy(thing()).endswith(
        """kubectl -n ml patch widget.example.com one --type=merge """
        """-p '{"metadata": {"finalizers": null}}'"""
    )


def test_controllers_come_from_the_components_that_define_the_kinds():
    """The workload of the component that brings a definition looks after its objects."""
    components = {
        Ref("apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.example.com"): "a",
        Ref("apiextensions.k8s.io", "CustomResourceDefinition", "", "toys.other.io"): "b",
        Ref("apps", "Deployment", "ml", "widgets"): "a",
        Ref("", "Service", "ml", "toys"): "b",
    }
    assert controllers_of(components) == {"example.com": "Deployment/ml/widgets"}
