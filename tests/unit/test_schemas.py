"""The schemas of our custom resources leave nothing open that their operators decode into a type.

What the API server stores and an operator cannot decode ends the operator: its informer lists
every object of the kind, and one is enough. A webhook that decodes too may be off.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.schemas import DEFINITIONS, open_in, schemas


def is_open(schema: Mapping[str, Any]) -> bool:
    """Tell whether anything at all may stand there."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return True
    kind, values = schema.get("type"), schema.get("additionalProperties")
    if kind == "object":
        return schema.get("maxProperties") != 0 and not (
            schema.get("properties") or (isinstance(values, dict) and values)
        )
    if kind == "array":
        return not schema.get("items")
    return kind is None and not schema.get("x-kubernetes-int-or-string")


def open_places(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Walk a schema; metadata at the top is the API server's own."""
    if path != "metadata" and is_open(schema):
        yield path
    for name, field in (schema.get("properties") or {}).items():
        yield from open_places(field, f"{path}.{name}".lstrip("."))
    for key, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(below := schema.get(key), dict) and below:
            yield from open_places(below, path + mark)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_is_open_is_open_in_the_operator_too(name):
    """Every open place has its reason, and every reason its place."""
    found = {path for _, schema in schemas(DEFINITIONS[name]) for path in open_places(schema)}
    assert found == open_in(name)


@pytest.mark.parametrize(
    ("schema", "places"),
    [
        ({"type": "object", "properties": {"a": {"type": "object"}}}, ["a"]),
        ({"type": "object", "additionalProperties": True}, [""]),
        ({"type": "object", "maxProperties": 0}, []),
        ({"type": "object", "additionalProperties": {}}, [""]),
        ({"type": "object", "additionalProperties": {"type": "array"}}, [".*"]),
        ({"type": "array", "items": {"x-kubernetes-preserve-unknown-fields": True}}, ["[]"]),
        ({"type": "array", "items": {"x-kubernetes-int-or-string": True}}, []),
        ({"type": "object", "additionalProperties": {"type": "string"}}, []),
        ({"type": "object", "properties": {"metadata": {"type": "object"}}}, []),
    ],
)
def test_the_walk_finds_each_kind_of_opening(schema, places):
    """So that the test above cannot pass by looking away."""
    assert list(open_places(schema)) == places


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_can_be_stored_and_recorded(name):
    """Aliases keep the file short; the API server gets all of it, and etcd ends at 1.5 MiB."""
    assert len(json.dumps(DEFINITIONS[name])) < 900 * 1024
