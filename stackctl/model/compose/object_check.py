"""Faults of a single object that an API server would find late, or never tell.

Whether the object fits its component is `check`'s part.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import COMPONENT_LABEL, MANAGED_BY, STACK_LABEL, Manifest, ref_of
from stackctl.model.shapes.pod_specs import containers, pod_specs

_OURS = (MANAGED_BY, STACK_LABEL, COMPONENT_LABEL)


def contradictions(manifest: Manifest) -> Iterator[str]:
    """Yield what is wrong with an object."""
    ref = ref_of(manifest)
    for label in manifest["metadata"].get("labels") or {}:
        if label in _OURS:
            yield f"{ref}: the label {label} is set by stackctl"
    for what in (*_selector(manifest), *_twice(manifest)):
        yield f"{ref}: {what}"


def _selector(manifest: Manifest) -> Iterator[str]:
    """A workload's selector must match its own Pods."""
    template = template_path(manifest)
    wanted = paths.get(manifest, ("spec", "selector", "matchLabels"), {})
    if not template or not isinstance(wanted, dict):
        return
    labels = paths.get(manifest, (*template, "metadata", "labels"), {}) or {}
    for key, value in wanted.items():
        if labels.get(key) != value:
            yield f"the selector wants the label {key}={value}, its Pods do not have it"


def _twice(manifest: Manifest) -> Iterator[str]:
    """Lists that are merged by a key must have each key once."""
    for path in pod_specs(manifest):
        spec = paths.get(manifest, path, {}) or {}
        yield from _repeated(spec, "volumes", "name")
        everybody = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        yield from _repeated({"containers": everybody}, "containers", "name")
    for _, container in containers(manifest):
        yield from _repeated(container, "env", "name")
        yield from _repeated(container, "volumeMounts", "mountPath")
        yield from _repeated(container, "ports", "containerPort", "protocol")
    if kind_of(manifest) == ("", "Service"):
        yield from _repeated(manifest.get("spec") or {}, "ports", "port", "protocol")
    yield from _repeated(manifest, "webhooks", "name")


def _repeated(holder: Any, name: str, *keys: str) -> Iterator[str]:
    values = [tuple(item.get(key) for key in keys) for item in holder.get(name) or ()]
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{name} has {'/'.join(str(part) for part in value)} more than once"
