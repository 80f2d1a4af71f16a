"""What of a Secret may be shown: that there is a value, and that it changed; never the value.

Objects are masked here, each value in its own place. Texts are masked by `secrets`, which knows
the values that this module finds.
"""

import base64
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest

_VALUES = (("data",), ("stringData",))
_ANNOTATIONS = ("metadata", "annotations")
# Annotations that say how a Secret is dealt with and keep nothing of what is in it: whose, and
# which. A domain alone says nothing, for anybody may write under it. Not among them, though
# common: kubectl, kapp and other clients keep the object as it was applied.
_CANDID = {
    "app.kubernetes.io": "name instance version component part-of managed-by",
    "argocd.argoproj.io": "sync-wave sync-options compare-options tracking-id hook "
    "hook-delete-policy managed-by-url installation-id",
    "cert-manager.io": "alt-names certificate-name common-name ip-sans issuer-group issuer-kind "
    "issuer-name uri-sans allow-direct-injection",
    "helm.sh": "hook hook-weight hook-delete-policy resource-policy chart",
    "helm.toolkit.fluxcd.io": "name namespace",
    "kubernetes.io": "service-account.name service-account.uid description",
    "kustomize.toolkit.fluxcd.io": "name namespace prune ssa reconcile",
    "meta.helm.sh": "release-name release-namespace",
    "stackctl.dev": "applied digest parts",
}
# Kinds of Secrets that hold what others store in them, compressed: nothing that could be echoed.
_STORES = frozenset({"helm.sh/release.v1", "stackctl.dev/release"})
_YES_OR_NO = frozenset({"", "true", "false", "yes", "no", "enabled", "disabled"})


def values_of(manifests: Iterable[Manifest]) -> Iterator[object]:
    """Yield what is secret in objects: the values of Secrets, and those their copies keep."""
    for manifest in manifests:
        if not isinstance(manifest, dict) or manifest.get("kind") != "Secret":
            continue
        if manifest.get("type") not in _STORES:
            yield from _values(manifest)
            yield from values_of(_copies_in(manifest))


def names_in(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Yield what objects are called, and the keys under which they keep what they keep."""
    for manifest in manifests:
        metadata = manifest["metadata"]
        yield from (manifest["kind"], metadata["name"], metadata.get("namespace") or "")
        for (place,) in _VALUES:
            if isinstance(found := manifest.get(place), dict):
                yield from map(str, found)


def objects_in(document: Any) -> Iterator[Manifest]:
    """Yield the objects that an answer of the API server holds: one, or the items of a list."""
    found = document if isinstance(document, dict) else {}
    kind = str(found.get("kind") or "")
    if kind != "SecretList":
        yield found
        return
    for item in found.get("items") or ():
        if isinstance(item, dict):
            yield {"kind": "Secret"} | item  # items do not say what they are


def _values(secret: Manifest) -> Iterator[object]:
    for (name,) in _VALUES:
        values = secret.get(name)
        # What is no map is a mistake; it may be one about a value.
        yield from values.values() if isinstance(values, dict) else (values,)


def _copies_in(secret: Manifest) -> Iterator[Manifest]:
    """Yield the objects that clients keep in annotations."""
    annotations = paths.get(secret, _ANNOTATIONS, None)
    for text in annotations.values() if isinstance(annotations, dict) else ():
        with suppress(ValueError):
            found = json.loads(str(text))
            if isinstance(found, dict):
                yield found


def mask(manifest: Manifest) -> Manifest:
    """Hide the values of a Secret; an object of another kind comes back as it is."""
    return mask_changes(manifest, manifest)[0]


def mask_changes(old: Manifest, new: Manifest) -> tuple[Manifest, Manifest]:
    """Hide the values of two versions of a Secret so that only the fact of a change shows.

    Annotations may hold copies: the whole Secret as a client applied it, a value from before the
    last rotation, a text that somebody made of one. No rule about texts finds them all. So an
    annotation shows only when its key belongs to a tool known to keep nothing of the kind, or when
    it says no more than yes or no; and never when a value of either version is part of it.
    """
    if "Secret" not in (old.get("kind"), new.get("kind")):
        return old, new
    values = {*_copies(old), *_copies(new)}
    telling = _telling(old, values) | _telling(new, values)
    for place in _VALUES:
        old, new = _hide(old, new, place)
    return _hide(old, new, _ANNOTATIONS, telling)


def _copies(secret: Manifest) -> Iterator[str]:
    """Yield every value of a Secret, as it is and in base64 and out of it."""
    for (name,) in _VALUES:
        values = secret.get(name)
        for value in values.values() if isinstance(values, dict) else ():
            text = str(value)
            yield text
            yield base64.b64encode(text.encode()).decode()
            with suppress(ValueError):  # it is no base64, or no text
                yield base64.b64decode(text, validate=True).decode()


def _telling(secret: Manifest, values: Collection[str]) -> set[str]:
    """Name the annotations of a Secret that may give a value away."""
    annotations = paths.get(secret, _ANNOTATIONS, None)
    if not isinstance(annotations, dict):
        return set()
    return {key for key, text in annotations.items() if not _harmless(key, str(text), values)}


def _harmless(key: str, text: str, values: Collection[str]) -> bool:
    domain, _, name = key.partition("/")
    known = name in _CANDID.get(domain, "").split() or text.lower() in _YES_OR_NO
    return known and not any(value and value in text for value in values)


def _hide(
    old: Manifest, new: Manifest, place: paths.Path, keys: Collection[str] | None = None
) -> tuple[Manifest, Manifest]:
    """Put markers in the place of values, of those keys or of all."""
    was, now = paths.get(old, place, None), paths.get(new, place, None)
    return (
        _put(old, place, _hidden(was, now, "before", keys)),
        _put(new, place, _hidden(now, was, "after", keys)),
    )


def _put(manifest: Manifest, place: paths.Path, values: Any) -> Manifest:
    changed: Manifest = paths.put(manifest, place, values) if values else manifest
    return changed


def _hidden(value: Any, other: Any, side: str, keys: Collection[str] | None) -> Any:
    if not isinstance(value, dict):  # what no Secret can have, but a file can
        return value and marker(value, other, side)
    others = other if isinstance(other, dict) else {}
    return {
        key: marker(item, others.get(key, item), side) if keys is None or key in keys else item
        for key, item in value.items()
    }


def marker(value: Any, other: Any, side: str) -> str:
    """Say in a value's stead that there is one, and whether it is another one on this side."""
    return f"<masked, {side}>" if value != other else "<masked>"
