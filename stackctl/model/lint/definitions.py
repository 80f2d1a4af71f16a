"""The schemas of custom resources: whether they are structural, and whether they leave all open.

The rules are those of Kubernetes' documentation of structural schemas; the API server refuses what
breaks them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stackctl.model.catalogue.lint_rules import LintRule
from stackctl.model.lint.finding import Fault
from stackctl.model.objects.kinds import DEFINITION, kind_of
from stackctl.model.objects.paths import Path
from stackctl.model.objects.refs import Manifest
from stackctl.model.privileges.rights import maps, part

_KEPT = "x-kubernetes-preserve-unknown-fields"
_EITHER = "x-kubernetes-int-or-string"
_TYPES = ("array", "boolean", "integer", "number", "object", "string")  # or anything, of anybody
_JUNCTORS = ("allOf", "anyOf", "oneOf")
_NOT_INSIDE = ("description", "type", "default", "additionalProperties", "nullable")
_REFERENCES = ("$ref", "definitions", "dependencies", "patternProperties", "additionalItems")


def definition_faults(manifest: Manifest) -> Iterator[Fault]:
    """Yield what is wrong with the schemas of a CustomResourceDefinition."""
    if kind_of(manifest) != DEFINITION:
        return
    for index, version in enumerate(maps(part(manifest, "spec").get("versions"))):
        at: Path = ("spec", "versions", index)
        schema = part(part(version, "schema"), "openAPIV3Schema")
        if not schema:
            what = f"the version {version.get('name')} has no schema"
            yield LintRule.CRD_SCHEMA, at, what
            continue
        at = (*at, "schema", "openAPIV3Schema")
        if schema.get("type") != "object":
            yield LintRule.CRD_SCHEMA, at, "the schema is not of type object"
        yield from _structural(schema, at)
        for name, inner, where in (("all of it", schema, at), *_spec(schema, at)):
            if inner.get(_KEPT):
                what = f"{name} may be anything: a misspelt field is stored and says nothing"
                yield LintRule.OPEN_SCHEMA, where, what


def _spec(schema: Mapping[str, Any], at: Path) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    if inner := part(part(schema, "properties"), "spec"):
        yield "its spec", inner, (*at, "properties", "spec")


def _structural(schema: Mapping[str, Any], at: Path) -> Iterator[Fault]:
    """Yield what keeps a schema, and those in it, from being structural."""
    kind = schema.get("type")
    if kind not in _TYPES and not (kind is None and (schema.get(_EITHER) or schema.get(_KEPT))):
        yield LintRule.CRD_SCHEMA, at, "no type is said, so the schema is not structural"
    for key in _REFERENCES:
        if key in schema:
            yield LintRule.CRD_SCHEMA, (*at, key), f"{key} cannot be in a structural schema"
    if schema.get("properties") and schema.get("additionalProperties"):
        what = "properties and additionalProperties exclude each other"
        yield LintRule.CRD_SCHEMA, (*at, "additionalProperties"), what
    for path, inner in _below(schema):
        yield from _structural(inner, (*at, *path))
    either = bool(schema.get(_EITHER))
    for path, inner in _conditions(schema):
        for key in _NOT_INSIDE:
            if key in inner and not (either and key == "type"):
                what = f"{key} cannot be said in {path[0]}"
                yield LintRule.CRD_SCHEMA, (*at, *path, key), what


def _below(schema: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the schemas of what is in a value."""
    for name, inner in part(schema, "properties").items():
        if isinstance(inner, Mapping):
            yield ("properties", name), inner
    for key in ("items", "additionalProperties"):
        if isinstance(inner := schema.get(key), Mapping):
            yield (key,), inner


def _conditions(schema: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the schemas that a value must fit as well."""
    for key in _JUNCTORS:
        for index, inner in enumerate(maps(schema.get(key))):
            yield (key, index), inner
    if inner := part(schema, "not"):
        yield ("not",), inner
