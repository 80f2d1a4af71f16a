"""One spelling for each object, so that what we compare is what the API server would store.

Lists are taken apart, `stringData` becomes `data`, numbers given for CPU become texts, ports name
their protocol, fields only a server fills are dropped. Namespaces are put where they belong.
"""

import base64
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import BUILTIN, Scopes, kind_of
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest

# Of an object's metadata, what only the server writes.
SERVER_METADATA = frozenset(
    {"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation", "selfLink"}
)


def flatten(documents: Iterable[Any]) -> Iterator[Any]:
    """Yield the objects of documents, the items of a List one by one."""
    for document in documents:
        if is_list(document):
            yield from flatten(document["items"])
        else:
            yield document


def is_list(document: Any) -> bool:
    """Tell a List, whose items count one by one."""
    return (
        isinstance(document, dict)
        and str(document.get("kind", "")).endswith("List")
        and document.get("apiVersion") == "v1"
        and isinstance(document.get("items"), list)
    )


def as_sent(manifest: Manifest, written: Container[str] = SERVER_METADATA) -> Manifest:
    """Leave out of an object its status, and what of its metadata the server has written."""
    sent = {key: value for key, value in manifest.items() if key != "status"}
    metadata = manifest.get("metadata", {})
    sent["metadata"] = {key: value for key, value in metadata.items() if key not in written}
    return sent


def normalised(manifest: Manifest, namespace: str, scopes: Scopes) -> Manifest:
    """Return the object in its one spelling, in the given namespace if it needs one and has none.

    Objects of the cluster lose a namespace; kinds nobody knows are left as they are.
    """
    manifest, kind = as_sent(manifest), kind_of(manifest)
    _settle_namespace(manifest["metadata"], namespace, BUILTIN.get(kind, scopes.get(kind)))
    if kind == ("apiextensions.k8s.io", "CustomResourceDefinition") or kind not in BUILTIN:
        return manifest
    if _has_null(manifest):
        manifest = _without_nulls(manifest)
    if kind == ("", "Secret"):
        return _secret(manifest)
    if kind == ("", "Service"):
        manifest = _at(manifest, ("spec", "ports"), _ports)
    if (template := template_path(manifest)) is not None:
        manifest = _at(manifest, (*template, "spec"), _pod_spec)
    return manifest


def _settle_namespace(metadata: Manifest, namespace: str, namespaced: bool | None) -> None:
    if namespaced is False:
        metadata.pop("namespace", None)
    elif namespaced and not metadata.get("namespace"):
        metadata["namespace"] = namespace


def _has_null(value: Any) -> bool:
    """Tell whether a map holds a null, at any depth; hardly any does, and looking is cheap."""
    inside = value.values() if isinstance(value, dict) else value
    for item in inside:
        if isinstance(item, dict | list):
            if _has_null(item):
                return True
        elif item is None:
            return True
    return False


def _without_nulls(value: Any) -> Any:
    """Drop nulls from maps, which built-in kinds take for fields that are not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _secret(manifest: Manifest) -> Manifest:
    texts = manifest.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    if encoded:
        manifest["data"] = (manifest.get("data") or {}) | encoded
    return manifest


def _pod_spec(spec: Any) -> Any:
    for name in ("containers", "initContainers"):
        spec = _at(spec, (name,), lambda containers: [_container(item) for item in containers])
    return spec


def _container(container: Any) -> Any:
    container = _at(container, ("ports",), _ports)
    for name in ("limits", "requests"):
        container = _at(container, ("resources", name), _quantities)
    return container


def _ports(ports: Any) -> Any:
    return [{**port, "protocol": port.get("protocol") or "TCP"} for port in ports]


def _quantities(amounts: Any) -> Any:
    return {name: quantity(amount) for name, amount in amounts.items()}


def quantity(amount: Any) -> Any:
    """Write an amount given as a number as Kubernetes would: 0.5 is 500m."""
    if isinstance(amount, float):
        return f"{round(amount * 1000)}m"
    return str(amount) if type(amount) is int else amount


def _at(value: Any, path: paths.Path, change: Callable[[Any], Any]) -> Any:
    """Change what lies at a path, if it is there."""
    old = paths.get(value, path)
    if not old or old is paths.MISSING:
        return value
    new = change(old)
    return value if new == old else paths.put(value, path, new)
