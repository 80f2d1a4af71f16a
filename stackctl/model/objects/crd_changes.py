"""Whether a definition of custom resources may take the place of another without losing objects."""

from collections.abc import Iterator, Mapping

from stackctl.model.objects.refs import Manifest
from stackctl.model.objects.wording import first_few


def lost(live: Manifest, wanted: Manifest) -> Iterator[str]:
    """Yield what applying `wanted` over `live` would lose; nothing when it is safe."""
    was, now = live["spec"], wanted["spec"]
    if was.get("scope") != now.get("scope"):
        yield f"scope changes from {was.get('scope')} to {now.get('scope')}"
    served = {version["name"] for version in now.get("versions") or ()}
    for version in live.get("status", {}).get("storedVersions") or ():
        if version not in served:
            yield f"objects are stored as {version}, which it no longer has"


def schema_changes(live: Manifest, wanted: Manifest) -> Iterator[str]:
    """Yield what of a definition changes for those who use it: versions, storage, fields."""
    was, now = _versions(live), _versions(wanted)
    for name in now:
        if name not in was:
            yield f"adds version {name}"
    for name in was:
        if name not in now:
            yield f"no longer has version {name}"
        elif was[name].get("served") and not now[name].get("served"):
            yield f"no longer serves {name}"
    before, after = _storage(was), _storage(now)
    if before != after:
        yield f"stores objects as {after} instead of {before}"
    for name in now:
        if name in was:
            yield from _fields(name, _schema(was[name]), _schema(now[name]))


def _versions(definition: Manifest) -> dict[str, Manifest]:
    return {version["name"]: version for version in definition["spec"].get("versions") or ()}


def _storage(versions: Mapping[str, Manifest]) -> str:
    return next((name for name, each in versions.items() if each.get("storage")), "nothing")


def _schema(version: Manifest) -> Manifest:
    return (version.get("schema") or {}).get("openAPIV3Schema") or {}


def _fields(version: str, was: Manifest, now: Manifest) -> Iterator[str]:
    """Yield which fields are gone, have another type, or are newly required."""
    changes = list(_compare("", was, now))
    for what in ("is gone", "has another type", "is required now"):
        paths = [path for path, change in changes if change == what]
        if paths:
            change = what if len(paths) == 1 else _PLURAL[what]
            yield f"{version}: {first_few(paths, _SHOWN)} {change}"


_PLURAL = {
    "is gone": "are gone",
    "has another type": "have other types",
    "is required now": "are required now",
}
_SHOWN = 5


def _compare(path: str, was: Manifest, now: Manifest) -> Iterator[tuple[str, str]]:
    if was.get("type") and now.get("type") and was["type"] != now["type"]:
        yield path, "has another type"
        return
    open_ended = now.get("x-kubernetes-preserve-unknown-fields")
    old, new = was.get("properties") or {}, now.get("properties") or {}
    for name, schema in old.items():
        inner = f"{path}.{name}" if path else name
        if name in new:
            yield from _compare(inner, schema, new[name])
        elif not open_ended and not now.get("additionalProperties"):
            yield inner, "is gone"
    for name in now.get("required") or ():
        # A field that is required inside one that is new concerns nobody's objects.
        if name not in (was.get("required") or ()) and (was.get("properties") or path == ""):
            yield f"{path}.{name}" if path else name, "is required now"
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(was.get(key), dict) and isinstance(now.get(key), dict):
            yield from _compare(f"{path}{mark}", was[key], now[key])
