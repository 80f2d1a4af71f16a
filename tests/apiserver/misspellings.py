"""Objects with every field misspelt once, beside the right one, and what must be said of each.

What may be misspelt is read from the schemas: keys of maps (labels, node selectors, Spark's
settings) are the user's. A place that is open counts as one whose fields have names, so that a
schema cannot be excused by its own gaps, unless it is known to be open.
"""

import re
from collections.abc import Container, Mapping
from typing import Any


def misspelt(
    value: Any, schema: Mapping[str, Any], free: Container[str], path: str = ""
) -> tuple[Any, list[str]]:
    """Copy a value with each field misspelt beside itself; name the fields that are wrong."""
    if re.sub(r"\[\d+\]", "[]", path) in free:
        return value, []
    if isinstance(value, dict):
        return _map(value, schema, free, path)
    if isinstance(value, list):
        below = schema.get("items") or {}
        parts = [misspelt(item, below, free, f"{path}[{at}]") for at, item in enumerate(value)]
        return [each for each, _ in parts], [name for _, names in parts for name in names]
    return value, []


def _map(
    value: Mapping[str, Any], schema: Mapping[str, Any], free: Container[str], path: str
) -> tuple[dict[str, Any], list[str]]:
    values = schema.get("additionalProperties")
    known = schema.get("properties") or {}
    result: dict[str, Any] = {}
    wrong = []
    for key, item in value.items():
        at = f"{path}.{key}".lstrip(".")
        if at in ("apiVersion", "kind", "metadata"):  # the API server's own
            result[key] = item
            continue
        result[key], names = misspelt(item, values or known.get(key, {}), free, at)
        wrong += names
        if not values:
            result[_misspell(key)] = item
            wrong.append(_misspell(at))
    return result, wrong


def _misspell(name: str) -> str:
    return name + name[-1]
