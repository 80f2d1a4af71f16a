"""What the settings of a stack do to its objects, by kind: images, scheduling, storage, labels.

A Pod template is *accelerated* when it means GPU nodes: it tolerates their taint, asks for their
resources, or selects them by a label of NVIDIA's or of the PCI vendor. All others are *system*.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from stackctl.model.catalogue.component import Image
from stackctl.model.catalogue.profile import ForPods, Settings
from stackctl.model.compose.bind import Binder
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.placement import accelerated
from stackctl.model.shapes.pod_specs import containers

T = TypeVar("T")
_DOCKER_HUB = "docker.io"


def applied(manifest: Manifest, settings: Settings) -> Manifest:
    """Return the object with the settings that are for its kind."""
    if settings == Settings():
        return manifest
    manifest = _images(manifest, settings.imageRegistry)
    manifest = _labels(manifest, ("metadata",), settings.labels)
    manifest = _storage(manifest, settings.storageClass)
    template = template_path(manifest)
    if template is None:
        return manifest
    if template:
        manifest = _labels(manifest, (*template, "metadata"), settings.labels)
    path = (*template, "spec")
    pod = paths.get(manifest, path, {})
    scheduled = _scheduled(pod, settings)
    return manifest if scheduled is pod else _put(manifest, path, scheduled)


def rewrite_image_places(binder: Binder, images: tuple[Image, ...], registry: str) -> None:
    """Name the images that lie outside Pod templates by another registry as well."""
    if not registry:
        return
    for image in images:
        for place in image.places:
            if not binder.objects.has(place.object):
                continue  # in a file that is no part of the bundle, or in a feature that is off
            found = binder.read(place)
            if isinstance(found, str) and _repository(found) == _repository(image.image):
                binder.write(place, mirrored(found, registry))


def mirrored(image: str, registry: str) -> str:
    """Return an image's name in another registry: only the host changes, and only once."""
    if image.startswith(f"{registry}/"):
        return image
    host, slash, path = image.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, path = _DOCKER_HUB, image if slash else f"library/{image}"
    return f"{registry}/{path}"


def _repository(image: str) -> str:
    """Return an image's name without tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def _images(manifest: Manifest, registry: str) -> Manifest:
    if not registry:
        return manifest
    for path, container in list(containers(manifest)):
        if image := container.get("image"):
            manifest = _put(manifest, (*path, "image"), mirrored(image, registry))
    return manifest


def _labels(manifest: Manifest, path: paths.Path, labels: Mapping[str, str]) -> Manifest:
    """Add labels where there are none of that name: selectors go on matching."""
    if not labels:
        return manifest
    own = paths.get(manifest, (*path, "labels"), {}) or {}
    return _put(manifest, (*path, "labels"), {**labels, **own})


def _storage(manifest: Manifest, storage_class: str | None) -> Manifest:
    """Name the storage class of claims that leave it to the cluster."""
    if storage_class is None:
        return manifest
    if kind_of(manifest) == ("", "PersistentVolumeClaim"):
        return _put(manifest, ("spec",), _claim(manifest.get("spec") or {}, storage_class))
    claims = paths.get(manifest, ("spec", "volumeClaimTemplates"), None)
    if kind_of(manifest) != ("apps", "StatefulSet") or not claims:
        return manifest
    new = [claim | {"spec": _claim(claim.get("spec") or {}, storage_class)} for claim in claims]
    return _put(manifest, ("spec", "volumeClaimTemplates"), new)


def _claim(spec: Any, storage_class: str) -> Any:
    return {"storageClassName": storage_class} | spec


def _scheduled(pod: Any, settings: Settings) -> Any:
    gpu = accelerated(pod)
    if secrets := settings.imagePullSecrets:
        known = pod.get("imagePullSecrets") or []
        new = [{"name": name} for name in secrets if {"name": name} not in known]
        pod = pod | {"imagePullSecrets": [*known, *new]}
    if selector := _chosen(settings.nodeSelector, gpu):
        pod = pod | {"nodeSelector": {**(pod.get("nodeSelector") or {}), **selector}}
    if tolerations := _chosen(settings.tolerations, gpu):
        known = pod.get("tolerations") or []
        new = [each for each in tolerations if each not in known]
        pod = pod | {"tolerations": [*known, *new]}
    if priority := _chosen(settings.priorityClass, gpu):
        pod = pod | {"priorityClassName": priority}
    return pod


def _chosen(setting: ForPods[T], gpu: bool) -> T | None:
    return setting.accelerated if gpu else setting.system


def _put(manifest: Manifest, path: paths.Path, value: Any) -> Manifest:
    changed: Manifest = paths.put(manifest, path, value)
    return changed
