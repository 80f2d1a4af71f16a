"""The schema of a custom resource as a JSON Schema that refuses what the API server refuses.

A server prunes fields that it does not know, or refuses them where it is asked to be strict, as we
ask it. Patterns and formats are left to the server: they are Go's, and its own.
"""

from typing import Any

_KEPT = "x-kubernetes-preserve-unknown-fields"
_EITHER = "x-kubernetes-int-or-string"
_LEFT = ("pattern", "format", "$ref", "$schema", "id")
_OF_EVERY_OBJECT = ("apiVersion", "kind", "metadata")


def strict(schema: Any, *, top: bool = True) -> Any:
    """Return a structural schema with unknown fields refused."""
    if not isinstance(schema, dict):
        return schema
    found = {
        key: value
        for key, value in schema.items()
        if key not in _LEFT and not key.startswith("x-kubernetes-")
    }
    properties = {
        name: strict(each, top=False) for name, each in _map(schema, "properties").items()
    }
    if top or schema.get("x-kubernetes-embedded-resource"):
        properties = {name: {} for name in _OF_EVERY_OBJECT} | (
            {name: each for name, each in properties.items() if name != "metadata"}
        )
    if properties:
        found["properties"] = properties
    for key in ("items", "additionalProperties"):
        if key in schema:
            found[key] = strict(schema[key], top=False)
    closed = schema.get("type") == "object" and not schema.get(_KEPT)
    if closed and properties and "additionalProperties" not in schema:
        found["additionalProperties"] = False
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    if schema.get(_EITHER):
        found["type"] = ["integer", "string"]
        found.pop("anyOf", None)
    return found


def _map(schema: Any, key: str) -> dict[str, Any]:
    value = schema.get(key)
    return value if isinstance(value, dict) else {}
