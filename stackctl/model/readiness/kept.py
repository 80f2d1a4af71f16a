"""What is kept of objects of which there may be thousands: what somebody reads, and no more.

A Pod is 50 KB once it is decoded; whether it is ready, and what ails it, is in a tenth of that.
"""

from collections.abc import Container, Mapping
from typing import Any

from stackctl.model.objects.kinds import GroupKind
from stackctl.model.shapes.json_text import Keep

_METADATA = frozenset(
    {
        *("name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp"),
        *("labels", "annotations", "ownerReferences", "finalizers"),
    }
)
_OF_PODS = frozenset({"nodeName", "containers", "initContainers", "restartPolicy", "overhead"})
_OF_CONTAINERS = frozenset({"name", "image", "resources", "restartPolicy"})
_OF_POD_STATUS = frozenset(
    {
        *("phase", "reason", "message", "nominatedNodeName"),
        *("conditions", "containerStatuses", "initContainerStatuses"),
    }
)
_OF_RUNNING = frozenset({"name", "ready", "restartCount", "state", "lastState"})
_OF_CONDITIONS = frozenset({"type", "status", "reason", "message"})
_OF_CLAIMS = frozenset({"time", "subresource"})
_OF_NODES = frozenset({"taints", "unschedulable"})
_OF_NODE_STATUS = frozenset({"allocatable", "conditions"})


def _each(names: Container[str]) -> Keep:
    """Return what keeps some fields of each map in a list."""

    def keep(found: Any) -> Any:
        return [_only(each, names) for each in found] if isinstance(found, list) else found

    return keep


_containers, _running, _conditions = map(_each, (_OF_CONTAINERS, _OF_RUNNING, _OF_CONDITIONS))
_times = _each(_OF_CLAIMS)


def pod(obj: Any) -> Any:
    """Keep of a Pod what its status, its faults and its place follow from."""
    return _changed(
        obj,
        metadata=lambda found: _only(found, _METADATA),
        spec=lambda found: _changed(
            _only(found, _OF_PODS), containers=_containers, initContainers=_containers
        ),
        status=lambda found: _changed(
            _only(found, _OF_POD_STATUS),
            conditions=_conditions,
            containerStatuses=_running,
            initContainerStatuses=_running,
        ),
    )


def node(obj: Any) -> Any:
    """Keep of a node what it offers, to whom, and whether it is ready."""
    return _changed(
        obj,
        metadata=lambda found: _only(found, _METADATA - {"annotations"}),
        spec=lambda found: _only(found, _OF_NODES),
        status=lambda found: _changed(_only(found, _OF_NODE_STATUS), conditions=_conditions),
    )


def request(obj: Any) -> Any:
    """Keep of a Pod what it holds of its node."""
    return _changed(
        _only(obj, frozenset({"apiVersion", "kind", "metadata", "spec"})),
        metadata=lambda found: _only(found, frozenset({"name", "namespace", "resourceVersion"})),
        spec=lambda found: _changed(
            _only(found, frozenset({"nodeName", "containers", "initContainers"})),
            containers=_containers,
            initContainers=_containers,
        ),
    )


def workload(obj: Any) -> Any:
    """Keep of what makes Pods, of who set its fields, when that was."""
    return _changed(obj, metadata=lambda found: _changed(found, managedFields=_times))


def unclaimed(obj: Any) -> Any:
    """Keep of any object all but who set which field of it."""
    return _changed(obj, metadata=lambda found: _without(found, "managedFields"))


_OF_KINDS: Mapping[GroupKind, Keep] = {
    ("", "Pod"): pod,
    ("", "Node"): node,
    # Whose Pods are refused is told by events alone; those from before the last change are over.
    **dict.fromkeys(
        (("apps", "DaemonSet"), ("apps", "StatefulSet"), ("batch", "Job")),
        workload,
    ),
}


def of_kind(group: str, kind: str) -> Keep:
    """Return what keeps of an object of a kind what its status follows from."""
    return _OF_KINDS.get((group, kind), unclaimed)


def _only(value: Any, names: Container[str]) -> Any:
    """Keep some fields of a map; what is none is told by whoever checks it."""
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name in names}


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        value.pop(name, None)
    return value


def _changed(value: Any, **fields: Keep) -> Any:
    """Keep less of some fields of a map, in its place."""
    if isinstance(value, dict):
        for name, keep in fields.items():
            if isinstance(value.get(name), dict | list):
                value[name] = keep(value[name])
    return value
