"""Labels that rules give to nodes: the part of NodeFeatureRules that a simulated node can answer.

A node's name and its PCI devices are known; a rule about anything else matches nothing here.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from stackctl.model.objects.kinds import GroupKind
from stackctl.model.objects.refs import Manifest, annotations_of, labels_of
from stackctl.model.readiness.placement import meets
from stackctl.sandbox.agent.simulation.mig import DEVICE_ANNOTATION
from stackctl.sandbox.plane.nodes import AMD_LABEL, NVIDIA_LABEL

RULES: GroupKind = ("nfd.k8s-sigs.io", "NodeFeatureRule")
_DISPLAY = "0302"  # the PCI class of GPUs without a display
_H100 = "2330"


def labels_by(rules: Iterable[Manifest], node: Manifest) -> dict[str, str]:
    """Return the labels that rules give to a node."""
    found: dict[str, str] = {}
    for manifest in rules:
        for rule in manifest["spec"].get("rules") or ():
            if _fits(rule, node):
                found |= rule.get("labels") or {}
    return found


def _fits(rule: Manifest, node: Manifest) -> bool:
    """Tell whether all that a rule asks for is there, and one of the ways it leaves open."""
    asked = rule.get("matchFeatures") or ()
    ways = rule.get("matchAny") or ()
    some = not ways or any(_all(way.get("matchFeatures") or (), node) for way in ways)
    return bool(asked or ways) and _all(asked, node) and some


def _all(terms: Iterable[Manifest], node: Manifest) -> bool:
    return all(any(_matches(term, each) for each in _elements(term, node)) for term in terms)


def _elements(term: Manifest, node: Manifest) -> Iterator[dict[str, str]]:
    """Yield what a feature has on a node, each thing with its attributes."""
    labels = labels_of(node)
    match term.get("feature"):
        case "system.name":
            yield {"nodename": node["metadata"]["name"]}
        case "pci.device" if NVIDIA_LABEL in labels:
            told = annotations_of(node).get(DEVICE_ANNOTATION, "").removeprefix("0x")
            device = told[:4].lower() or _H100
            yield {"vendor": "10de", "class": _DISPLAY, "device": device}
        case "pci.device" if AMD_LABEL in labels:
            yield {"vendor": "1002", "class": "1200"}


def _matches(term: Manifest, attributes: dict[str, str]) -> bool:
    expressions = term.get("matchExpressions") or {}
    return all(_holds(each, attributes.get(name)) for name, each in expressions.items())


def _holds(expression: Any, value: str | None) -> bool:
    return meets(value, expression.get("op"), expression.get("value") or ()) or False
