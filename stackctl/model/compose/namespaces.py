"""A component moved to another namespace: every reference to the old one, kind by kind.

What no rule by kind can know (flags, texts) is named by component.yaml as `namespacePlaces` and
changed with `renamed`. Binding those places is `bind`'s part.
"""

import re
from collections.abc import Callable
from typing import Any

from stackctl.model.objects.kinds import DEFINITION, NAMESPACE, GroupKind, kind_of
from stackctl.model.objects.refs import Manifest

_NAME_LABEL = "kubernetes.io/metadata.name"
_CA_ANNOTATIONS = ("cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret")


def moved(manifest: Manifest, old: str, new: str) -> Manifest:
    """Return the object as it is when its component lives in another namespace."""
    if old == new:
        return manifest
    manifest = _at(manifest, ("metadata",), lambda value: _metadata(value, old, new))
    change = _KINDS.get(kind_of(manifest))
    return change(manifest, old, new) if change else manifest


def renamed(text: str, old: str, new: str) -> str:
    """Replace a namespace in a text: alone, in `service.namespace.svc`, before a slash, or a word.

    In `a.a.svc` only the second `a` is a namespace, and in `a/a` only the first.
    """
    if text == old:
        return new
    word = re.escape(old)
    dotted = re.compile(rf"(?<=[\w-]\.){word}(?=\.svc(?![\w-])|$|[:/,\s])")
    if dotted.search(text):
        return dotted.sub(new, text)
    before_slash = re.compile(rf"(?<![\w./-]){word}(?=/)")
    if before_slash.search(text):
        return before_slash.sub(new, text)
    return re.sub(rf"(?<![\w-]){word}(?![\w-])", new, text)


Change = Callable[[Any, str, str], Any]


def _at(value: Any, path: tuple[str, ...], change: Callable[[Any], Any]) -> Any:
    """Change what lies at a path, entering every element of lists on the way."""
    if not path:
        return change(value)
    if isinstance(value, list):
        return [_at(item, path, change) for item in value]
    if not isinstance(value, dict) or value.get(path[0]) is None:
        return value
    return value | {path[0]: _at(value[path[0]], path[1:], change)}


def _swap(old: str, new: str) -> Callable[[Any], Any]:
    return lambda value: new if value == old else value


def _metadata(metadata: Any, old: str, new: str) -> Any:
    metadata = _at(metadata, ("namespace",), _swap(old, new))
    for name in _CA_ANNOTATIONS:
        metadata = _at(metadata, ("annotations", name), lambda text: renamed(text, old, new))
    return metadata


def _namespace(manifest: Manifest, old: str, new: str) -> Any:
    manifest = _at(manifest, ("metadata", "name"), _swap(old, new))
    return _at(manifest, ("metadata", "labels", _NAME_LABEL), _swap(old, new))


def _subjects(manifest: Manifest, old: str, new: str) -> Any:
    manifest = _at(manifest, ("subjects", "namespace"), _swap(old, new))
    for prefix in ("system:serviceaccounts:", "system:serviceaccount:"):
        pattern = re.compile(rf"^{prefix}{re.escape(old)}(?=:|$)")
        to = f"{prefix}{new}"
        manifest = _at(manifest, ("subjects", "name"), lambda name: pattern.sub(to, name))  # noqa: B023
    return manifest


def _webhooks(manifest: Manifest, old: str, new: str) -> Any:
    where = ("webhooks", "clientConfig", "service", "namespace")
    manifest = _at(manifest, where, _swap(old, new))
    return _selectors(manifest, ("webhooks", "namespaceSelector"), old, new)


def _selectors(manifest: Any, path: tuple[str, ...], old: str, new: str) -> Any:
    """Change selectors that name a namespace by the label every one has."""

    def change(selector: Any) -> Any:
        selector = _at(selector, ("matchLabels", _NAME_LABEL), _swap(old, new))
        return _at(selector, ("matchExpressions",), lambda all_: [expression(e) for e in all_])

    def expression(each: Any) -> Any:
        if each.get("key") != _NAME_LABEL:
            return each
        return _at(each, ("values",), lambda values: [_swap(old, new)(value) for value in values])

    return _at(manifest, path, change)


def _policy_binding(manifest: Manifest, old: str, new: str) -> Any:
    manifest = _at(manifest, ("spec", "paramRef", "namespace"), _swap(old, new))
    return _selectors(manifest, ("spec", "matchResources", "namespaceSelector"), old, new)


def _api_service(manifest: Manifest, old: str, new: str) -> Any:
    return _at(manifest, ("spec", "service", "namespace"), _swap(old, new))


def _definition(manifest: Manifest, old: str, new: str) -> Any:
    path = ("spec", "conversion", "webhook", "clientConfig", "service", "namespace")
    return _at(manifest, path, _swap(old, new))


def _certificate(manifest: Manifest, old: str, new: str) -> Any:
    def change(name: str) -> str:
        return renamed(name, old, new) if "." in name else name

    manifest = _at(manifest, ("spec", "commonName"), change)
    return _at(manifest, ("spec", "dnsNames"), lambda names: [change(name) for name in names])


def _network_policy(manifest: Manifest, old: str, new: str) -> Any:
    for path in (("ingress", "from"), ("egress", "to")):
        manifest = _selectors(manifest, ("spec", *path, "namespaceSelector"), old, new)
    return manifest


def _monitor(manifest: Manifest, old: str, new: str) -> Any:
    return _at(
        manifest,
        ("spec", "namespaceSelector", "matchNames"),
        lambda names: [_swap(old, new)(name) for name in names],
    )


_RBAC, _ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
_KINDS: dict[GroupKind, Change] = {
    NAMESPACE: _namespace,
    (_RBAC, "RoleBinding"): _subjects,
    (_RBAC, "ClusterRoleBinding"): _subjects,
    (_ADMISSION, "ValidatingWebhookConfiguration"): _webhooks,
    (_ADMISSION, "MutatingWebhookConfiguration"): _webhooks,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): _policy_binding,
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): _policy_binding,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    DEFINITION: _definition,
    ("cert-manager.io", "Certificate"): _certificate,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("monitoring.coreos.com", "ServiceMonitor"): _monitor,
    ("monitoring.coreos.com", "PodMonitor"): _monitor,
}
