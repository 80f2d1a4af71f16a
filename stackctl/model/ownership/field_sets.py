"""Sets of fields as managedFields writes them: read as paths, compared, and left out of values.

A path is the steps of fieldsV1, `f:spec`, `k:{"name":"x"}`; one that ends in `.` claims a map or
an element by itself. Whose fields they are is for `ownership` to say.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from stackctl.model.objects.paths import MISSING, Match, Step, show
from stackctl.model.objects.refs import Manifest

Fields = Mapping[str, Any]  # fieldsV1
FieldPath = tuple[str, ...]

_ITSELF = "."
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")
_KEY = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)')


def claimed(entries: Iterable[Mapping[str, Any]]) -> frozenset[FieldPath]:
    """Return all that entries of managedFields claim."""
    return frozenset(path for each in entries for path in _paths(each.get("fieldsV1") or {}))


def union(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what entries claim together, as fieldsV1."""
    joined: dict[str, Any] = {}
    for path in sorted(claimed(entries)):
        inner = joined
        for step in path:
            inner = inner.setdefault(step, {})
    return joined


def overlap(paths: Iterable[FieldPath], others: Iterable[FieldPath]) -> bool:
    """Tell whether two sets have a field in common, or one a part of the other's."""
    first, second = (frozenset(p for p in each if p[-1] != _ITSELF) for each in (paths, others))
    return not (first.isdisjoint(_reach(second)) and second.isdisjoint(_reach(first)))


def abandoned(going: Iterable[FieldPath], kept: Iterable[FieldPath]) -> frozenset[FieldPath]:
    """Return what is claimed by those who go, and by nobody who stays, not even a part of it."""
    fields = {path[:-1] if path[-1] == _ITSELF else path for path in going}
    return frozenset(fields - _reach(kept) - {()})


def named_fields(paths: Iterable[FieldPath]) -> tuple[str, ...]:
    """Write fields as differences do, without what is in one that is there: `data.mode`."""
    found = frozenset(paths)
    tops = (path for path in found if found.isdisjoint(_reach([path]) - {path}))
    return tuple(sorted(show(tuple(map(_shown_step, path))) for path in tops))


def _shown_step(step: str) -> Step:
    kind, _, name = step.partition(":")
    if kind == "f":
        return name
    wanted = json.loads(name)
    if not isinstance(wanted, dict):
        return str(wanted)
    key, value = next(iter(wanted.items()))
    return Match(key, str(value))


def without_fields(value: Any, gone: Iterable[FieldPath]) -> Any:
    """Leave what is at paths out of a value."""
    inside: dict[str, list[FieldPath]] = defaultdict(list)
    for first, *rest in gone:
        inside[first].append(tuple(rest))
    for step, rests in inside.items():
        kind, _, name = step.partition(":")
        if kind == "f" and isinstance(value, dict) and name in value:
            left = value | {name: _reduced(value[name], rests)}
            value = {key: item for key, item in left.items() if item is not MISSING}
        elif kind in ("k", "v") and isinstance(value, list):
            wanted = json.loads(name)
            items = (_reduced(each, rests) if _is(each, wanted) else each for each in value)
            value = [each for each in items if each is not MISSING]
    return value


def without(manifest: Manifest, field: str) -> Manifest:
    """Leave a field out, named as the API server names it: `.spec.list[name="x"].field`."""
    path = _path_to(manifest, list(_steps(field)))
    if not path[-1].startswith("f:"):
        return manifest
    reduced: Manifest = without_fields(manifest, [path])
    return reduced


def value_at(manifest: Manifest, field: str) -> Any:
    """Return what stands at a field, named as the API server names it; None where nothing does."""
    value: Any = manifest
    for step in _path_to(manifest, list(_steps(field))):
        kind, _, name = step.partition(":")
        if kind == "f":
            value = value.get(name) if isinstance(value, dict) else None
        else:
            wanted, items = json.loads(name), value if isinstance(value, list) else ()
            value = next((each for each in items if _is(each, wanted)), None)
    return value


def _paths(fields: Fields) -> Iterator[FieldPath]:
    for step, inner in fields.items():
        inside = inner and isinstance(inner, dict)  # what is no map can claim no part of a field
        yield from ((step, *rest) for rest in _paths(inner)) if inside else ((step,),)


def _reach(paths: Iterable[FieldPath]) -> set[FieldPath]:
    """Return paths with all that they lead through."""
    return {path[:count] for path in paths for count in range(1, len(path) + 1)}


def _reduced(value: Any, gone: list[FieldPath]) -> Any:
    return MISSING if () in gone else without_fields(value, gone)


def _is(item: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(item, dict):
        return all(item.get(key) == each for key, each in wanted.items())
    return bool(item == wanted)


def _steps(field: str) -> Iterator[str | dict[str, Any]]:
    for match in _STEP.finditer(field):
        name, keys = match.groups()
        yield name if name else {k: json.loads(v) for k, v in _KEY.findall(keys)}


def _path_to(value: Any, steps: list[str | dict[str, Any]]) -> FieldPath:
    """Return the path of a field that is named in a message."""
    if not steps:
        return ()
    first, *rest = steps
    if isinstance(first, dict):
        items = value if isinstance(value, list) else ()
        item = next((each for each in items if _is(each, first)), None)
        return (f"k:{json.dumps(first)}", *_path_to(item, rest))
    names = [str(each) for each in takewhile(lambda step: isinstance(step, str), steps)]
    # A key with dots in it looks like several steps; the longest that is there is meant.
    for count in range(len(names), 0, -1):
        name = ".".join(names[:count])
        if isinstance(value, dict) and name in value:
            return (f"f:{name}", *_path_to(value[name], steps[count:]))
    return (f"f:{first}",)
