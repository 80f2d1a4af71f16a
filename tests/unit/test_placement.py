"""Where Pods may run: what they select, what they tolerate, and what keeps them off."""

from typing import Any

import pytest

from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.placement import kept_off, selects, taint_text, untolerated

SKU = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}


def node(name: str, *taints: dict[str, str], **labels: str) -> Manifest:
    return {"metadata": {"name": name, "labels": labels}, "spec": {"taints": list(taints)}}


def affine(*expressions: dict[str, Any]) -> dict[str, Any]:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [each]} for each in expressions]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    return {"affinity": {"nodeAffinity": required}}


@pytest.mark.parametrize(
    ("toleration", "fits"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "sku", "operator": "Exists"}, True),
        ({"key": "sku", "operator": "Equal", "value": "gpu"}, True),
        ({"key": "sku", "value": "gpu", "effect": "NoSchedule"}, True),
        ({"key": "sku", "value": "cpu"}, False),
        ({"key": "sku"}, False),
        ({"key": "sku", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, False),
    ],
)
def test_tolerating_is_what_the_scheduler_takes_it_for(toleration, fits):
    """Key, operator, value and effect; what is not said fits everything."""
    assert (untolerated({"tolerations": [toleration]}, [SKU]) is None) is fits


def test_what_passes_keeps_nobody_off():
    """A node's own state, and taints that only advise."""
    passing = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    advice = {"key": "sku", "effect": "PreferNoSchedule"}
    assert untolerated({}, [passing, advice]) is None
    assert untolerated({}, [passing, SKU]) == SKU
    assert (taint_text(SKU), taint_text(passing)) == (
        "sku=gpu:NoSchedule",
        "node.kubernetes.io/not-ready:NoSchedule",
    )


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"key": "gpu", "operator": "In", "values": ["yes", "true"]}, True),
        ({"key": "gpu", "operator": "NotIn", "values": ["true"]}, False),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "operator": "DoesNotExist"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_affinity_selects_nodes(expression, fits):
    """The terms are alternatives."""
    assert selects(affine(expression), "a", {"gpu": "true"}) is fits
    either = affine(expression, {"key": "gpu", "operator": "Exists"})
    assert selects(either, "a", {"gpu": "true"})


def test_a_taint_counts_only_where_every_selected_node_keeps_the_pods_off():
    """One node that takes them is enough; nodes that are not meant do not matter."""
    pod = {"nodeSelector": {"gpu": "true"}}
    closed = [node("a", SKU, gpu="true"), node("b", SKU, gpu="true"), node("c")]
    (found,) = kept_off(pod, closed)
    assert str(found) == "2 nodes have the taint sku=gpu:NoSchedule (a, b)"
    assert found.remedy("accelerated") == (
        "in the stack file, `settings: {tolerations: {accelerated: "
        "[{key: sku, value: gpu, effect: NoSchedule}]}}`"
    )
    assert kept_off(pod, [*closed, node("d", gpu="true")]) == ()
    assert kept_off(pod, [node("c")]) == ()
