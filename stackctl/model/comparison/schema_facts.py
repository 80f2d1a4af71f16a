"""What definitions say: every field with its type and bounds, version by version."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackctl.model.catalogue.parameters import text_of
from stackctl.model.comparison.facts import Aspect, Fact, Facts, fields
from stackctl.model.objects.refs import Manifest

OPEN = "open"  # whatever is in it is taken
_BOUNDS = (
    *("format", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"),
    "default",
)
_QUANTITY = "KMGTPE"  # in whatever pattern an author writes for one


def schema_facts(definition: Manifest) -> Facts:
    """Return what a definition says of its kind."""
    spec = definition["spec"]
    apart = {"versions", "names", "group", "conversion"}
    found = fields({key: each for key, each in spec.items() if key not in apart}, "spec")
    names = spec.get("names") or {}
    kept = {key: names.get(key) for key in ("plural", "singular", "shortNames", "categories")}
    found |= fields(kept, "spec.names")
    strategy = (spec.get("conversion") or {}).get("strategy")
    found |= fields({"strategy": strategy}, "spec.conversion")
    for version in spec.get("versions") or ():
        name = version.get("name")
        found[Fact(Aspect.SCHEMA, str(name))] = ", ".join(_version(version))
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        for path, text in _fields(schema, str(name)):
            found[Fact(Aspect.SCHEMA, path)] = text
    return found


def _version(version: Mapping[str, Any]) -> Iterator[str]:
    yield "served" if version.get("served", True) else "not served"
    if version.get("storage"):
        yield "stored"
    yield from (f"with {each}" for each in sorted(version.get("subresources") or {}))


def _fields(schema: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    required = frozenset(schema.get("required") or ())
    for name, inner in (schema.get("properties") or {}).items():
        if isinstance(inner, dict):
            path = f"{at}.{name}"
            yield path, ", ".join(_words(inner, required=name in required))
            yield from _fields(inner, path)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(inner := schema.get(key), dict):
            yield f"{at}{mark}", ", ".join(_words(inner))
            yield from _fields(inner, f"{at}{mark}")


def _words(schema: Mapping[str, Any], *, required: bool = False) -> Iterator[str]:
    amounts = bool(schema.get("x-kubernetes-int-or-string"))
    quantity = amounts and _QUANTITY in str(schema.get("pattern"))
    plain = str(schema.get("type") or "anything")
    yield "quantity" if quantity else "integer or string" if amounts else plain
    if schema.get("enum"):
        yield f"one of {text_of(sorted(map(str, schema['enum'])))}"
    for key in _BOUNDS:
        if schema.get(key) not in (None, "") and not (quantity and key == "pattern"):
            yield f"{key} {text_of(schema[key])}"
    if schema.get("nullable"):
        yield "nullable"
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        yield OPEN
    if required:
        yield "required"
