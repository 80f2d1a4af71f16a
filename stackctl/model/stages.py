"""In which steps the objects of one component are applied.

Objects of a step are applied together; a step begins when the one before it was accepted, and
where it says so, when everything before it is ready. The order of whole components is `graph`'s.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackctl.model.bundle import BundleComponent
from stackctl.model.objects import Manifest, custom, group_of

DEFINITION = "CustomResourceDefinition"

_STEPS: Mapping[str, int] = {
    "Namespace": 0,
    DEFINITION: 0,
    "ClusterRoleBinding": 2,
    "RoleBinding": 2,
    "Deployment": 3,
    "DaemonSet": 3,
    "StatefulSet": 3,
    "ReplicaSet": 3,
    "Job": 3,
    "CronJob": 3,
    "Pod": 3,
    "HorizontalPodAutoscaler": 3,
    # They follow the workloads without waiting for them: operators that keep their own
    # certificates are not ready before their configuration exists.
    "ValidatingWebhookConfiguration": 4,
    "MutatingWebhookConfiguration": 4,
    "APIService": 4,
}
_SUPPORT = 1  # identities, roles, configuration, storage, services: everything not named above
_CUSTOM = 5
_GUARDED = 6


@dataclass(frozen=True, slots=True)
class Stage:
    """Objects that are applied together."""

    objects: tuple[Manifest, ...]
    establishes: str = ""  # the kind that must be established before the next stage
    after_ready: bool = False  # everything before it must be ready


def stages(part: BundleComponent) -> tuple[Stage, ...]:
    """Divide a component's objects into stages."""
    guarded = guarded_kinds(part.objects)
    steps: dict[int, list[Manifest]] = {}
    for manifest in part.objects:
        steps.setdefault(_step(manifest, guarded), []).append(manifest)
    return tuple(
        Stage(
            tuple(steps[step]),
            establishes=DEFINITION if step == 0 else "",
            after_ready=step == _GUARDED,
        )
        for step in sorted(steps)
    )


def guarded_kinds(objects: Iterable[Manifest]) -> frozenset[tuple[str, str]]:
    """Collect (group, plural) of what webhook configurations among the objects look at."""
    return frozenset(
        (group, plural)
        for manifest in objects
        if manifest["kind"].endswith("WebhookConfiguration")
        for webhook in manifest.get("webhooks") or ()
        for group, plural in _rules(webhook)
    )


def _rules(webhook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in webhook.get("rules") or ():
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                yield group, resource.partition("/")[0]


def _step(manifest: Manifest, guarded: frozenset[tuple[str, str]]) -> int:
    if not custom(group_of(manifest)):
        return _STEPS.get(manifest["kind"], _SUPPORT)
    kinds = _plurals(manifest["kind"])
    looked_at = any((group_of(manifest), plural) in guarded for plural in kinds)
    return _GUARDED if looked_at else _CUSTOM


def _plurals(kind: str) -> Sequence[str]:
    # The plural is not in the object; English gives three candidates, and a star covers all.
    lower = kind.lower()
    return (f"{lower}s", f"{lower}es", f"{lower.removesuffix('y')}ies", "*")
