"""On which line of which file of a component something stands: read once more, with positions."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stackctl.model.catalogue.component import Component
from stackctl.model.catalogue.profile import Lines
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import Scopes, defined
from stackctl.model.objects.normalise import normalised, placed
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.shapes.decode import At
from stackctl.sources import folders, yaml
from stackctl.sources.reading import bytes_of


class Position(NamedTuple):
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class _Written(NamedTuple):
    """A document, or an item of a list in one, that says something of an object."""

    file: str
    value: Manifest
    lines: Lines
    at: At


class Positions:
    """The lines of a component's files."""

    def __init__(self, component: Component) -> None:
        """Read them all.

        Raises:
            ConfigError: a file is not right.
        """
        self._own = _documents(Path(component.file))[0]
        self._objects = _written(component)

    def of_component(self, path: paths.Path) -> Position:
        """Return where component.yaml says something, or where it should."""
        return _deepest([self._own], path)

    def of_object(self, ref: Ref, path: paths.Path) -> Position:
        """Return where an object says something: in its manifest, or in a patch that reaches it."""
        return _deepest(self._objects.get(ref) or [self._own], path)


def _deepest(places: list[_Written], path: paths.Path) -> Position:
    """Choose the place that says most of a path; of those that say as much, the first."""
    reached = [_reached(each, path) for each in places]
    depth, position = max(reached, key=lambda each: each[0])
    return position if depth or len(reached) == 1 else reached[0][1]


def _reached(written: _Written, path: paths.Path) -> tuple[int, Position]:
    """Follow a path as far as a document goes along; return how far that is."""
    at, line = written.at, written.lines.get(written.at, 1)
    value: Any = written.value
    for depth, step in enumerate(path):
        key = _key(value, step)
        if key is None:
            return depth, Position(written.file, line)
        at, value = (*at, key), value[key]
        line = written.lines.get(at, line)
    return len(path), Position(written.file, line)


def _key(value: Any, step: paths.Step) -> str | int | None:
    if isinstance(value, list):
        found = (
            index
            for index, item in enumerate(value)
            if (index == step or str(index) == step) or _is_meant(item, step)
        )
        return next(found, None)
    return step if isinstance(value, dict) and isinstance(step, str) and step in value else None


def _is_meant(item: Any, step: paths.Step) -> bool:
    return (
        isinstance(step, paths.Match)
        and isinstance(item, dict)
        and item.get(step.key) == step.value
    )


def _written(component: Component) -> Mapping[Ref, list[_Written]]:
    """Gather what the manifests and patches of a component say, object by object."""
    namespace = component.spec.namespace
    found = [
        document._replace(value=item, at=at)
        for path in folders.layer_files(Path(component.folder), component.spec.source)
        for document in _documents(path)
        for at, item in placed(document.value)
    ]
    scopes: Scopes = defined(each.value for each in found if "spec" in each.value)
    objects: dict[Ref, list[_Written]] = defaultdict(list)
    for each in found:
        objects[ref_of(normalised(each.value, namespace, scopes))].append(each)
    return objects


def _documents(path: Path) -> list[_Written]:
    name = folders.shown(path)
    return [
        _Written(name, each.value, each.lines, ())
        for each in yaml.load_all(bytes_of(path), name, positions=True)
    ]
