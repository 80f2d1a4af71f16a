"""JSON Schemas (2020-12) put together by hand: a function for each kind of value.

Those of the file kinds come from dataclasses, see `schema`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def text(what: str, **more: Any) -> Schema:
    """Describe a text."""
    return {"type": "string", "description": what, **more}


def flag(what: str) -> Schema:
    """Describe a yes or no."""
    return {"type": "boolean", "description": what}


def count(what: str) -> Schema:
    """Describe how many there are."""
    return {"type": "integer", "minimum": 0, "description": what}


def seconds(what: str) -> Schema:
    """Describe a span of time."""
    return {"type": "number", "minimum": 0, "description": what}


def word(what: str, words: Iterable[str]) -> Schema:
    """Describe one of several words."""
    return {"enum": list(words), "description": what}


def always(value: str) -> Schema:
    """Describe what is always the same."""
    return {"const": value}


def anything(what: str) -> Schema:
    """Describe a value of any kind."""
    return {"description": what}


def items(what: str, each: Schema) -> Schema:
    """Describe a list."""
    return {"type": "array", "description": what, "items": each}


def by_name(what: str, each: Schema) -> Schema:
    """Describe a mapping whose keys are names."""
    return {"type": "object", "description": what, "additionalProperties": each}


def fields(what: str, described: Mapping[str, Schema]) -> Schema:
    """Describe a mapping with known keys; one whose name ends in ? may be missing."""
    return {
        "type": "object",
        "description": what,
        "properties": {name.rstrip("?"): schema for name, schema in described.items()},
        "required": [name for name in described if not name.endswith("?")],
    }


# What names an object.
REF: dict[str, Schema] = {
    "group": text("API group; empty for the core"),
    "kind": text("Kind"),
    "namespace": text("Namespace; empty for what is in none"),
    "name": text("Name"),
}
