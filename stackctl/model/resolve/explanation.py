"""Why a value is what it is: who said so, what that overrode, its wire, who reads it.

How a value is decided is the part of `component_settings` and `wires`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.attributes import attributes_of, capability_of
from stackctl.model.catalogue.component import Component, Parameter, Place
from stackctl.model.catalogue.parameters import NAMESPACE, parameters_of
from stackctl.model.catalogue.profile import DEFAULT, Origin, declared
from stackctl.model.objects import paths
from stackctl.model.resolve.bound_values import VALUES, SaidValue, said_of_value, value_keys
from stackctl.model.resolve.confidential import confidential
from stackctl.model.resolve.graph import provided
from stackctl.model.resolve.selection import Chosen, Selection, Setting
from stackctl.model.resolve.wires import made_of
from stackctl.model.shapes.suggest import did_you_mean, nearest
from stackctl.secrets import HIDDEN

FEATURES = "features."
SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Said:
    """What one layer says of a value."""

    value: Any
    origin: Origin
    default: bool = False


@dataclass(frozen=True, slots=True)
class Supply:
    """What a wire brings, who makes it, and of what."""

    attribute: str
    provider: str
    value: Any
    made_of: str  # hdfs://name-node.{namespace}.svc; empty where somebody else runs the provider
    origin: Origin


@dataclass(frozen=True, slots=True)
class WrittenTo:
    """A place that a value is written to, and whether it is there."""

    place: Place
    there: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to say of one value."""

    name: str  # spark-operator.workers, spark-operator.features.volcano, hdfs.url
    description: str
    said: tuple[Said, ...]  # what holds first, then what it overrode
    parameter: Parameter | None = None  # none of features and attributes
    secret: bool = False
    wires: tuple[Supply, ...] = ()
    targets: tuple[WrittenTo, ...] = ()
    readers: tuple[str, ...] = ()  # of an attribute: the parameters that come from it
    feeds: tuple[str, ...] = ()  # the attributes that are made of a parameter

    @property
    def value(self) -> Any:
        """What it comes to."""
        return self.said[0].value


def explain(selection: Selection, name: str) -> Explanation:
    """Explain `component.parameter`, `component.features.feature` or `capability.attribute`.

    Raises:
        ConfigError: there is no such thing in the stack.
    """
    owner, _, key = name.partition(".")
    parts = {part.component.name: part for part in selection.components}
    part = parts.get(owner)
    if part is not None and key in part.parameters:
        return of_parameter(selection, part, key)
    if part is not None and (found := _of_source(part, key)) is not None:
        return found
    feature = key.removeprefix(FEATURES)
    if part is not None and feature in part.feature_settings and key.startswith(FEATURES):
        return _of_feature(part, feature)
    for each in selection.components:
        if name in each.attributes:
            return _of_attribute(selection, each, name)
    raise ConfigError(_unknown(selection, part, name))


def names(selection: Selection) -> Iterator[str]:
    """Yield the name of everything that can be explained."""
    for part in selection.components:
        yield from (f"{part.component.name}.{key}" for key in part.parameters)
        yield from (f"{part.component.name}.{FEATURES}{key}" for key in part.feature_settings)
        yield from (f"{part.component.name}.{each}" for each in values_of(part))
        yield from part.attributes


def values_of(part: Chosen) -> Iterator[str]:
    """Yield by which names the values of a component's chart are explained."""
    yield from (paths.show((VALUES, *key)) for key in value_keys(part))


def _unknown(selection: Selection, part: Chosen | None, name: str) -> str:
    owner, _, key = name.partition(".")
    where = f"in profile {selection.profile}"
    if part is None:
        parts = [each.component.name for each in selection.components]
        return f"there is no component {owner} {where}{did_you_mean(owner, parts)}"
    for each in selection.components:
        if name in attributes_of(each.component) and owner in provided(each):
            return f"{name} has no value {where}"
    switches = {each: f"{FEATURES}{each}" for each in part.feature_settings}
    bare = key.removeprefix(FEATURES)  # what all of them begin with makes none of them alike
    others = (*part.parameters, *values_of(part), SOURCE)
    known = switches if bare != key else switches | {each: each for each in others}
    if part.source and key.split(".")[0] == VALUES:
        return f"nobody says {name}: what the chart has there holds (helm show values)"
    near = nearest(bare, known)
    meant = f"; did you mean {known[near]}?" if near else ""
    return f"{owner} has nothing called {key}{meant}"


def _of_source(part: Chosen, key: str) -> Explanation | None:
    """Explain where a component comes from, or a value that its chart is given."""
    name, component = f"{part.component.name}.{key}", part.component
    if key == SOURCE:
        if part.source is None:
            said = Said("manifests", Origin(component.path or component.folder), default=True)
        else:
            said = Said(str(part.source.source), part.source.origin, default=part.source.own)
        return Explanation(name, "Where its objects come from", (said,))
    try:
        first, *rest = paths.parse(key)
    except paths.PathError:
        return None
    layers = said_of_value(part, tuple(map(str, rest))) if first == VALUES else ()
    if not layers:
        return None
    return Explanation(name, "What its chart is given", tuple(_said_of(part, layers)))


def _said_of(part: Chosen, layers: Iterable[SaidValue]) -> Iterator[Said]:
    for each in layers:
        default = each.origin == DEFAULT
        at = ("parameters", each.parameter, "default")
        yield Said(each.value, _written(part.component, each.origin, at), default)


def of_parameter(selection: Selection, part: Chosen, key: str) -> Explanation:
    """Explain a parameter."""
    component = part.component
    parameter = parameters_of(component)[key]
    setting, secret = part.parameters[key], confidential(key, parameter)
    places = component.spec.namespacePlaces if key == NAMESPACE else parameter.places
    at = ("namespace",) if key == NAMESPACE else ("parameters", key, "default")
    return Explanation(
        name=f"{component.name}.{key}",
        description=parameter.description,
        said=tuple(_said(component, setting, at, secret=secret)),
        parameter=parameter,
        secret=secret,
        wires=tuple(_supplies(selection, setting, secret=secret)),
        targets=tuple(WrittenTo(each, each.feature in ("", *part.features)) for each in places),
        feeds=tuple(_feeds(part, key)),
    )


def _said(
    component: Component, setting: Setting, at: tuple[str, ...], *, secret: bool
) -> Iterator[Said]:
    """Yield what each layer says, the last word first; a default with where it is written."""
    for value, origin in ((setting.value, setting.origin), *setting.overrode):
        shown = HIDDEN if secret and value is not None else value
        default = origin == DEFAULT
        yield Said(shown, _written(component, origin, at), default)


def _written(component: Component, origin: Origin, at: tuple[str, ...]) -> Origin:
    """Say where a default is written; one of what has no component.yaml is written nowhere."""
    return declared(component, *at) if origin == DEFAULT and component.folder else origin


def _supplies(selection: Selection, setting: Setting, *, secret: bool) -> Iterator[Supply]:
    parts = {part.component.name: part for part in selection.components}
    for wire in setting.wires:
        part = parts[wire.provider]
        value = part.attributes[wire.attribute].value
        text = made_of(part, wire.attribute) or ""
        external = wire.attribute in part.said_attributes
        yield Supply(
            wire.attribute,
            wire.provider,
            HIDDEN if secret else value,
            "" if external else text,
            wire.origin,
        )


def _feeds(part: Chosen, key: str) -> Iterator[str]:
    for attribute in part.attributes:
        text = made_of(part, attribute) or ""
        if f"{{{key}}}" in text and attribute not in part.said_attributes:
            yield attribute


def _of_feature(part: Chosen, key: str) -> Explanation:
    component, setting = part.component, part.feature_settings[key]
    return Explanation(
        name=f"{component.name}.{FEATURES}{key}",
        description=component.spec.features[key].description,
        said=tuple(_said(component, setting, ("features", key), secret=False)),
    )


def _of_attribute(selection: Selection, part: Chosen, name: str) -> Explanation:
    found = part.attributes[name]
    text = made_of(part, name) or ""
    made = f", made of {text}" if name not in part.said_attributes else ""
    readers = (
        f"{each.component.name}.{key}"
        for each in selection.components
        for key, setting in each.parameters.items()
        if any(wire.attribute == name for wire in setting.wires)
    )
    return Explanation(
        name=name,
        description=f"What {capability_of(name)} of {part.component.name} carries{made}",
        said=(Said(HIDDEN if found.secret else found.value, found.origin),),
        secret=found.secret,
        readers=tuple(readers),
    )
