"""Names of objects that nothing in a component answers to.

What its programs make by themselves is not known here: somebody has to say so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stackctl.model.catalogue.lint_rules import LintRule
from stackctl.model.lint.finding import Fault
from stackctl.model.objects import paths
from stackctl.model.objects.paths import Path
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.privileges.rights import maps, part
from stackctl.model.shapes.pod_specs import containers

_EVERYWHERE = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
Named = tuple[Path, str, str]  # where, and the kind and name that it names


def reference_faults(manifest: Manifest, objects: Sequence[Manifest]) -> Iterator[Fault]:
    """Yield the names in an object that none of the component's objects has."""
    space = manifest["metadata"].get("namespace") or ""
    known = {(ref.kind, ref.namespace, ref.name) for ref in map(ref_of, objects)}
    for path, kind, name in _named(manifest):
        if (kind, name) not in _EVERYWHERE and (kind, space, name) not in known:
            what = f"there is no {kind}/{name} in {space} in this component"
            yield LintRule.MISSING_OBJECT, path, what
    for path, service in _webhook_services(manifest):
        ref = ("Service", str(service.get("namespace")), str(service.get("name")))
        if ref not in known:
            what = f"there is no {'/'.join(ref)} in this component"
            yield LintRule.MISSING_OBJECT, path, what
    yield from _without_pods(manifest, objects)


def _named(manifest: Manifest) -> Iterator[Named]:
    if manifest["kind"] == "RoleBinding" and part(manifest, "roleRef").get("kind") == "Role":
        yield ("roleRef", "name"), "Role", str(part(manifest, "roleRef").get("name"))
    yield from _named_services(manifest)
    template = template_path(manifest)
    if template is None:
        return
    at: Path = (*template, "spec")
    spec = paths.get(manifest, at, {})
    if account := spec.get("serviceAccountName"):
        yield (*at, "serviceAccountName"), "ServiceAccount", account
    for index, volume in enumerate(maps(spec.get("volumes"))):
        for path, source in _volume_sources(volume):
            yield from _required((*at, "volumes", index, *path), source)
    for path, container in containers(manifest):
        for index, source in enumerate(maps(container.get("envFrom"))):
            yield from _required((*path, "envFrom", index, "configMapRef"), source)
        for index, variable in enumerate(maps(container.get("env"))):
            where = (*path, "env", index, "valueFrom", "configMapKeyRef")
            yield from _required(where, part(variable, "valueFrom"))


def _named_services(manifest: Manifest) -> Iterator[Named]:
    """Yield the Services that Pods of a StatefulSet are called after, and an Ingress leads to."""
    spec = part(manifest, "spec")
    if manifest["kind"] == "StatefulSet" and spec.get("serviceName"):
        yield ("spec", "serviceName"), "Service", str(spec["serviceName"])
    if manifest["kind"] != "Ingress":
        return
    backends: list[tuple[Path, Mapping[str, Any]]] = [
        (("spec", "defaultBackend"), part(spec, "defaultBackend"))
    ]
    for index, rule in enumerate(maps(spec.get("rules"))):
        for number, path in enumerate(maps(part(rule, "http").get("paths"))):
            at: Path = ("spec", "rules", index, "http", "paths", number, "backend")
            backends.append((at, part(path, "backend")))
    for at, backend in backends:
        if name := part(backend, "service").get("name"):
            yield (*at, "service", "name"), "Service", str(name)


def _volume_sources(volume: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    yield ("configMap",), volume
    for index, source in enumerate(maps(part(volume, "projected").get("sources"))):
        yield ("projected", "sources", index, "configMap"), source


def _required(at: Path, source: Mapping[str, Any]) -> Iterator[Named]:
    """Yield the ConfigMap that a source must have."""
    named = part(source, str(at[-1]))
    if named.get("name") and not named.get("optional"):
        yield (*at, "name"), "ConfigMap", str(named["name"])


def _webhook_services(manifest: Manifest) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for index, webhook in enumerate(maps(manifest.get("webhooks"))):
        if service := part(part(webhook, "clientConfig"), "service"):
            yield ("webhooks", index, "clientConfig", "service"), service
    conversion: Path = ("spec", "conversion", "webhook", "clientConfig", "service")
    if isinstance(service := paths.get(manifest, conversion, None), Mapping):
        yield conversion, service


def _without_pods(manifest: Manifest, objects: Sequence[Manifest]) -> Iterator[Fault]:
    """Yield a selector of a Service, or of a budget, that finds no Pods of the component."""
    selector = _selector(manifest)
    if not selector:
        return
    at, wanted = selector
    space = ref_of(manifest).namespace
    if not any(wanted.items() <= labels.items() for labels in _pod_labels(objects, space)):
        what = "no Pods of this component have these labels"
        yield LintRule.MISSING_OBJECT, at, what


def _selector(manifest: Manifest) -> tuple[Path, Mapping[str, Any]] | None:
    spec = part(manifest, "spec")
    if manifest["kind"] == "Service" and (wanted := part(spec, "selector")):
        return ("spec", "selector"), wanted
    if manifest["kind"] == "PodDisruptionBudget":
        wanted = part(part(spec, "selector"), "matchLabels")
        return (("spec", "selector", "matchLabels"), wanted) if wanted else None
    return None


def _pod_labels(objects: Sequence[Manifest], space: str) -> Iterator[Mapping[str, Any]]:
    for each in objects:
        template = template_path(each)
        if template is not None and ref_of(each).namespace == space:
            yield part(part(paths.get(each, template, {}), "metadata"), "labels")
