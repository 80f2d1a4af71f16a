"""The values of a chart with the parameters that are bound to them.

Which source a component has, and what files say of values, is `chosen_source`'s part.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.component import Parameter
from stackctl.model.catalogue.profile import DEFAULT
from stackctl.model.objects import paths
from stackctl.model.resolve.chosen_source import ChosenSource, Key, ValuesLayer, laid_over
from stackctl.model.resolve.selection import Setting


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
    bound = [
        (name, key, settings[name])
        for name, parameter in parameters.items()
        for place in parameter.places
        if place.values and settings[name].value is not None
        for key in (_key(place.values),)
    ]
    first = [layer for layer in chosen.layers if layer.file == own]
    result: dict[str, Any] = {}
    for layer in first:
        result = laid_over(result, layer.values)
    for _, key, setting in bound:
        if setting.origin == DEFAULT:
            result = laid_over(result, _nested(key, setting.value))
    for layer in chosen.layers[len(first) :]:
        result = laid_over(result, layer.values)
    problems: list[str] = []
    for name, key, setting in bound:
        if setting.origin != DEFAULT:
            problems += _contradiction(chosen.layers[len(first) :], name, key, setting)
            result = laid_over(result, _nested(key, setting.value))
    if problems:
        raise ConfigError.listing("parameters and values contradict each other:", problems)
    return result


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
