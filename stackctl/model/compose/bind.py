"""Parameters written to their places: fields, flags, environment, documents inside objects.

A place that already says the value is left as it is, so that a document whose parameters have
their defaults keeps its comments. Which value it is was decided by `resolve`.
"""

import base64
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.component import Place
from stackctl.model.catalogue.parameters import part_of, text_of
from stackctl.model.compose.embedded import Format, Formats, format_name
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import SECRET, kind_of
from stackctl.model.objects.paths import MISSING, PathError
from stackctl.model.objects.refs import Manifest
from stackctl.model.objects.secret_data import encoded_text
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.model.shapes.pod_specs import containers


class PlaceError(ValueError):
    """A place that is not there, or that cannot take a value."""


@dataclass(frozen=True, slots=True)
class Binder:
    """Reads and writes places among the objects of a component."""

    objects: Objects
    formats: Formats

    def ensure(self, place: Place, value: Any) -> None:
        """Make a place say a value; None leaves it alone.

        Raises:
            PlaceError: the place is not there.
        """
        if value is not None and not agrees(self.read(place), value, place.join):
            self.write(place, value)

    def read(self, place: Place) -> Any:
        """Return what a place says now, or `MISSING` where it could say something.

        Raises:
            PlaceError: the place is not there.
        """
        try:
            return self._read(self.objects[self.objects.find(place.object)], place)
        except (NoSuchObject, PathError, ConfigError, ValueError) as error:
            raise PlaceError(f"{describe(place)}: {error}") from error

    def write(self, place: Place, value: Any) -> None:
        """Write a value to a place.

        Raises:
            PlaceError: the place is not there.
        """
        try:
            ref = self.objects.find(place.object)
            manifest = self._written(self.objects[ref], place, value)
            for problem in object_problems(manifest, patch=True):
                raise PlaceError(str(problem))
            self.objects.put(ref, manifest)
        except (NoSuchObject, PathError, ConfigError, ValueError) as error:
            raise PlaceError(f"{describe(place)}: {error}") from error

    def _read(self, manifest: Manifest, place: Place) -> Any:
        if place.arg:
            return _flag(_container(manifest, place)[1], place)
        if place.env:
            return _variable(_container(manifest, place)[1], place)
        if place.key:
            return self._format(place).read(_document(manifest, place.key), place.path)
        return paths.get(manifest, paths.parse(place.path))

    def _written(self, manifest: Manifest, place: Place, value: Any) -> Manifest:
        if place.arg or place.env:
            path, container = _container(manifest, place)
            change = _with_flag if place.arg else _with_variable
            return _object(paths.put(manifest, path, change(container, place, value)))
        if place.key:
            format_ = self._format(place)
            old = _document(manifest, place.key)
            value = _like(format_.read(old, place.path), value, place)
            return _with_document(manifest, place.key, format_.write(old, place.path, value))
        path = paths.parse(place.path)
        return _object(paths.put(manifest, path, _field_value(manifest, path, value, place)))

    def _format(self, place: Place) -> Format:
        name = place.format or format_name(place.key)
        if name not in self.formats:
            known = ", ".join(self.formats)
            raise PlaceError(f"of which format is {place.key}? add format: one of {known}")
        return self.formats[name]


def active(
    places: Iterable[Place], features: Collection[str], each: str = "", *, smoke: bool = False
) -> list[Place]:
    """Choose the places with these features: in a repeated layer, in smoke tests, or in neither."""
    return [
        place
        for place in places
        if not place.values  # written before the chart is rendered
        and not place.absent
        and place.each == each
        and place.smoke == smoke
        and (not place.feature or place.feature in features)
    ]


def said_at(place: Place, value: Any) -> Any:
    """Return what a value comes to at a place: another word, a part of a map, the first of many.

    A smoke test is in one namespace of many.
    """
    if place.as_ and value is not None:
        return place.as_.get(text_of(value), value)
    part = part_of(value, place.part)
    if place.smoke and place.path and isinstance(part, list):
        return part[0] if part else None
    return part


def leaves_out(place: Place, value: Any) -> bool:
    """Tell whether the object of a place is left out for a value."""
    return value is not None and text_of(value) in place.absent


def agrees(found: Any, value: Any, join: str = ",") -> bool:
    """Tell whether a place says a value; what is not there says what is empty, or unset."""
    if found is MISSING or found is None:
        return value in (None, "", [], {})
    if isinstance(found, str) and not isinstance(value, str):
        return value is not None and found == text_of(value, join)
    return isinstance(found, bool) == isinstance(value, bool) and bool(found == value)


def describe(place: Place) -> str:
    """Name a place as people would."""
    if place.values:
        return f"values, {place.values}"
    if place.absent:
        return f"{place.object}, absent for {' and '.join(place.absent)}"
    where = f"{place.object}, container {place.container}" if place.container else place.object
    if place.arg:
        return f"{where}, flag {place.arg}"
    if place.env:
        return f"{where}, variable {place.env}"
    return f"{where}, {place.key}: {place.path}" if place.key else f"{where}, {place.path}"


def _object(value: Any) -> Manifest:
    manifest: Manifest = value
    return manifest


# fields


_WHOLE_MAPS = (("metadata", "labels"), ("metadata", "annotations"))  # of texts, as a map parameter


def _field_value(manifest: Manifest, path: paths.Path, value: Any, place: Place) -> Any:
    found = paths.get(manifest, path)
    texts = path[:2] in (("metadata", "labels"), ("metadata", "annotations")) or (
        path[0] == "data" and kind_of(manifest) == ("", "ConfigMap")
    )
    if isinstance(value, Mapping) and path in _WHOLE_MAPS:
        return dict(value)
    return text_of(value, place.join) if texts else _like(found, value, place)


def _like(found: Any, value: Any, place: Place) -> Any:
    """Write a value the way what it replaces was written."""
    if isinstance(found, str) and not isinstance(value, str):
        return text_of(value, place.join)
    return value


# containers


def _container(manifest: Manifest, place: Place) -> tuple[paths.Path, Any]:
    found = [
        (path, container)
        for path, container in containers(manifest)
        if place.container in ("", container.get("name"))
    ]
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(container.get("name")) for _, container in containers(manifest))
    raise PlaceError(f"which container? there are {names}" if names else "it has no containers")


def _flag(container: Any, place: Place) -> Any:
    """Return a flag's value; a flag alone says true."""
    values = [
        argument[len(place.arg) + 1 :] if argument != place.arg else "true"
        for argument in _arguments(container)[1]
        if _is_flag(argument, place)
    ]
    if place.repeat:
        return values if values else MISSING
    if len(values) > 1:
        raise PlaceError("the flag is there more than once; add repeat: true")
    return values[0] if values else MISSING


def _is_flag(argument: str, place: Place) -> bool:
    return argument == place.arg or argument.startswith(f"{place.arg}=")


def _arguments(container: Any) -> tuple[str, list[str]]:
    """Return the list that flags are in: `args`, or `command` where there are no others."""
    key = "args" if "args" in container or "command" not in container else "command"
    return key, container.get(key) or []


def _with_flag(container: Any, place: Place, value: Any) -> Any:
    key, arguments = _arguments(container)
    items = value if place.repeat and isinstance(value, list) else [value]
    flags = [f"{place.arg}={text_of(item, place.join)}" for item in items]
    at = next((i for i, each in enumerate(arguments) if _is_flag(each, place)), len(arguments))
    others = [each for each in arguments if not _is_flag(each, place)]
    return container | {key: [*others[:at], *flags, *others[at:]]}


def _variable(container: Any, place: Place) -> Any:
    for variable in container.get("env") or ():
        if variable.get("name") == place.env:
            if "valueFrom" in variable:
                raise PlaceError("the variable takes its value from elsewhere")
            return variable.get("value", "")
    return MISSING


def _with_variable(container: Any, place: Place, value: Any) -> Any:
    variables = container.get("env") or []
    new = {"name": place.env, "value": text_of(value, place.join)}
    if all(variable.get("name") != place.env for variable in variables):
        return container | {"env": [*variables, new]}
    return container | {
        "env": [new if each.get("name") == place.env else each for each in variables]
    }


# documents


def _document(manifest: Manifest, key: str) -> str:
    """Return a text that a ConfigMap or Secret keeps."""
    texts = manifest.get("data") or {}
    if key not in texts:
        raise PlaceError(f"it has no key {key}")
    text = str(texts[key])
    return base64.b64decode(text).decode() if kind_of(manifest) == SECRET else text


def _with_document(manifest: Manifest, key: str, text: str) -> Manifest:
    if kind_of(manifest) == SECRET:
        text = encoded_text(text)
    return manifest | {"data": manifest["data"] | {key: text}}
