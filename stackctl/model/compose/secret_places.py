"""Where secret settings stand in objects that are no Secrets: found, and hidden in their place.

A field, a flag, a variable; of a document, the whole text. Secrets themselves are `masking`'s.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stackctl.model.catalogue.component import Place
from stackctl.model.objects import paths
from stackctl.model.objects.masking import marker
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.pod_specs import containers

Spot = tuple[paths.Path, str]  # and what stands before the value there


def values_at(manifest: Manifest, places: Iterable[Place]) -> Iterator[Any]:
    """Yield what stands at places."""
    for place in places:
        for spot in _spots(manifest, place):
            yield _read(manifest, spot)


def hidden(old: Manifest, new: Manifest, places: Sequence[Place]) -> tuple[Manifest, Manifest]:
    """Put markers at places of two versions, so that only the fact of a change shows."""
    for place in places:
        was, now = list(values_at(old, [place])), list(values_at(new, [place]))
        old = _marked(old, place, marker(was, now or was, "before"))
        new = _marked(new, place, marker(now, was or now, "after"))
    return old, new


def _marked(manifest: Manifest, place: Place, text: str) -> Manifest:
    for path, before in list(_spots(manifest, place)):
        manifest = paths.put(manifest, path, before + text)
    return manifest


def _read(manifest: Manifest, spot: Spot) -> Any:
    path, before = spot
    found = paths.get(manifest, path)
    return found.removeprefix(before) if before else found


def _spots(manifest: Manifest, place: Place) -> Iterator[Spot]:
    if place.arg or place.env:
        for path, container in containers(manifest):
            if place.container in ("", container.get("name")):
                yield from _within(path, container, place)
        return
    path = ("data", place.key) if place.key else paths.parse(place.path)
    if paths.exists(manifest, path):
        yield path, ""


def _within(path: paths.Path, container: Any, place: Place) -> Iterator[Spot]:
    if place.env:
        for index, variable in enumerate(container.get("env") or ()):
            if variable.get("name") == place.env and "value" in variable:
                yield (*path, "env", index, "value"), ""
        return
    flag = f"{place.arg}="
    for key in ("command", "args"):
        for index, argument in enumerate(container.get(key) or ()):
            if str(argument).startswith(flag):
                yield (*path, key, index), flag
