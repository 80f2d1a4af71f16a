"""Holds documents against their schemas; what a schema does not describe is a fault as well."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
KNOWN = frozenset(
    {
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "const",
        "enum",
        "oneOf",
        "anyOf",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "minimum",
        "pattern",
        "format",
    }
)


def faults(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """Return where a document is not what its schema says."""
    return list(_faults(value, schema, schema, ""))


def _faults(  # noqa: C901 - a line for each keyword
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str
) -> Iterator[str]:
    assert not schema.keys() - KNOWN, f"{path}: the tests do not know {schema.keys() - KNOWN}"
    if "$ref" in schema:
        yield from _faults(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, path)
    for key in ("oneOf", "anyOf"):
        yield from _of_several(value, schema.get(key), root, path)
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{path}: {value!r} is no {schema['type']}"
    elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    elif isinstance(value, int | float) and value < schema.get("minimum", value):
        yield f"{path}: {value} is too small"
    elif isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            yield from _faults(each, schema["items"], root, f"{path}[{number}]")
    elif isinstance(value, dict) and "type" in schema:
        yield from _of_fields(value, schema, root, path)


def _of_several(value: Any, schemas: Any, root: Mapping[str, Any], path: str) -> Iterator[str]:
    if schemas and not any(not list(_faults(value, each, root, path)) for each in schemas):
        # That of the same kind, or type, says most.
        least = min((list(_faults(value, each, root, path)) for each in schemas), key=len)
        yield from least


def _of_fields(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], path: str
) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    for missing in set(schema.get("required", ())) - value.keys():
        yield f"{path}: lacks {missing}"
    for key, each in value.items():
        if key in known:
            yield from _faults(each, known[key], root, f"{path}.{key}")
        elif others is False:
            yield f"{path}.{key}: not described"
        else:
            yield from _faults(each, others, root, f"{path}.{key}")


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
