"""The JSON Schema of the file kinds, from the same dataclasses that `decode` reads.

Editors use it to complete and check files; stackctl itself never does.
"""

import re
import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Union, cast, get_args, get_origin

from stackctl.model.shapes.decode import FileField, fields_of, short_of
from stackctl.model.shapes.json_schema import DIALECT

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def schema(
    kind: type, *, title: str = "", descriptions: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Describe what `decode` accepts as a JSON Schema (2020-12), for editors.

    `descriptions` say what fields are for: by `Type.field`, or `field` of any type.
    """
    definitions: dict[str, Any] = {}
    root = _schema(kind, definitions)
    for name, definition in definitions.items():
        _describe(name, definition, descriptions)
    return {
        "$schema": DIALECT,
        "title": title or kind.__name__,
        **root,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def _describe(name: str, definition: dict[str, Any], descriptions: Mapping[str, str]) -> None:
    """Add what the fields of a definition are for; in draft 2020-12 also beside a reference."""
    for key, found in definition["properties"].items():
        whose = next((each for each in descriptions if _names(each, name, key)), key)
        if whose in descriptions:
            found["description"] = descriptions[whose]


def _names(described: str, definition: str, key: str) -> bool:
    """Tell whether `Type.field` is a field of a definition: generic ones have longer names."""
    kind, dot, field = described.partition(".")
    return bool(dot) and field == key and definition.startswith(kind)


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(hint) or hint
    inner = [arg for arg in get_args(hint) if arg not in (type(None), ...)]
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(inner[0], definitions), {"type": "null"}]}
    if is_dataclass(origin):
        whole = _reference(hint, definitions)
        return {"anyOf": [{"type": "string"}, whole]} if short_of(cast("type", origin)) else whole
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], definitions)}
    if hint is not Any and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(inner[1], definitions)}
    return _leaf(origin)


def _leaf(kind: Any) -> dict[str, Any]:
    if kind is Any:
        return {}
    if issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    return {"type": _TYPES[kind]}


def _reference(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    cls = cast("type", get_origin(hint) or hint)
    name = "".join([cls.__name__, *(_title(arg) for arg in get_args(hint))])
    if name not in definitions:
        definitions[name] = {}
        items = fields_of(hint)
        definitions[name] = {
            "type": "object",
            "description": (cls.__doc__ or "").partition("\n")[0],
            "properties": {item.key: _property(item, definitions) for item in items},
            "required": [item.key for item in items if item.required],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def _title(hint: Any) -> str:
    """Name a type argument for use in a definition's name."""
    return "".join(word.capitalize() for word in re.findall(r"\w+", str(hint).rpartition(".")[2]))


def _property(item: FileField, definitions: dict[str, Any]) -> dict[str, Any]:
    extra = {"const": item.metadata["const"]} if "const" in item.metadata else {}
    if "pattern" in item.metadata:  # of the whole text; editors look for it anywhere in it
        extra["pattern"] = f"^(?:{item.metadata['pattern']})$"
    if "enum" in item.metadata:
        extra["enum"] = list(item.metadata["enum"])
    if "help" in item.metadata:
        extra["description"] = item.metadata["help"]
    return _schema(item.hint, definitions) | extra
