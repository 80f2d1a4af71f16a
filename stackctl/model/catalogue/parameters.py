"""What a parameter's value may be: checked as it comes from a file, parsed as it comes from text.

Where a value goes is `bind`'s part; which value wins is `resolve`'s.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stackctl.model.catalogue.component import Component, MapPart, Parameter, ParameterType
from stackctl.model.catalogue.envelope import LABEL
from stackctl.model.objects.quantities import amount, seconds
from stackctl.model.shapes import json_text
from stackctl.model.shapes.decode import shown
from stackctl.model.shapes.patterns import matches

NAMESPACE = "namespace"
MOST_SHOWN = 200
_BOOLEANS = {"true": True, "false": False}


def parameters_of(component: Component) -> dict[str, Parameter]:
    """Return a component's parameters, among them the namespace that each has."""
    namespace = Parameter(
        type=ParameterType.STRING,
        description="Namespace the component is installed in",
        default=component.spec.namespace,
        pattern=LABEL,
    )
    return {NAMESPACE: namespace} | dict(component.spec.parameters)


def checked(parameter: Parameter, value: Any) -> Any:
    """Return a value as the parameter keeps it; None is never given here.

    Raises:
        ValueError: it is not of the type, or not among the allowed values.
    """
    if value is False and "off" in parameter.enum:
        value = "off"  # which is false to YAML where nobody quotes it
    value = _CHECKS[parameter.type](value)
    for problem in _limits(parameter, value):
        raise ValueError(problem)
    return value


def parsed(parameter: Parameter, text: str) -> Any:
    r"""Read a value from the command line; None unsets.

    Lists are `a,b` or `[a,b]` and maps `k=v,k2=v2`, with `\,` for a comma that belongs to an item;
    or both are JSON.
    What cannot be read comes back as the text it is, for `checked` to refuse.

    Raises:
        ValueError: the text begins like JSON, or like pairs, and is none.
    """
    if text == "null":
        return None
    return _PARSERS.get(parameter.type, str)(text)


def part_of(value: Any, part: MapPart | None) -> Any:
    """Return what of a value goes to a place: all of it, or the keys or values of a map."""
    if part is None or not isinstance(value, Mapping):
        return value
    return list(value if part is MapPart.KEYS else value.values())


def entries_of(value: Any) -> Iterator[Mapping[MapPart, Any]]:
    """Yield what a layer is repeated for: the items of a list, or the entries of a map."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield {MapPart.KEYS: key, MapPart.VALUES: item}
    else:
        for item in value or ():
            yield {MapPart.KEYS: item}


def text_of(value: Any, join: str = ",") -> str:
    """Write a value as a flag or an environment variable carries it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return join.join(map(text_of, value))
    if isinstance(value, Mapping):
        return join.join(f"{key}={text_of(item)}" for key, item in value.items())
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _expected(what: str, value: Any) -> str:
    quote = what == "a text" and isinstance(value, bool | int | float)
    return f"expected {what}, found {shown(value)}" + (": quote it" if quote else "")


def _plain(what: str, *kinds: type) -> Callable[[Any], Any]:
    """Make a check that lets values of these very types through."""

    def check(value: Any) -> Any:
        if type(value) not in kinds:
            raise ValueError(_expected(what, value))
        return value

    return check


_text = _plain("a text", str)


def _list(value: Any) -> list[str]:
    for index, item in enumerate(_plain("a list", list)(value)):
        if type(item) is not str:
            raise ValueError(f"[{index}]: {_expected('a text', item)}")
    if repeated := sorted({item for item in value if value.count(item) > 1}):
        raise ValueError(f"{repeated[0]} is there twice")
    return list(value)


def _map(value: Any) -> dict[str, str]:
    for key, item in _plain("a map", dict)(value).items():
        if type(item) is not str:
            raise ValueError(f"{key}: {_expected('a text', item)}")
    return dict(value)


def _quantity(value: Any) -> str:
    text = str(_plain("a quantity such as 500m or 2Gi", str, int, float)(value))
    amount(text)
    return text


def _duration(value: Any) -> str:
    text = str(_plain("a duration such as 90s or 1h30m", str)(value))
    seconds(text)
    return text


_CHECKS: Mapping[ParameterType, Callable[[Any], Any]] = {
    ParameterType.STRING: _text,
    ParameterType.INTEGER: _plain("a whole number", int),
    ParameterType.NUMBER: _plain("a number", int, float),
    ParameterType.BOOLEAN: _plain("true or false", bool),
    ParameterType.LIST: _list,
    ParameterType.MAP: _map,
    ParameterType.QUANTITY: _quantity,
    ParameterType.DURATION: _duration,
    ParameterType.SECRET: _text,
}


def _itself(value: float) -> float:
    return value


_SIZES: Mapping[ParameterType, tuple[Callable[[Any], float], str]] = {
    ParameterType.INTEGER: (_itself, ""),
    ParameterType.NUMBER: (_itself, ""),
    ParameterType.QUANTITY: (amount, ""),
    ParameterType.DURATION: (seconds, " seconds"),
    ParameterType.LIST: (len, " items"),
    ParameterType.MAP: (len, " items"),
}


def bounded(kind: ParameterType) -> bool:
    """Tell whether minimum and maximum mean something for a type."""
    return kind in _SIZES


def larger(kind: ParameterType, value: Any, other: Any) -> bool:
    """Tell whether a value of a type that has bounds is larger than another."""
    size, _ = _SIZES[kind]
    return size(value) > size(other)


def _limits(parameter: Parameter, value: Any) -> Iterator[str]:
    """Yield what is wrong with a value of the right type."""
    if parameter.type in _SIZES:
        size, unit = _SIZES[parameter.type]
        if parameter.minimum is not None and size(value) < parameter.minimum:
            yield f"expected at least {parameter.minimum:g}{unit}, found {_brief(value)}"
        if parameter.maximum is not None and size(value) > parameter.maximum:
            yield f"expected at most {parameter.maximum:g}{unit}, found {_brief(value)}"
    if parameter.keyPattern:
        for key in value:
            if not matches(parameter.keyPattern, key):
                yield f"expected keys like {parameter.keyPattern}, found {_quoted(key)}"
    for item in _parts(value):
        if parameter.enum and item not in parameter.enum:
            allowed = ", ".join(map(text_of, parameter.enum))
            yield f"expected one of {allowed}, found {text_of(item)}"
        if parameter.pattern and not matches(parameter.pattern, text_of(item)):
            yield f"expected a text like {parameter.pattern}, found {_quoted(item)}"


def _quoted(item: Any) -> str:
    text = text_of(item)
    return f'"{text}"' if len(text) <= MOST_SHOWN else "a long text"


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def _brief(value: Any) -> str:
    return f"{len(value)}" if isinstance(value, list | dict) else text_of(value)


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    return _integer(text) if re.fullmatch(r"[+-]?\d+", text) else value


def _integer(text: str) -> Any:
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else text


def _items(text: str) -> Any:
    if text.startswith("["):
        return _bracketed(text)
    return [item.replace("\\,", ",") for item in re.split(r"(?<!\\),", text)] if text else []


def _bracketed(text: str) -> Any:
    """Read `[a, b]`, where nobody means numbers or truths, or a list of JSON."""
    if '"' in text or not text.endswith("]"):
        return _from_json(text)
    inner = text[1:-1].strip()
    return [item.strip() for item in _items(inner)] if inner[:1] != "[" else _from_json(text)


def _pairs(text: str) -> Any:
    if text.startswith("{"):
        return _from_json(text)
    pairs = [item.partition("=") for item in _items(text)]
    for key, sign, _ in pairs:
        if not sign:
            raise ValueError(f'expected key=value pairs, found the text "{key}"')
    return {key: value for key, _, value in pairs}


def _from_json(text: str) -> Any:
    try:
        return json_text.read(text)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


_PARSERS: Mapping[ParameterType, Callable[[str], Any]] = {
    ParameterType.BOOLEAN: lambda text: _BOOLEANS.get(text, text),
    ParameterType.INTEGER: _integer,
    ParameterType.NUMBER: _number,
    ParameterType.LIST: _items,
    ParameterType.MAP: _pairs,
}
