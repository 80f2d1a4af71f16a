"""The one merge rule, for values and for objects.

Maps merge, null deletes, anything else replaces. In patches of objects the lists that Kubernetes
merges by key merge by that key, and `$patch: delete` takes an element, or the object, out.
"""

from collections.abc import Callable
from typing import Any

from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.refs import Manifest

DELETE = {"$patch": "delete"}
_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "env": "name",
    "webhooks": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "hostAliases": "ip",
}


class OverlayError(ValueError):
    """A patch that cannot be laid over what it is meant for."""


def overlay(base: Any, patch: Any) -> Any:
    """Lay a patch over a value: maps merge, null deletes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = overlay(merged.get(key), value)
    return merged


def expected(live: Manifest, sent: Manifest) -> Manifest:
    """Say what an object comes to where the server cannot be asked.

    What it has beside what is sent, such as defaults, it has again; in elements of lists too, as
    far as these are told apart by a key. Which elements there are is what is sent.
    """
    service = "apiVersion" in sent and kind_of(sent) == ("", "Service")
    result: Manifest = _expected(live, sent, "", service)
    return result


def _expected(live: Any, sent: Any, at: str, service: bool) -> Any:
    if isinstance(sent, list):
        items = [*_list(live), *sent]
        key = _key_of(at, items, service)
        if key is None or not all(_tells(key(item)) for item in items):
            return sent
        there = {key(item): item for item in _list(live)}
        return [_expected(there.get(key(item)), item, at, service) for item in sent]
    if not isinstance(sent, dict):
        return sent
    merged = dict(live) if isinstance(live, dict) else {}
    for name, value in sent.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _expected(
                merged.get(name), value, f"{at}.{name}" if at else name, service
            )
    return merged


def deletes(patch: Any) -> bool:
    """Tell whether a patch takes out what it names.

    Raises:
        OverlayError: it has a `$patch` that asks for something else.
    """
    if not isinstance(patch, dict) or "$patch" not in patch:
        return False
    if patch["$patch"] != "delete":
        raise OverlayError(f"$patch: {patch['$patch']} is not known, only $patch: delete")
    return True


def patched(base: Manifest, patch: Manifest) -> Manifest:
    """Lay a partial object over an object, lists that have a key merged by it.

    Raises:
        OverlayError: an element to be deleted is not there, or lacks its key.
    """
    result: Manifest = _merge(
        base, patch, "", "apiVersion" in base and kind_of(base) == ("", "Service")
    )
    return result


def _merge(base: Any, patch: Any, at: str, service: bool) -> Any:
    if isinstance(patch, list) and (key := _key_of(at, [*_list(base), *patch], service)):
        return _merge_list(_list(base), patch, at, key, service)
    if not isinstance(patch, dict):
        return patch
    if deletes(patch):
        raise OverlayError(f"{at}: $patch: delete is for objects and list elements; use null")
    merged = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value, f"{at}.{key}" if at else key, service)
    return merged


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


Key = Callable[[Any], Any]


def _key_of(at: str, items: list[Any], service: bool) -> Key | None:
    """Return how elements of a list are told apart; None for lists that replace."""
    if not all(isinstance(item, dict) for item in items):
        return None
    name = at.rpartition(".")[2]
    field = _KEYS.get(name, "")
    if name == "ports":
        field = "containerPort" if any("containerPort" in item for item in items) else ""
        field = field or ("port" if service and at == "spec.ports" else "")
        return (lambda item: (item.get(field), item.get("protocol") or "TCP")) if field else None
    return (lambda item: item.get(field)) if field else None


def _merge_list(base: list[Any], patch: list[Any], at: str, key: Key, service: bool) -> list[Any]:
    if not all(_tells(key(item)) for item in base):
        raise OverlayError(f"{at}: an element that is there does not say which one it is")
    merged = {key(item): item for item in base}
    for item in patch:
        name = key(item)
        if not _tells(name):
            raise OverlayError(f"{at}: an element does not say which one it is")
        if deletes(item):
            if name not in merged:
                raise OverlayError(f"{at}: there is no {_shown(name)} to delete")
            del merged[name]
        else:
            merged[name] = _merge(merged.get(name), item, at, service)
    return list(merged.values())


def _tells(name: Any) -> bool:
    """Tell whether an element's key is one: a text or a number."""
    values = name if isinstance(name, tuple) else (name,)
    return all(isinstance(value, str | int) for value in values)


def _shown(name: Any) -> str:
    return "/".join(map(str, name)) if isinstance(name, tuple) else str(name)
