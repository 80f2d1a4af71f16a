"""The shape of what a cluster says of its objects: metadata, and the status of built-in kinds.

The API server keeps to it; whatever else answers in its place does not. Statuses of custom
resources are as their authors like them, and are read as far as they go.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from stackctl.model.objects.kinds import BUILTIN, GroupKind
from stackctl.model.shapes.decode import Problem
from stackctl.model.shapes.kind_shapes import shape_of
from stackctl.model.shapes.pod_shapes import METADATA
from stackctl.model.shapes.shapes import (
    FLAG,
    MAP,
    QUANTITY,
    TEXT,
    TEXTS,
    WHOLE,
    WHOLE_OR_TEXT,
    Reading,
    Shape,
    misshapen,
)

_ENTRY: Shape = {
    "manager": TEXT,
    "operation": TEXT,
    "apiVersion": TEXT,
    "time": TEXT,
    "fieldsType": TEXT,
    "fieldsV1": MAP,
    "subresource": TEXT,
}
LIVE_METADATA: Mapping[str, Any] = {
    **METADATA,
    "uid": TEXT,
    "resourceVersion": TEXT,
    "generation": WHOLE,
    "creationTimestamp": TEXT,
    "deletionTimestamp": TEXT,
    "managedFields": [_ENTRY],
}
_CONDITION: Shape = {
    "type!": TEXT,
    "status": TEXT,
    "reason": TEXT,
    "message": TEXT,
    "observedGeneration": WHOLE,
    "lastTransitionTime": TEXT,
}
_STATE: Shape = {
    "waiting": {"reason": TEXT, "message": TEXT},
    "running": MAP,
    "terminated": {"reason": TEXT, "message": TEXT, "exitCode": WHOLE},
}
_CONTAINER: Shape = {
    "name!": TEXT,
    "ready": FLAG,
    "restartCount": WHOLE,
    "state": _STATE,
    "lastState": _STATE,
}
_COUNTS = """
    observedGeneration replicas readyReplicas updatedReplicas availableReplicas currentReplicas
    desiredNumberScheduled currentNumberScheduled updatedNumberScheduled numberAvailable
    numberReady numberUnavailable numberMisscheduled unavailableReplicas active succeeded failed
    currentHealthy desiredHealthy desiredReplicas
"""
STATUS: Shape = {
    **dict.fromkeys(_COUNTS.split(), WHOLE),
    "conditions": [_CONDITION],
    "phase": TEXT,
    "reason": TEXT,
    "message": TEXT,
    "containerStatuses": [_CONTAINER],
    "initContainerStatuses": [_CONTAINER],
    "nominatedNodeName": TEXT,
    "loadBalancer": {"ingress": [MAP]},
    "currentRevision": TEXT,
    "updateRevision": TEXT,
    "allocatable": {"*": QUANTITY},
    "capacity": {"*": QUANTITY},
    "storedVersions": TEXTS,
}
# What is read of the statuses of custom resources.
CUSTOM_STATUS: Shape = {
    "observedGeneration": WHOLE,
    "conditions": [_CONDITION],
}
_UNIDENTIFIED: Shape = {"apiVersion": TEXT, "kind": TEXT, "metadata!": LIVE_METADATA}
# Kinds that no manifest has, and whose parts are read.
_ONLY_LIVE: Mapping[GroupKind, Shape] = {
    ("", "Node"): {"spec": {"taints": [{"key!": TEXT, "effect": TEXT, "value": TEXT}]}},
    ("", "Event"): {"reason": TEXT, "message": TEXT, "type": TEXT, "involvedObject": MAP},
    ("coordination.k8s.io", "Lease"): {
        "spec": {
            "holderIdentity": TEXT,
            "leaseDurationSeconds": WHOLE,
            "acquireTime": TEXT,
            "renewTime": TEXT,
            "leaseTransitions": WHOLE,
        }
    },
    ("", "Service"): {"spec": {"ports": [{"targetPort": WHOLE_OR_TEXT}]}},
}
_WITH_STATUS: Shape = {"status": STATUS}
_LOOKED_AT = frozenset({"apiVersion!", "kind!", "metadata!"})
_AS_FAR_AS_IT_GOES = Reading(patch=True)


def live_problems(obj: Any, kind: GroupKind | None = None) -> list[Problem]:
    """Return what of a live object is not as every API server writes it.

    `kind` is given where the whole object was asked for, not its metadata alone.
    """
    problems = misshapen(obj, _UNIDENTIFIED)
    if problems or kind is None or kind not in BUILTIN:
        return problems
    problems = misshapen(obj, _WITH_STATUS)
    for shape in _contents(kind):
        problems += misshapen(obj, shape, reading=_AS_FAR_AS_IT_GOES)
    return problems


@cache
def _contents(kind: GroupKind) -> tuple[Shape, ...]:
    """Return the shapes of what an object of a kind has beside its metadata and its status."""
    found = (shape_of(kind), _ONLY_LIVE.get(kind, MAP))
    return tuple(
        {field: inner for field, inner in shape.items() if field not in _LOOKED_AT}
        for shape in found
        if isinstance(shape, Mapping) and shape
    )
