"""Where objects of any kind have containers: in Pod templates, and in what is shaped like one.

A kind that is not built in imitates a Pod when its spec reads as a Pod's does. What is done to
containers is for `bind`, `settings` and `privileges` to say.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import BUILTIN, kind_of
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.shapes.pod_shapes import LIKE_A_POD
from stackctl.model.shapes.shapes import Reading, misshapen

_CONTAINERS = ("initContainers", "containers")
_STRICT = Reading(nulls=False)


def pod_specs(manifest: Manifest) -> tuple[paths.Path, ...]:
    """Return the paths of what has containers, in built-in kinds and in those that imitate them."""
    template = template_path(manifest)
    if template is not None:
        return ((*template, "spec"),)
    imitates = kind_of(manifest) not in BUILTIN and _is_like_a_pod(manifest.get("spec"))
    return (("spec",),) if imitates else ()


def containers(manifest: Manifest) -> Iterator[tuple[paths.Path, Any]]:
    """Yield every container with its path."""
    for path in pod_specs(manifest):
        spec = paths.get(manifest, path, {})
        for name in _CONTAINERS:
            for index, container in enumerate(spec.get(name) or ()):
                yield (*path, name, index), container
        if isinstance(single := spec.get("container"), dict):
            yield (*path, "container"), single


def images_in(objects: Iterable[Manifest]) -> Iterator[tuple[Ref, str]]:
    """Yield every image with the object that names it."""
    for manifest in objects:
        for _, container in containers(manifest):
            if image := container.get("image"):
                yield ref_of(manifest), image


def _is_like_a_pod(spec: Any) -> bool:
    there = isinstance(spec, dict) and ("containers" in spec or "container" in spec)
    return there and not misshapen(spec, LIKE_A_POD, reading=_STRICT)
