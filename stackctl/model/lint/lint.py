"""Everything that is to be said about a component: layers laid, objects looked at.

Which lines of which files these are is known to `sources`; what Kubernetes' own schemas say comes
in as a function.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stackctl.model.catalogue.component import Component, Manifests
from stackctl.model.catalogue.lint_rules import LintException, LintRule
from stackctl.model.compose.check import feature_closure, validate_component
from stackctl.model.compose.embedded import Codec
from stackctl.model.compose.layers import built, spelled, template_of
from stackctl.model.compose.object_check import ObjectFault
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.lint.access import access_faults
from stackctl.model.lint.declarations import declaration_findings
from stackctl.model.lint.definitions import definition_faults
from stackctl.model.lint.finding import Fault, LintFinding, by_name, excuse
from stackctl.model.lint.pods import pod_faults
from stackctl.model.lint.references import reference_faults
from stackctl.model.objects.kinds import Scopes, defined
from stackctl.model.objects.merge import OverlayError
from stackctl.model.objects.normalise import flatten, normalised
from stackctl.model.objects.refs import Manifest, Ref, ref_of

_BY_SCHEMAS = frozenset({LintRule.SCHEMA, LintRule.UNSERVED_API})
Look = Callable[[Manifest], Iterable[Fault]]  # what is to be said about one object


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, and the reason somebody gave for it; none where it is to be mended."""

    finding: LintFinding
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Layer:
    """Objects that are there together, and what makes them so: a feature, a file, or nothing."""

    name: str
    objects: Objects
    smoke: bool = False


def lint(
    component: Component, manifests: Manifests, *, yaml: Codec, schemas: Look | None
) -> tuple[Judged, ...]:
    """Return everything that is to be said about a component, what has a reason included.

    Without schemas, nothing is said of what they would be needed for.
    """
    scopes = _scopes(manifests)
    layers = list(_layers(component, manifests, scopes))
    found = [
        *_invalid(component, manifests, yaml),
        *_of_layers(layers, schemas or _nothing, whole=component.spec.source is None),
        *declaration_findings(component.spec, [each.objects for each in layers]),
    ]
    unique = {(each.rule, each.object, each.path, each.what): each for each in reversed(found)}
    looked = [each for each in component.spec.lint if schemas or each.rule not in _BY_SCHEMAS]
    return _judged(list(unique.values())[::-1], component.spec.lint, looked)


def _nothing(_: Manifest) -> Iterable[Fault]:
    return ()


def _judged(
    found: Sequence[LintFinding],
    exceptions: Sequence[LintException],
    looked: Sequence[LintException],
) -> tuple[Judged, ...]:
    """Give each finding the reason that somebody has for it; a reason for nothing is one more.

    `looked` are the exceptions from what was looked for at all.
    """
    excused = [(finding, excuse(finding, exceptions)) for finding in found]
    used = {id(exception) for _, exception in excused if exception is not None}
    unused = [
        LintFinding(
            LintRule.UNUSED_EXCEPTION,
            ("spec", "lint", index),
            f"nothing is found that {exception.rule.value} would have to be ignored for",
        )
        for index, exception in enumerate(exceptions)
        if exception in looked and id(exception) not in used
    ]
    judged = [Judged(each, exception.reason if exception else "") for each, exception in excused]
    return (*judged, *map(Judged, unused))


def _scopes(manifests: Manifests) -> Scopes:
    layers = (manifests.base, *manifests.features.values())
    return defined(each for layer in layers for each in flatten(layer))


def _invalid(component: Component, manifests: Manifests, yaml: Codec) -> Iterator[LintFinding]:
    """Yield what every other command refuses the component for."""
    for each in validate_component(component, manifests, yaml=yaml):
        if isinstance(each, ObjectFault):
            yield LintFinding(LintRule.INVALID, each.at, each.what, each.ref)
        else:
            yield LintFinding(LintRule.INVALID, each.at, each.what)


def _layers(component: Component, manifests: Manifests, scopes: Scopes) -> Iterator[_Layer]:
    """Yield the base, the base with each feature, repeated layers, and what is beside them."""
    layers = spelled(component, manifests, scopes)
    for name in ("", *component.spec.features):
        on = feature_closure(component.spec.features, name)
        try:
            yield _Layer(name, built(component, layers, on, scopes))
        except (NoSuchObject, OverlayError):
            continue  # said by what is invalid
    for name in component.spec.each:
        try:
            yield _Layer(name, template_of(component, manifests, name, scopes))
        except NoSuchObject:
            continue
    for name, objects in manifests.files.items():
        layer = Objects(component.spec.namespace, anywhere=True)
        for each in flatten(objects):
            manifest = normalised(each, component.spec.namespace, scopes)
            if ref_of(manifest) not in layer:
                layer.add(manifest)
        yield _Layer(name, layer, smoke=True)


def _of_layers(layers: Iterable[_Layer], schemas: Look, *, whole: bool) -> Iterator[LintFinding]:
    """Look at every object, and once more at those that a feature changes.

    Which names nothing answers to is known only of a component that is whole without a source.
    """
    seen: dict[Ref, list[Manifest]] = defaultdict(list)
    for layer in layers:
        objects = list(layer.objects)
        for manifest in objects:
            ref = ref_of(manifest)
            if manifest in seen[ref]:
                continue
            seen[ref].append(manifest)
            for rule, path, what in _of_object(manifest, objects, schemas, smoke=layer.smoke):
                if rule is LintRule.MISSING_OBJECT and not whole:
                    continue
                yield LintFinding(rule, by_name(manifest, path), what, ref, layer.name)


def _of_object(
    manifest: Manifest, objects: Sequence[Manifest], schemas: Look, *, smoke: bool
) -> Iterator[Fault]:
    yield from schemas(manifest)
    faults = pod_faults(manifest)
    if smoke:  # runs once, and is gone
        yield from (each for each in faults if each[0] is LintRule.UNPINNED_IMAGE)
        return
    yield from faults
    yield from access_faults(manifest)
    yield from definition_faults(manifest)
    yield from reference_faults(manifest, objects)
