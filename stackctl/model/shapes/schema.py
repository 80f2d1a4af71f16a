"""The JSON Schema of the file kinds, from the same dataclasses that `decode` reads.

Editors use it to complete and check files; stackctl itself never does.
"""

import re
import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, Union, cast, get_args, get_origin

from stackctl.model.shapes.decode import FileField, fields_of

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def schema(kind: type, *, title: str = "") -> dict[str, Any]:
    """Describe what `decode` accepts as a JSON Schema (2020-12), for editors."""
    definitions: dict[str, Any] = {}
    root = _schema(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title or kind.__name__,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(hint) or hint
    inner = [arg for arg in get_args(hint) if arg not in (type(None), ...)]
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(inner[0], definitions), {"type": "null"}]}
    if is_dataclass(origin):
        return _reference(hint, definitions)
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
    extra = {key: item.metadata[key] for key in ("const", "pattern") if key in item.metadata}
    if "enum" in item.metadata:
        extra["enum"] = list(item.metadata["enum"])
    if "help" in item.metadata:
        extra["description"] = item.metadata["help"]
    return _schema(item.hint, definitions) | extra
