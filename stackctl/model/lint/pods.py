"""What Pods leave open: which image they run, when they are ready, what they need and may do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stackctl.model.catalogue.lint_rules import LintRule
from stackctl.model.lint.finding import Fault
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import BUILTIN, GroupKind, kind_of
from stackctl.model.objects.paths import Path
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest
from stackctl.model.privileges.pod_privileges import of_pods
from stackctl.model.privileges.rights import part, texts
from stackctl.model.shapes.pod_specs import containers

_ANSWERING: frozenset[GroupKind] = frozenset(
    ("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
)
# Tags that mean another image tomorrow.
_MOVING = frozenset(
    {
        *("latest", "main", "master", "head", "edge", "nightly", "snapshot"),
        *("dev", "devel", "develop", "unstable", "stable", "canary"),
    }
)
_NEEDED = ("cpu", "memory")


def pod_faults(manifest: Manifest) -> Iterator[Fault]:
    """Yield what the Pods of an object leave open."""
    for path, container in containers(manifest):
        if why := unpinned(container.get("image")):
            yield LintRule.UNPINNED_IMAGE, (*path, "image"), why
    template = template_path(manifest)
    if template is None or kind_of(manifest) not in BUILTIN:
        return  # what a custom resource leaves open, its operator may fill in
    spec = part(paths.get(manifest, template, {}), "spec")
    notes = part(part(paths.get(manifest, template, {}), "metadata"), "annotations")
    found = [(path, each) for path, each in containers(manifest) if "initContainers" not in path]
    if kind_of(manifest) in _ANSWERING:
        yield from _probes(found)
    yield from _resources(containers(manifest))
    if asked := of_pods(spec, notes):
        yield LintRule.PRIVILEGED_POD, (*template, "spec"), f"its Pods ask for {', '.join(asked)}"
    for path, container in containers(manifest):
        if missing := list(_unsaid(spec, container)):
            what = f"its securityContext does not say {', '.join(missing)}"
            yield LintRule.SECURITY_CONTEXT, path, what


def unpinned(image: Any) -> str:
    """Say why nobody knows what an image will be tomorrow; empty where it is known."""
    if not isinstance(image, str) or not image or "@" in image:
        return ""
    _, colon, tag = image.rpartition("/")[2].partition(":")
    if not colon:
        return f"{image} has neither tag nor digest, so it is whatever is newest"
    if tag.lower() in _MOVING:
        return f"{image} is another image whenever {tag} moves: name a version or a digest"
    return ""


def _probes(found: Sequence[tuple[Path, Any]]) -> Iterator[Fault]:
    for path, container in found:
        if not container.get("readinessProbe"):
            what = "it has no readinessProbe, so it counts as ready before it answers"
            yield LintRule.NO_READINESS_PROBE, path, what
        if not container.get("livenessProbe"):
            what = "it has no livenessProbe, so it stays as it is when it hangs"
            yield LintRule.NO_LIVENESS_PROBE, path, what


def _resources(found: Iterator[tuple[Path, Any]]) -> Iterator[Fault]:
    for path, container in found:
        resources = part(container, "resources")
        limits, requests = part(resources, "limits"), part(resources, "requests")
        if missing := [each for each in _NEEDED if each not in requests and each not in limits]:
            what = f"it requests no {' and no '.join(missing)}, so it is placed anywhere"
            yield LintRule.NO_REQUESTS, path, what
        if "memory" not in limits:
            what = "it has no memory limit, so it can take that of its whole node"
            yield LintRule.NO_MEMORY_LIMIT, path, what


def _unsaid(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the Pod Security standard `restricted` wants to be said, and is not."""
    whole, own = part(pod, "securityContext"), part(container, "securityContext")
    if own.get("privileged"):
        return  # nothing of this would confine it
    if not {**whole, **own}.get("runAsNonRoot"):
        yield "runAsNonRoot: true"
    if not part({**whole, **own}, "seccompProfile").get("type"):
        yield "seccompProfile: {type: RuntimeDefault}"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation: false"
    if "ALL" not in texts(part(own, "capabilities").get("drop")):
        yield "capabilities: {drop: [ALL]}"
