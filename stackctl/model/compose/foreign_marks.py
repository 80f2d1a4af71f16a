"""What manifests of somebody else carry that does not go into a bundle, and how that is told.

Marks of the tool that they were made with, and what a server wrote before they were exported.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stackctl.model.compose.object_check import ObjectFault
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import DEFINITION, NAMESPACE, kind_of
from stackctl.model.objects.normalise import FORMER_ANNOTATIONS, SERVER_METADATA
from stackctl.model.objects.refs import MANAGED_BY, Manifest, ref_of
from stackctl.model.objects.wording import counted, first_few
from stackctl.model.shapes.decode import At

_OURS = "stackctl"
_SELECTORS = frozenset({"matchLabels"})


def unmatched(manifests: Iterable[Manifest]) -> Iterator[ObjectFault]:
    """Yield the selectors that match objects only as long as another tool manages them.

    Pods of templates keep their labels; objects are marked as ours.
    """
    objects = list(manifests)
    going = {mark for each in objects if (mark := _manager(each)) and _is_selected(each)}
    for manifest in objects:
        for at, labels in _selectors(manifest) if going else ():
            if labels.get(MANAGED_BY) in going:
                what = f"wants the label {MANAGED_BY}={labels[MANAGED_BY]}, which becomes {_OURS}"
                yield ObjectFault(ref_of(manifest), (*at, MANAGED_BY), f"the selector {what}")


def replaced_managers(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Say once of each other manager that its objects become ours."""
    found = Counter(mark for each in manifests if (mark := _manager(each)))
    for manager, count in sorted(found.items()):
        yield f"{counted(count, 'object')} with {MANAGED_BY}: {manager} will say {_OURS} instead"


def left_out(written: Iterable[Manifest]) -> Iterator[str]:
    """Say once what servers and clients had noted down in exported objects."""
    found: dict[str, list[object]] = defaultdict(list)
    for manifest in written:
        for what in _notes(manifest):
            found[what].append(ref_of(manifest))
    if found:
        objects = first_few([*dict.fromkeys(ref for refs in found.values() for ref in refs)], 3)
        yield f"left out, as it belongs to the server it came from: {', '.join(found)} of {objects}"


def _notes(manifest: Manifest) -> Iterator[str]:
    """Yield what of an object only a server, or a client for itself, can have written."""
    metadata = manifest.get("metadata") or {}
    if _says_something(manifest.get("status")) and kind_of(manifest) not in _WITH_EMPTY_STATUS:
        yield "status"
    yield from (f"metadata.{key}" for key in sorted(SERVER_METADATA) if metadata.get(key))
    annotations = metadata.get("annotations") or {}
    yield from (f"annotation {key}" for key in sorted(FORMER_ANNOTATIONS & {*annotations}))


# Generators write a status into these that says nothing.
_WITH_EMPTY_STATUS = frozenset({DEFINITION})


def _says_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_says_something, value.values()))
    return bool(value)


def _manager(manifest: Manifest) -> str:
    """Return who else is said to manage an object."""
    manager: str = (manifest["metadata"].get("labels") or {}).get(MANAGED_BY, "")
    return "" if manager == _OURS else manager


def _is_selected(manifest: Manifest) -> bool:
    """Tell what others select as it is; of workloads they select the Pods."""
    return kind_of(manifest) in (("", "Pod"), NAMESPACE)


def _selectors(value: Any, at: At = ()) -> Iterator[tuple[At, Mapping[str, Any]]]:
    """Yield every selector in an object: `matchLabels` anywhere, and a Service's own."""
    if at == () and kind_of(value) == ("", "Service"):
        yield ("spec", "selector"), paths.get(value, ("spec", "selector"), {}) or {}
    for key, item in _entries(value):
        if key in _SELECTORS and isinstance(item, dict):
            yield (*at, key), item
        else:
            yield from _selectors(item, (*at, key))


def _entries(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
