"""The values of a chart with the parameters that are bound to them, and who said each.

Which source a component has, and what files say of values, is `chosen_source`'s part.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.component import Parameter
from stackctl.model.catalogue.profile import DEFAULT, Origin
from stackctl.model.objects import paths
from stackctl.model.resolve.chosen_source import ChosenSource, Key, ValuesLayer, laid_over
from stackctl.model.resolve.confidential import confidential
from stackctl.model.resolve.selection import Chosen, Setting
from stackctl.secrets import HIDDEN, secretive

VALUES = "values"


@dataclass(frozen=True, slots=True)
class SaidValue:
    """What one layer says of a value of a chart; what is secret is hidden."""

    value: Any
    origin: Origin
    parameter: str = ""  # that is bound to it


@dataclass(frozen=True, slots=True)
class _Layer:
    values: Mapping[str, Any]
    told_by: Origin | ValuesLayer
    parameter: str = ""
    secret: bool = False

    def origin(self, key: Key) -> Origin:
        """Return where it says so of a place."""
        return self.told_by if isinstance(self.told_by, Origin) else self.told_by.origin(key)


def with_parameters(
    chosen: ChosenSource,
    parameters: Mapping[str, Parameter],
    settings: Mapping[str, Setting],
    own: str,
) -> dict[str, Any]:
    """Return the values with the parameters that are bound to them.

    A default is laid over what component.yaml says, and under what profiles and stack files say;
    what is set is laid over everything.

    Raises:
        ConfigError: a parameter and values of a file say different things of one place.
    """
    others = [layer for layer in chosen.layers if layer.file != own]
    problems = [
        problem
        for name, key, setting in _bound(parameters, settings)
        if setting.origin != DEFAULT
        for problem in _contradiction(others, name, key, setting)
    ]
    if problems:
        raise ConfigError.listing("parameters and values contradict each other:", problems)
    return _together(_layers(chosen, parameters, settings, own))


def value_keys(part: Chosen) -> Iterator[Key]:
    """Yield where anything is said of the values of a component's chart, each place once."""
    yield from _leaves(_together(_layers_of(part)), ())


def said_of_value(part: Chosen, key: Key) -> tuple[SaidValue, ...]:
    """Return what each layer says of a value, the last word first; nothing where none speaks."""
    layers = [
        replace(each, values=_open(each.values, secret=each.secret)) for each in _layers_of(part)
    ]
    said = []
    for count in range(len(layers), 0, -1):
        layer = layers[count - 1]
        if paths.get(layer.values, key) is not paths.MISSING:
            value = paths.get(_together(layers[:count]), key)
            said.append(SaidValue(value, layer.origin(key), layer.parameter))
    return tuple(said)


def _layers_of(part: Chosen) -> Iterator[_Layer]:
    if part.source is not None and part.source.source.chart is not None:
        component = part.component
        parameters = component.spec.parameters
        yield from _layers(part.source, parameters, part.parameters, component.file)


def _layers(
    chosen: ChosenSource,
    parameters: Mapping[str, Parameter],
    settings: Mapping[str, Setting],
    own: str,
) -> Iterator[_Layer]:
    """Yield who says what of the values, the last word last."""
    told = [
        (name, key, setting, confidential(name, parameters[name]))
        for name, key, setting in _bound(parameters, settings)
    ]
    by_default, set_ = (
        [
            _Layer(_nested(key, setting.value), setting.origin, name, secret)
            for name, key, setting, secret in told
            if (setting.origin == DEFAULT) is default
        ]
        for default in (True, False)
    )
    files = [(_Layer(each.values, each), each.file == own) for each in chosen.layers]
    yield from (layer for layer, is_own in files if is_own)
    yield from by_default
    yield from (layer for layer, is_own in files if not is_own)
    yield from set_


def _bound(
    parameters: Mapping[str, Parameter], settings: Mapping[str, Setting]
) -> Iterator[tuple[str, Key, Setting]]:
    for name, parameter in parameters.items():
        for place in parameter.places:
            if place.values and settings[name].value is not None:
                yield name, _key(place.values), settings[name]


def _together(layers: Iterable[_Layer]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for layer in layers:
        result = laid_over(result, layer.values)
    return result


def _leaves(value: Any, key: Key) -> Iterator[Key]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, (*key, name))
    elif key:
        yield key


def _open(value: Any, *, secret: bool) -> Any:
    """Hide what is secret, or called like a secret, at any depth."""
    if isinstance(value, Mapping):
        return {
            key: _open(item, secret=secret or (isinstance(item, str | list) and secretive(key)))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_open(item, secret=secret) for item in value]
    return HIDDEN if secret and value not in (None, "") else value


def _contradiction(
    layers: Iterable[ValuesLayer], name: str, key: Key, setting: Setting
) -> Iterator[str]:
    for layer in layers:
        found = paths.get(layer.values, key, paths.MISSING)
        if found is not paths.MISSING and found != setting.value:
            yield (
                f"{layer.origin(key)}: values.{'.'.join(key)} is what the parameter {name} sets "
                f"({setting.origin}): say one of them"
            )


def _key(text: str) -> Key:
    return tuple(str(step) for step in paths.parse(text))


def _nested(key: Key, value: Any) -> dict[str, Any]:
    for step in reversed(key):
        value = {step: value}
    return value  # type: ignore[no-any-return]
