"""Plain values into frozen dataclasses, strictly: every fault at once, each with its path.

The types of a dataclass say what a file may hold: `X | None`, `tuple[X, ...]` for lists,
`Mapping[str, X]`, enums, other dataclasses, `Any`. A field's metadata may add `key` (its name in
the file), `enum` (allowed values), `const` (the only one), `pattern` and `help`; a field marked
`internal` is in no file. A class with a `SHORT` may be written as a text, which is that field.
Where a path lies in a file is known by who read the file; `schema` describes the same types to
editors.
"""

import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from stackctl.model.shapes.suggest import did_you_mean

T = TypeVar("T")
At = tuple[str | int, ...]

_NAMES: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a map",
    type(None): "nothing",
}


class Problem(NamedTuple):
    """What is wrong at one path of a file."""

    at: At
    what: str

    def __str__(self) -> str:
        from stackctl.model.objects.paths import show

        return f"{show(self.at)}: {self.what}" if self.at else self.what


class Undecodable(ValueError):
    """A value is not what its type says; every problem at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class FileField(NamedTuple):
    """A field of a dataclass as a file has it."""

    name: str
    key: str
    hint: Any
    required: bool
    metadata: Mapping[str, Any]


def decode(kind: type[T], value: Any, at: At = ()) -> T:
    """Read a plain value as an instance of a dataclass.

    Raises:
        Undecodable: with everything that is wrong.
    """
    problems: list[Problem] = []
    result = _decode(kind, value, at, problems)
    if problems:
        raise Undecodable(problems)
    return cast("T", result)


def encoded(value: Any) -> Any:
    """Write a value as `decode` reads it, without fields that have their default."""
    if is_dataclass(value):
        return {
            each.metadata.get("key", each.name): encoded(getattr(value, each.name))
            for each in fields(value)
            if getattr(value, each.name) != _default(each)
        }
    if isinstance(value, Mapping):
        return {key: encoded(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encoded(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def as_map(value: Any) -> dict[str, Any]:
    """Return a map as it is, and an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def shown(value: Any) -> str:
    """Return what was found, for messages."""
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) <= 40 else "a long text"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    return _NAMES.get(type(value), "something else")


def _decode(hint: Any, value: Any, at: At, problems: list[Problem]) -> Any:  # noqa: PLR0911
    if hint is Any:
        return value
    origin = get_origin(hint) or hint
    if origin in (Union, types.UnionType):
        return _optional(hint, value, at, problems)
    if is_dataclass(origin):
        return _object(hint, value, at, problems)
    if origin is tuple:
        return _tuple(get_args(hint)[0], value, at, problems)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _map(get_args(hint)[1], value, at, problems)
    if issubclass(origin, Enum):
        return _enum(origin, value, at, problems)
    return _leaf(origin, value, at, problems)


def _optional(hint: Any, value: Any, at: At, problems: list[Problem]) -> Any:
    if value is None:
        return None
    (inner,) = (arg for arg in get_args(hint) if arg is not type(None))
    return _decode(inner, value, at, problems)


def _object(hint: Any, value: Any, at: At, problems: list[Problem]) -> Any:
    cls = cast("type", get_origin(hint) or hint)
    known = {item.key: item for item in fields_of(hint)}
    if isinstance(value, str) and (short := short_of(cls)):
        value = {short: value}
    if not isinstance(value, dict):
        problems.append(Problem(at, f"expected a map, found {shown(value)}"))
        return None
    before = len(problems)
    arguments = {}
    for key, inner in value.items():
        if (item := known.get(key)) is not None:
            if not _emptied(key, value, known):
                arguments[item.name] = _field(item, inner, (*at, key), problems)
        else:
            problems.append(Problem((*at, key), _stray(key, value, known)))
    for key, item in known.items():
        if item.required and key not in value:
            problems.append(Problem(at, f"{key} is missing"))
    return cls(**arguments) if len(problems) == before else None


def short_of(cls: type) -> str:
    """Return the one field that a text alone stands for; none, where it stands for nothing."""
    return str(getattr(cls, "SHORT", ""))


def _stray(key: str, value: Mapping[str, Any], known: Mapping[str, FileField]) -> str:
    """Say where a key belongs that is not known where it is."""
    before = next(iter([each for each in _keys_before(key, value) if each in known][::-1]), "")
    if before and _emptied(before, value, known):
        return f"indented too little: it belongs in {before}"
    homes = [name for name, item in known.items() if key in _inner_keys(item.hint)]
    if homes:
        return f"unknown key here: it belongs in {' or '.join(homes)}"
    return f"unknown key{did_you_mean(key, known)}"


def _emptied(key: str, value: Mapping[str, Any], known: Mapping[str, FileField]) -> bool:
    """Tell whether a key that must hold something holds nothing, and a stranger comes after it."""
    if value[key] is not None or get_origin(known[key].hint) in (Union, types.UnionType):
        return False
    keys = list(value)
    return keys[-1] != key and keys[keys.index(key) + 1] not in known


def _keys_before(key: str, value: Mapping[str, Any]) -> list[str]:
    keys = list(value)
    return keys[: keys.index(key)]


def _inner_keys(hint: Any) -> frozenset[str]:
    """Return the keys of what a field holds, where that is an object."""
    inner = [arg for arg in get_args(hint) if arg is not type(None)]
    optional = get_origin(hint) in (Union, types.UnionType)
    kind = inner[0] if optional and len(inner) == 1 else hint
    is_object = is_dataclass(get_origin(kind) or kind)
    return frozenset(item.key for item in fields_of(kind)) if is_object else frozenset()


def _field(item: FileField, value: Any, at: At, problems: list[Problem]) -> Any:
    before = len(problems)
    result = _decode(item.hint, value, at, problems)
    if len(problems) > before:
        return result
    if "const" in item.metadata and result != item.metadata["const"]:
        problems.append(Problem(at, f"expected {item.metadata['const']}, found {shown(value)}"))
    elif (allowed := item.metadata.get("enum")) and result not in allowed:
        problems.append(Problem(at, _one_of(value, map(str, allowed))))
    elif (pattern := item.metadata.get("pattern")) and not re.fullmatch(pattern, str(result)):
        problems.append(Problem(at, f"expected {item.metadata['help']}, found {shown(value)}"))
    return result


def _tuple(inner: Any, value: Any, at: At, problems: list[Problem]) -> Any:
    if not isinstance(value, list):
        problems.append(Problem(at, f"expected a list, found {shown(value)}"))
        return ()
    return tuple(_decode(inner, item, (*at, i), problems) for i, item in enumerate(value))


def _map(inner: Any, value: Any, at: At, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        problems.append(Problem(at, f"expected a map, found {shown(value)}"))
        return {}
    keys, before = _inner_keys(inner), ""
    found = {}
    for key, item in value.items():
        if before and key in keys:
            problems.append(Problem((*at, key), f"indented too little: it belongs in {before}"))
        else:
            found[key] = _decode(inner, item, (*at, key), problems)
            before = key if item is None else ""
    return found


def _enum(cls: type[Enum], value: Any, at: At, problems: list[Problem]) -> Any:
    for member in cls:
        if member.value == value:
            return member
    problems.append(Problem(at, _one_of(value, (str(member.value) for member in cls))))
    return None


def _one_of(value: Any, allowed: Iterable[str]) -> str:
    words = list(allowed)
    return f"expected one of {', '.join(words)}, found {shown(value)}" + (
        did_you_mean(value, words) if isinstance(value, str) else ""
    )


def _leaf(cls: type, value: Any, at: At, problems: list[Problem]) -> Any:
    if type(value) is cls or (cls is float and type(value) is int):
        return value
    quote = ": quote it" if cls is str and isinstance(value, int | float) else ""
    problems.append(Problem(at, f"expected {_NAMES[cls]}, found {shown(value)}{quote}"))
    return None


@cache
def fields_of(hint: Any) -> tuple[FileField, ...]:
    """Return the fields of a dataclass, the type variables of a generic one filled in."""
    cls = get_origin(hint) or hint
    hints = get_type_hints(cls)
    filled = dict(zip(getattr(cls, "__parameters__", ()), get_args(hint), strict=False))
    return tuple(
        FileField(
            name=item.name,
            key=item.metadata.get("key", item.name),
            hint=_fill(hints[item.name], filled),
            required=item.default is MISSING and item.default_factory is MISSING,
            metadata=item.metadata,
        )
        for item in fields(cls)
        if not item.metadata.get("internal")
    )


def _fill(hint: Any, filled: Mapping[Any, Any]) -> Any:
    if hint in filled:
        return filled[hint]
    if filled and get_origin(hint) in (Union, types.UnionType):
        inner = [_fill(arg, filled) for arg in get_args(hint)]
        return Union[tuple(inner)]  # noqa: UP007 - built from values
    return hint
