"""Where Pods are described inside objects, kind by kind, and what their containers are.

What is done to them is for `normalise`, `bind` and `settings` to say.
"""

from collections.abc import Iterator
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import GroupKind, kind_of
from stackctl.model.objects.refs import Manifest

_TEMPLATES: dict[GroupKind, paths.Path] = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("", "ReplicationController"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("", "Pod"): (),
    ("", "PodTemplate"): ("template",),
}
# Custom resources whose spec holds containers the way a Pod does.
_POD_LIKE: dict[GroupKind, paths.Path] = {
    ("serving.kserve.io", "ServingRuntime"): ("spec",),
    ("serving.kserve.io", "ClusterServingRuntime"): ("spec",),
    ("serving.kserve.io", "ClusterStorageContainer"): ("spec",),
}
_CONTAINERS = ("initContainers", "containers")


def template_path(manifest: Manifest) -> paths.Path | None:
    """Return where the Pod template of a workload lies; None for other objects."""
    return _TEMPLATES.get(kind_of(manifest))


def pod_specs(manifest: Manifest) -> tuple[paths.Path, ...]:
    """Return the paths of what has containers, in built-in kinds and in those that imitate them."""
    template = template_path(manifest)
    if template is not None:
        return ((*template, "spec"),)
    like = _POD_LIKE.get(kind_of(manifest))
    return (like,) if like is not None else ()


def containers(manifest: Manifest) -> Iterator[tuple[paths.Path, Any]]:
    """Yield every container with its path."""
    for path in pod_specs(manifest):
        spec = paths.get(manifest, path, {})
        for name in _CONTAINERS:
            for index, container in enumerate(spec.get(name) or ()):
                yield (*path, name, index), container
        if isinstance(single := spec.get("container"), dict):
            yield (*path, "container"), single
