"""What Pods ask for of a resource, as the scheduler counts it."""

from typing import Any

from stackctl.model.objects.quantities import count
from stackctl.model.objects.refs import Manifest


def requested(pod: Manifest, resource: str) -> int:
    """Return how much of a resource a Pod holds; nothing before it has a node."""
    spec = pod.get("spec") or {}
    if not spec.get("nodeName"):
        return 0
    together = sum(_asked(each, resource) for each in spec.get("containers") or ())
    before = max((_asked(each, resource) for each in spec.get("initContainers") or ()), default=0)
    return max(together, before)


def _asked(container: Any, resource: str) -> int:
    resources = container.get("resources") or {}
    for key in ("requests", "limits"):
        if amount := (resources.get(key) or {}).get(resource):
            return count(amount)
    return 0
