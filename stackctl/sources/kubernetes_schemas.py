"""Kubernetes' own schemas of its kinds, of every version that stackctl supports, offline.

They come with the package kubernetes-validate, which is an extra: this is the only module that
knows it, and it is imported when the first object is looked at.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stackctl.errors import UsageError
from stackctl.model.catalogue.lint_rules import LintRule
from stackctl.model.lint.custom_resources import strict
from stackctl.model.lint.finding import Fault
from stackctl.model.objects.kinds import DEFINITION, kind_of
from stackctl.model.objects.refs import Manifest, group_of, version_of
from stackctl.model.objects.versions import minor_of
from stackctl.model.shapes.decode import shown

PACKAGE = "kubernetes-validate"
OLDEST = 30  # of Kubernetes 1
_URI = "https://kubernetes.io/api/_definitions.json"
_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a map",
    "string": "a text",
}
_FORMER = frozenset({"extensions"})  # a group that no supported version has
Kind = tuple[str, str, str]  # group, version, kind


class KubernetesSchemas:
    """What each version of Kubernetes accepts, beginning with the oldest that is supported."""

    def __init__(self, definitions: Callable[[], Iterable[Manifest]] = tuple) -> None:
        """Find the schemas; `definitions` finds those of custom resources, once there is one.

        Raises:
            UsageError: they are not installed.
        """
        if find_spec(PACKAGE.replace("-", "_")) is None:
            raise UsageError(
                f"the schemas of Kubernetes are not installed: they come with {PACKAGE}",
                hint=f"{sys.executable} -m pip install {PACKAGE}; without them: --no-schemas",
            )
        self._folders = _folders()
        if not self._folders:
            raise UsageError(
                f"this {PACKAGE} has no schemas of Kubernetes 1.{OLDEST} or newer",
                hint=f"{sys.executable} -m pip install --upgrade {PACKAGE}",
            )
        self._definitions = definitions
        self._validators: dict[Kind, Any] = {}
        ends = (self.minors[0], self.minors[-1])
        known = {group for each in ends for group, _, _ in _kinds(self._folders[each])}
        self._groups = known | _FORMER  # others are somebody's own, though called so.k8s.io

    @property
    def minors(self) -> tuple[int, ...]:
        """The versions of Kubernetes 1 that there are schemas of, the oldest first."""
        return tuple(self._folders)

    def faults(self, manifest: Manifest) -> Iterator[Fault]:
        """Yield what some version of Kubernetes would not accept; unknown kinds are passed over."""
        kind = (group_of(manifest), version_of(manifest), manifest["kind"])
        if kind[0] in self._groups:
            yield from self._of_versions(kind, manifest)
        elif (validator := self._custom(kind)) is not None:
            yield from ((LintRule.SCHEMA, *each) for each in _broken(validator, manifest))

    @cached_property
    def _schemas(self) -> Mapping[Kind, Any]:
        return dict(_served(self._definitions()))

    def _custom(self, kind: Kind) -> Any:
        """Return what checks custom resources of a kind; None where nothing does."""
        if kind not in self._validators:
            self._validators[kind] = _checking(self._schemas.get(kind))
        return self._validators[kind]

    def _of_versions(self, kind: Kind, manifest: Manifest) -> Iterator[Fault]:
        ends = (self.minors[0], self.minors[-1])
        if all(self._of_version(minor, kind, manifest) == () for minor in ends):
            return  # what both ends accept, those between them do
        found = {minor: self._of_version(minor, kind, manifest) for minor in self.minors}
        unserved = [minor for minor in self.minors if found[minor] is None]
        if unserved:
            where = _span(unserved, self.minors)
            what = f"{manifest['apiVersion']} {kind[2]} is not served by Kubernetes {where}"
            yield LintRule.UNSERVED_API, ("apiVersion",), what
        for fault in dict.fromkeys(each for faults in found.values() for each in faults or ()):
            minors = [minor for minor in self.minors if fault in (found[minor] or ())]
            by = "" if len(minors) == len(self.minors) - len(unserved) else ": Kubernetes "
            path, what = fault
            yield LintRule.SCHEMA, path, what + (by and by + _span(minors, self.minors))

    def _of_version(
        self, minor: int, kind: Kind, manifest: Manifest
    ) -> tuple[tuple[tuple[str | int, ...], str], ...] | None:
        """Return what a version does not accept; None where it does not serve the kind."""
        validator = _validator(self._folders[minor], kind)
        return None if validator is None else tuple(_broken(validator, manifest))


def _span(minors: Sequence[int], known: Sequence[int]) -> str:
    """Say which versions: 1.30 to 1.33."""
    chosen = [each for each in known if each in set(minors)]
    run = known[known.index(chosen[0]) : known.index(chosen[-1]) + 1]
    if len(chosen) == 1:
        return f"1.{chosen[0]}"
    if len(run) == len(chosen):
        return f"1.{chosen[0]} to 1.{chosen[-1]}"
    return ", ".join(f"1.{each}" for each in chosen)


@cache
def _folders() -> Mapping[int, Path]:
    """Return the folders of strict schemas by minor version."""
    import kubernetes_validate

    root = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    found = {minor_of(path.name)[1]: path for path in root.glob("v1.*-local-strict")}
    return {minor: found[minor] for minor in sorted(found) if minor >= OLDEST}


@cache
def _definitions(folder: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((folder / "_definitions.json").read_bytes())
    return found


@cache
def _kinds(folder: Path) -> Mapping[Kind, str]:
    """Return the definition of each kind by what it is called."""
    return {
        (each["group"], each["version"], each["kind"]): name
        for name, schema in _definitions(folder)["$defs"].items()
        for each in schema.get("x-kubernetes-group-version-kind", ())
    }


@cache
def _validator(folder: Path, kind: Kind) -> Any:
    """Return what checks objects of a kind; None where there is no such kind."""
    if (name := _kinds(folder).get(kind)) is None:
        return None
    import jsonschema
    import referencing

    resource = referencing.Resource.from_contents(_definitions(folder))
    registry = referencing.Registry().with_resource(_URI, resource)
    schema = {"$ref": f"{_URI}#/$defs/{name}"}
    return jsonschema.Draft202012Validator(schema, registry=registry)


def _served(definitions: Iterable[Manifest]) -> Iterator[tuple[Kind, Any]]:
    """Yield the schemas of custom resources."""
    for each in definitions:
        if kind_of(each) != DEFINITION:
            continue
        spec = each["spec"]
        for version in spec["versions"]:
            if version["served"]:
                kind = (spec["group"], version["name"], spec["names"]["kind"])
                yield kind, (version.get("schema") or {}).get("openAPIV3Schema")


def _checking(schema: Any) -> Any:
    """Return what checks objects by a schema; None where it is none, which others tell."""
    import jsonschema

    if not schema:
        return None
    with suppress(jsonschema.SchemaError):
        jsonschema.Draft202012Validator.check_schema(closed := strict(schema))
        return jsonschema.Draft202012Validator(closed)
    return None


def _broken(validator: Any, manifest: Manifest) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for error in validator.iter_errors(manifest):
        at = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and error.validator_value is False:
            for key in sorted(set(error.instance) - set(error.schema.get("properties", ()))):
                yield (*at, key), f"there is no field {key}"
        else:
            yield at, _words(error)


def _words(error: Any) -> str:
    """Say in our own words what a schema does not accept."""
    if error.validator == "required":
        missing = [each for each in error.validator_value if each not in error.instance]
        return f"{', '.join(missing)} is missing"
    if wanted := _types(error.validator, error.validator_value):
        return f"expected {wanted}, found {shown(error.instance)}"
    if error.validator == "enum":
        wanted = ", ".join(map(str, error.validator_value))
        return f"expected one of {wanted}, found {shown(error.instance)}"
    if error.validator == "pattern":
        return f"expected a text like {error.validator_value}, found {shown(error.instance)}"
    return f"{shown(error.instance)} does not fit: {error.validator} {error.validator_value}"[:200]


def _types(validator: str, value: Any) -> str:
    """Say which types are allowed, where that is what a schema is about."""
    if validator in ("oneOf", "anyOf"):
        kinds = [kind for each in value for kind in _listed(each.get("type"))]
    else:
        kinds = _listed(value) if validator == "type" else []
    return " or ".join(dict.fromkeys(_TYPES[each] for each in kinds if each in _TYPES))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
