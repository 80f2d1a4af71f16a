"""What a Kubernetes object is called and what can be read from it without knowing its kind.

Nothing in here decides anything about an object; that is for plan, readiness and bundle.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from stackctl.model.objects.versions import split_api_version

Manifest = dict[str, Any]
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[^/%?#\s\x00-\x1f]+"
_ADDRESS = re.compile(rf"(?:{_SEGMENT})?/{_SEGMENT}/(?:{_SEGMENT})?/{_SEGMENT}")

MANAGED_BY = "app.kubernetes.io/managed-by"
STACK_LABEL = "stackctl.dev/stack"
COMPONENT_LABEL = "stackctl.dev/component"
CREDENTIALS_LABEL = "stackctl.dev/credentials-of"  # on Secrets with generated values: the stack
FIELD_MANAGER = "stackctl"
RECORD_NAMESPACE = "stackctl-system"
PROTECTED_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def is_protected(namespace: str) -> bool:
    """Tell a namespace that is Kubernetes' own, or everybody's: never a stack's."""
    return namespace in PROTECTED_NAMESPACES or namespace.startswith("kube-")


class Ref(NamedTuple):
    """Version-free identity of an object; prints `Deployment/ml/spark-operator`."""

    group: str
    kind: str
    namespace: str  # empty for cluster-scoped objects
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    @property
    def key(self) -> str:
        """A text that keeps the group, to be read back with `Ref.parse`."""
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"

    @property
    def addressable(self) -> bool:
        """Its parts can be segments of a path: it leads to one object and nowhere else."""
        return _ADDRESS.fullmatch(self.key) is not None

    @classmethod
    def parse(cls, key: str) -> "Ref":
        """Read what `key` wrote."""
        group, kind, namespace, name = key.split("/", 3)
        return cls(group, kind, namespace, name)


def group_of(manifest: Mapping[str, Any]) -> str:
    """Return the API group, empty for the core group."""
    return _group_and_version(manifest["apiVersion"])[0]


def version_of(manifest: Mapping[str, Any]) -> str:
    """Return the API version without its group."""
    return _group_and_version(manifest["apiVersion"])[1]


@lru_cache(1024)
def _group_and_version(text: object) -> tuple[str, str]:
    return split_api_version(str(text))


def ref_of(manifest: Mapping[str, Any]) -> Ref:
    """Name an object."""
    metadata = manifest["metadata"]
    group, _ = _group_and_version(manifest["apiVersion"])
    return Ref(group, manifest["kind"], metadata.get("namespace") or "", metadata["name"])


def labels_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels, empty when there are none."""
    return dict(manifest.get("metadata", {}).get("labels") or {})


def namespace_ref(name: str) -> Ref:
    """Return the ref of a namespace."""
    return Ref("", "Namespace", "", name)


def annotations_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the annotations, empty when there are none."""
    return dict(manifest.get("metadata", {}).get("annotations") or {})


def labelled(manifest: Manifest, labels: Mapping[str, str]) -> Manifest:
    """Return an object with more labels."""
    return _with(manifest, "labels", {**labels_of(manifest), **labels})


def annotated(manifest: Manifest, annotations: Mapping[str, str]) -> Manifest:
    """Return an object with more annotations; the object itself where there are none."""
    said = {**annotations_of(manifest), **annotations}
    return _with(manifest, "annotations", said) if annotations else manifest


def without_labels(manifest: Manifest, leaving: Callable[[str], bool]) -> Manifest:
    """Return an object without some labels; the object itself where it has none of them."""
    return _without(manifest, "labels", labels_of(manifest), leaving)


def without_annotations(manifest: Manifest, leaving: Callable[[str], bool]) -> Manifest:
    """Return an object without some annotations; the object itself where it has none of them."""
    return _without(manifest, "annotations", annotations_of(manifest), leaving)


def _with(manifest: Manifest, key: str, texts: Mapping[str, str]) -> Manifest:
    return manifest | {"metadata": manifest["metadata"] | {key: texts}}


def _without(
    manifest: Manifest, key: str, said: Mapping[str, str], leaving: Callable[[str], bool]
) -> Manifest:
    kept = {name: text for name, text in said.items() if not leaving(name)}
    if len(kept) == len(said):
        return manifest
    if kept:
        return _with(manifest, key, kept)
    metadata = {name: each for name, each in manifest["metadata"].items() if name != key}
    return manifest | {"metadata": metadata}


def digest(value: Any) -> str:
    """Hash a JSON value independently of the order of its keys, as 32 hexadecimal digits."""
    import hashlib
    import json

    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
