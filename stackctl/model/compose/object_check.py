"""Faults of a single object that an API server would find late, or never tell.

Whether the object fits its component is `check`'s part.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import COMPONENT_LABEL, STACK_LABEL, Manifest, Ref, ref_of
from stackctl.model.shapes.decode import At, Problem
from stackctl.model.shapes.pod_specs import containers, pod_specs

_OURS = (STACK_LABEL, COMPONENT_LABEL)


class ObjectFault(NamedTuple):
    """What is wrong with an object, at one of its paths."""

    ref: Ref
    at: At
    what: str


def contradictions(manifest: Manifest) -> Iterator[ObjectFault]:
    """Yield what is wrong with an object."""
    ref = ref_of(manifest)
    for label in manifest["metadata"].get("labels") or {}:
        if label in _OURS:
            yield ObjectFault(
                ref, ("metadata", "labels", label), f"the label {label} is set by stackctl"
            )
    for at, what in (*_selector(manifest), *_twice(manifest)):
        yield ObjectFault(ref, at, what)


def _selector(manifest: Manifest) -> Iterator[Problem]:
    """A workload's selector must match its own Pods."""
    template = template_path(manifest)
    at = ("spec", "selector", "matchLabels")
    wanted = paths.get(manifest, at, {})
    if not template or not isinstance(wanted, dict):
        return
    labels = paths.get(manifest, (*template, "metadata", "labels"), {}) or {}
    for key, value in wanted.items():
        if labels.get(key) != value:
            what = f"the selector wants the label {key}={value}, its Pods do not have it"
            yield Problem((*at, key), what)


def _twice(manifest: Manifest) -> Iterator[Problem]:
    """Lists that are merged by a key must have each key once."""
    for path in pod_specs(manifest):
        spec = paths.get(manifest, path, {}) or {}
        yield from _repeated(path, spec, "volumes", "name")
        everybody = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        yield from _repeated(path, {"containers": everybody}, "containers", "name")
    for path, container in containers(manifest):
        yield from _repeated(path, container, "env", "name")
        yield from _repeated(path, container, "volumeMounts", "mountPath")
        yield from _repeated(path, container, "ports", "containerPort", "protocol")
    if kind_of(manifest) == ("", "Service"):
        spec = manifest.get("spec") or {}
        yield from _repeated(("spec",), spec, "ports", "port", "protocol")
    yield from _repeated((), manifest, "webhooks", "name")


def _repeated(path: paths.Path, holder: Any, name: str, *keys: str) -> Iterator[Problem]:
    at = [step for step in path if isinstance(step, str | int)]
    values = [tuple(item.get(key) for key in keys) for item in holder.get(name) or ()]
    for value, count in Counter(values).items():
        if count > 1:
            shown = "/".join(str(part) for part in value)
            yield Problem((*at, name), f"{name} has {shown} more than once")
