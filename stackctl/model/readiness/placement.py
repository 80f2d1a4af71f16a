"""On which nodes Pods may run, and which taints keep them off.

As the scheduler does for a DaemonSet: what its Pods select, then what they tolerate. What cannot
be judged is taken to fit, for refusing is the graver mistake.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest, labels_of
from stackctl.model.objects.wording import first_few

Taint = Mapping[str, str]
_REQUIRED = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
# Resources, taints and labels of accelerators, by how they begin.
_GPU_KEYS = (
    "nvidia.com/",
    "feature.node.kubernetes.io/pci-10de",
    "amd.com/",
    "feature.node.kubernetes.io/pci-1002",
    "google.com/tpu",
    "cloud.google.com/gke-tpu-",
)
# The node's own state, which passes, and which DaemonSets tolerate by themselves.
_PASSING = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
_NAMED = 3


@dataclass(frozen=True, slots=True)
class KeptOff:
    """Nodes that Pods are meant for, and a taint of theirs that they do not tolerate."""

    taint: Taint
    nodes: tuple[str, ...]

    def __str__(self) -> str:
        count = len(self.nodes)
        who = "1 node has" if count == 1 else f"{count} nodes have"
        return f"{who} the taint {taint_text(self.taint)} ({first_few(self.nodes, _NAMED)})"

    def remedy(self, pods: str) -> str:
        """Say what tolerates it: `pods` are those that a setting is for, such as accelerated."""
        value = self.taint.get("value")
        how = f"value: {value}" if value else "operator: Exists"
        toleration = f"{{key: {self.taint['key']}, {how}, effect: {self.taint['effect']}}}"
        return f"in the stack file, `settings: {{tolerations: {{{pods}: [{toleration}]}}}}`"


def taint_text(taint: Taint) -> str:
    """Write a taint as kubectl takes it."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def untolerated(pod: Mapping[str, Any], taints: Iterable[Taint]) -> Taint | None:
    """Return the first taint that keeps Pods of this spec off a node for good."""
    tolerations = pod.get("tolerations") or ()
    for taint in taints:
        passing = taint["key"].startswith(_PASSING) or taint["effect"] == "PreferNoSchedule"
        if not passing and not any(tolerates(each, taint) for each in tolerations):
            return taint
    return None


def selects(pod: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether Pods of this spec choose a node, whatever its taints."""
    wanted = pod.get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    terms = paths.get(pod, (*_REQUIRED, "nodeSelectorTerms"), None)
    return not terms or any(_fits(term, name, labels) for term in terms)


def accelerated(pod: Mapping[str, Any]) -> bool:
    """Tell whether Pods of this spec mean GPU nodes."""
    tolerated = any(
        str(each.get("key", "")).startswith(_GPU_KEYS) for each in pod.get("tolerations") or ()
    )
    selected = any(str(key).startswith(_GPU_KEYS) for key in pod.get("nodeSelector") or ())
    asked = any(
        str(name).startswith(_GPU_KEYS)
        for container in pod.get("containers") or ()
        for amounts in (container.get("resources") or {}).values()
        if isinstance(amounts, dict)
        for name in amounts
    )
    return tolerated or selected or asked or _affine(pod)


def kept_off(pod: Mapping[str, Any], nodes: Sequence[Manifest]) -> tuple[KeptOff, ...]:
    """Find what keeps Pods off all the nodes that they select; nothing where one takes them."""
    found: dict[str, tuple[Taint, list[str]]] = {}
    for node in nodes:
        name = node["metadata"]["name"]
        if not selects(pod, name, labels_of(node)):
            continue
        taint = untolerated(pod, (node.get("spec") or {}).get("taints") or ())
        if taint is None:
            return ()
        found.setdefault(taint_text(taint), (taint, []))[1].append(name)
    return tuple(KeptOff(taint, tuple(names)) for taint, names in found.values())


def _affine(pod: Mapping[str, Any]) -> bool:
    """Tell whether the required node affinity names a GPU label."""
    terms = paths.get(pod, (*_REQUIRED, "nodeSelectorTerms"), [])
    return any(
        str(expression.get("key", "")).startswith(_GPU_KEYS)
        and expression.get("operator") in ("In", "Exists", "Gt", "Lt")
        for term in terms or ()
        for expression in term.get("matchExpressions") or ()
    )


def tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """Tell whether a toleration is one for a taint; one without a key is for all of them."""
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") not in (None, "", taint["key"]):
        return False
    operator = toleration.get("operator") or "Equal"
    return operator != "Equal" or (toleration.get("value") or "") == (taint.get("value") or "")


def _fits(term: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> bool:
    told = [(labels.get(each["key"]), each) for each in term.get("matchExpressions") or ()]
    told += [(name, each) for each in term.get("matchFields") or ()]
    return bool(told) and all(_holds(value, each) for value, each in told)


def _holds(value: str | None, expression: Mapping[str, Any]) -> bool:
    operator, values = expression.get("operator"), expression.get("values") or ()
    held = meets(value, operator, values)
    return value is not None if held is None else held  # Gt, Lt


def meets(value: str | None, operator: Any, values: Container[str]) -> bool | None:
    """Tell whether a value is there, or among others, as asked; None of any other question."""
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return None
