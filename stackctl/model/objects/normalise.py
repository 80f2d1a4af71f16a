"""One spelling for each object, so that what we compare is what the API server would store.

Lists are taken apart, `stringData` becomes `data`, numbers given for CPU become texts, ports name
their protocol, fields only a server fills are dropped. Namespaces are put where they belong.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from decimal import ROUND_UP, Decimal
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import (
    BUILTIN,
    DEFINITION,
    SECRET,
    GroupKind,
    Scopes,
    kind_of,
)
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest, without_annotations
from stackctl.model.objects.secret_data import encoded_text

_Keys = tuple[str | int, ...]
# Of an object's metadata, what only the server writes.
SERVER_METADATA = frozenset(
    {"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation", "selfLink"}
)
_IDENTITY = frozenset({"apiVersion", "kind"})
# What clients, controllers and Helm note down on the object that they have before them.
FORMER_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deployment.kubernetes.io/revision",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deployment.kubernetes.io/revision-history",
        "deprecated.daemonset.template.generation",
        "meta.helm.sh/release-name",
        "meta.helm.sh/release-namespace",
    }
)
# Maps whose values are texts: in all kinds, and in two.
_TEXT_MAPS: tuple[paths.Path, ...] = (
    ("metadata", "labels"),
    ("metadata", "annotations"),
)
_DATA_MAPS: tuple[paths.Path, ...] = (("data",), ("binaryData",), ("stringData",))
_DATA_KINDS = frozenset({("", "ConfigMap"), SECRET})


def flatten(documents: Iterable[Any]) -> Iterator[Any]:
    """Yield the objects of documents, the items of a List one by one."""
    return (each for document in documents for _, each in placed(document))


def placed(document: Any, at: _Keys = ()) -> Iterator[tuple[_Keys, Any]]:
    """Yield the objects of a document with the keys that lead to them."""
    if not is_list(document):
        yield at, document
        return
    for index, item in enumerate(_items_of(document)):
        yield from placed(item, (*at, "items", index))


def is_list(document: Any) -> bool:
    """Tell a List of any kind, whose items count one by one; what has a name is an object."""
    return (
        isinstance(document, dict)
        and str(document.get("kind", "")).endswith("List")
        and isinstance(document.get("items"), list)
        and not paths.get(document, ("metadata", "name"), None)
    )


def _items_of(document: Manifest) -> list[Any]:
    """Return the items of a List; those that do not say what they are, are what the list says."""
    kind = str(document["kind"]).removesuffix("List")
    said = {"apiVersion": document["apiVersion"], "kind": kind} if _names_items(document) else {}
    return [
        said | item if isinstance(item, dict) and not item.keys() & _IDENTITY else item
        for item in document["items"]
    ]


def _names_items(document: Manifest) -> bool:
    return document["kind"] != "List" and bool(document.get("apiVersion"))


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
    manifest, kind = _unannotated(as_sent(manifest)), kind_of(manifest)
    manifest = _with_empty_texts(manifest, kind)
    _settle_namespace(manifest["metadata"], namespace, BUILTIN.get(kind, scopes.get(kind)))
    if kind == DEFINITION or kind not in BUILTIN:
        return manifest
    if _has_null(manifest):
        manifest = _without_nulls(manifest)
    if kind == SECRET:
        return _secret(manifest)
    if kind == ("", "Service"):
        manifest = _at(manifest, ("spec", "ports"), _ports)
    if (template := template_path(manifest)) is not None:
        manifest = _at(manifest, (*template, "spec"), _pod_spec)
    return manifest


def _unannotated(manifest: Manifest) -> Manifest:
    """Leave out what was noted down on the object that a manifest was exported from."""
    if not manifest["metadata"].get("annotations"):
        return manifest
    return without_annotations(manifest, FORMER_ANNOTATIONS.__contains__)


def _with_empty_texts(manifest: Manifest, kind: GroupKind) -> Manifest:
    """Write what a map of texts leaves empty as what it is to a server: a text without letters."""
    for path in (*_TEXT_MAPS, *(_DATA_MAPS if kind in _DATA_KINDS else ())):
        manifest = _at(manifest, path, _without_letters)
    return manifest


def _without_letters(texts: Any) -> Any:
    if None not in texts.values():  # as nearly all are
        return texts
    return {key: "" if text is None else text for key, text in texts.items()}


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
    encoded = {key: encoded_text(text) for key, text in texts.items()}
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
    """Write an amount given as a number as Kubernetes would: 0.5 is 500m, 0.0001 is 100u."""
    if isinstance(amount, float):
        return _exactly(Decimal(repr(amount)))
    return str(amount) if type(amount) is int else amount


def _exactly(amount: Decimal) -> str:
    """Write an amount in the largest unit that has no fraction; below the smallest, rounded up."""
    for exponent, unit in enumerate(("", "m", "u", "n")):
        whole = (scaled := amount.scaleb(3 * exponent)).to_integral_value(ROUND_UP)
        if whole == scaled or unit == "n":
            break
    return f"{whole:f}{unit}"


def _at(value: Any, path: paths.Path, change: Callable[[Any], Any]) -> Any:
    """Change what lies at a path, if it is there."""
    old = paths.get(value, path)
    if not old or old is paths.MISSING:
        return value
    new = change(old)
    return value if new == old else paths.put(value, path, new)
