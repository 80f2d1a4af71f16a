"""Whether a component's component.yaml and manifests fit together: every fault, before any use.

What the file may say at all is `decode`'s part; what a stack makes of it is `resolve`'s.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stackctl.errors import RenderError
from stackctl.model.catalogue.component import (
    Component,
    Feature,
    Image,
    Manifests,
    Parameter,
    Place,
)
from stackctl.model.catalogue.parameters import checked, text_of
from stackctl.model.catalogue.spec_check import declaration_problems
from stackctl.model.compose.bind import Binder, PlaceError, agrees, describe, said_at
from stackctl.model.compose.compose import absence, leftover
from stackctl.model.compose.embedded import Codec, Formats, formats
from stackctl.model.compose.foreign_marks import unmatched
from stackctl.model.compose.layers import (
    built,
    feature_of_smoke,
    smoke_as_written,
    spelled,
    template_of,
)
from stackctl.model.compose.object_check import ObjectFault, contradictions
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.compose.restarts import restart_problems
from stackctl.model.objects.kinds import Scopes, defined, kind_of, namespaces_in
from stackctl.model.objects.merge import OverlayError
from stackctl.model.objects.paths import MISSING, PathError
from stackctl.model.objects.refs import PROTECTED_NAMESPACES, ref_of
from stackctl.model.resolve.graph import reached
from stackctl.model.shapes.decode import Problem
from stackctl.model.shapes.pod_specs import images_in
from stackctl.model.shapes.suggest import did_you_mean

At = tuple[str | int, ...]
_SAMPLES: Mapping[str, object] = {
    "list": ["x"],
    "map": {"x": "y"},
    "integer": 1,
    "number": 1,
    "boolean": True,
    "quantity": "1",
    "duration": "1s",
    "secret": "eA==",
}


def validate_component(
    component: Component, manifests: Manifests, *, yaml: Codec
) -> tuple[Problem | ObjectFault, ...]:
    """Return everything that is wrong with a component.

    The paths of problems are those of component.yaml, the paths of faults those of an object.
    """
    check = _Check(component, manifests, formats(yaml), _scopes(manifests))
    found: list[Problem | ObjectFault] = list(declaration_problems(component, manifests))
    if component.spec.source is not None:  # what else is there is known when it is rendered
        return tuple(dict.fromkeys(found))
    variants = list(check.variants(found))
    found += check.smoke_problems()
    if not found:  # what follows would stumble over the same things again
        found += check.places(variants)
        found += check.images(variants)
        found += check.references(variants)
        found += restart_problems(check.component.spec, [each.objects for each in variants])
        found += _objects(variants)
    return tuple(dict.fromkeys(found))


def feature_closure(features: Mapping[str, Feature], feature: str) -> frozenset[str]:
    """Return a feature with all that it requires; nothing of none."""
    named = reached([feature], lambda each: features[each].requires if each in features else ())
    return named & features.keys()


def _scopes(manifests: Manifests) -> Scopes:
    return defined(
        each for layer in (manifests.base, *manifests.features.values()) for each in layer
    )


def _objects(variants: list["_Variant"]) -> Iterator[ObjectFault]:
    # An object that no feature changes is the same in each of them.
    every = {id(each): each for variant in variants for each in variant.objects}
    for manifest in every.values():
        yield from contradictions(manifest)
    for variant in variants:
        yield from unmatched(variant.objects)


@dataclass(frozen=True, slots=True)
class _Variant:
    """The objects with a set of features on, which one feature asked for."""

    feature: str  # empty: none
    features: frozenset[str]
    objects: Objects


@dataclass(frozen=True, slots=True)
class _Check:
    component: Component
    manifests: Manifests
    formats: Formats
    scopes: Scopes

    # what the manifests come to

    def variants(self, problems: list[Problem | ObjectFault]) -> Iterator[_Variant]:
        """Lay the base alone, and then each feature with those it requires."""
        layers = spelled(self.component, self.manifests, self.scopes)
        for name in ("", *self.component.spec.features):
            on = feature_closure(self.component.spec.features, name)
            at: At = ("spec", "features", name) if name else ()
            try:
                objects = built(self.component, layers, on, self.scopes)
            except (NoSuchObject, OverlayError) as error:
                problems.append(Problem(at, str(error)))
            else:
                yield _Variant(name, on, objects)

    def _among(self, place: Place, variants: list[_Variant]) -> Binder:
        """Return the objects a place is among."""
        if place.each:
            template = template_of(self.component, self.manifests, place.each, self.scopes)
            return Binder(template, self.formats)
        if place.smoke:
            return Binder(self.smoke(), self.formats)
        variant = next(each for each in variants if each.feature == place.feature)
        return Binder(variant.objects, self.formats)

    def places(self, variants: list[_Variant]) -> Iterator[Problem]:
        """Check that each place is there and says the default."""
        spec = self.component.spec
        for name, parameter in spec.parameters.items():
            for index, place in enumerate(parameter.places):
                at: At = ("spec", "parameters", name, "places", index)
                if not place.values:  # of the chart that the manifests follow
                    yield from self._place(at, place, parameter, variants)
        for name, repeat in spec.each.items():
            template = template_of(self.component, self.manifests, name, self.scopes)
            for index, place in enumerate(repeat.places):
                at = ("spec", "each", name, "places", index)
                yield from _found(at, Binder(template, self.formats), place)
        for index, place in enumerate(spec.namespacePlaces):
            at = ("spec", "namespacePlaces", index)
            binder = self._among(place, variants)
            said = text_of(_read(binder, place))
            if problem := next(_found(at, binder, place), None):
                yield problem
            elif not re.search(rf"(?<![\w-]){re.escape(spec.namespace)}(?![\w-])", said):
                yield Problem(at, f"{describe(place)} does not name {spec.namespace}")

    def _place(
        self, at: At, place: Place, parameter: Parameter, variants: list[_Variant]
    ) -> Iterator[Problem]:
        binder = self._among(place, variants)
        if place.absent:
            if not binder.objects.has(place.object):
                yield Problem(at, f"{describe(place)}: there is no such object")
            return
        try:
            found = binder.read(place)
        except PlaceError as error:
            yield Problem(at, str(error))
            return
        default = parameter.default
        if default is None:
            if found is not MISSING and found not in ("", [], {}):
                what = f"says {text_of(found)}, but the parameter has no default"
                yield Problem(at, f"{describe(place)} {what}")
            yield from _writable(at, binder, place, parameter)
        elif not agrees(found, wanted := said_at(place, checked(parameter, default)), place.join):
            says = "says nothing" if found is MISSING else f"says {text_of(found)}"
            yield Problem(at, f"{describe(place)} {says}, but the default is {text_of(wanted)}")

    def smoke(self) -> Objects:
        """Return the objects of all smoke tests."""
        features = self.component.spec.features
        return smoke_as_written(self.component, self.manifests, self.scopes, features)

    def smoke_problems(self) -> Iterator[Problem | ObjectFault]:
        """Check that smoke tests are of features that there are, and can be seen to end."""
        try:
            objects = self.smoke()
        except NoSuchObject as error:
            yield Problem((), f"smoke/: {error}")
            return
        for path in self.manifests.files:
            feature = feature_of_smoke(path)
            if feature and feature not in self.component.spec.features:
                known = did_you_mean(feature, self.component.spec.features)
                yield Problem(
                    ("spec", "features"), f"{path}: no feature is called {feature}{known}"
                )
        for manifest in objects:
            if kind_of(manifest) == ("", "Pod"):
                what = "a Pod that runs is ready before it has ended: write a Job"
                yield ObjectFault(ref_of(manifest), (), what)

    # images

    def images(self, variants: list[_Variant]) -> Iterator[Problem]:
        """Check that manifests name the images of component.yaml, and no others."""
        listing = self.component.spec.images
        if listing is None:
            return
        declared = {image.reference: index for index, image in enumerate(listing)}
        used: set[str] = set()
        for objects in self._everything(variants):
            for ref, image in images_in(objects):
                used.add(image)
                if image not in declared:
                    known = did_you_mean(image, declared)
                    yield Problem(("spec", "images"), f"{ref} has {image}, not listed{known}")
        used.update(image for _, image in images_in(self.smoke()))
        for index, listed in enumerate(listing):
            at: At = ("spec", "images", index)
            yield from self._image_places(at, listed, variants)
            if not listed.places and listed.reference not in used:
                yield Problem(at, f"no manifest has {listed.reference}")

    def _everything(self, variants: list[_Variant]) -> Iterator[Objects]:
        yield from (variant.objects for variant in variants)
        for name in self.component.spec.each:
            yield template_of(self.component, self.manifests, name, self.scopes)

    def _image_places(self, at: At, image: Image, variants: list[_Variant]) -> Iterator[Problem]:
        whole = image.image if image.tagPlaces else image.reference
        wanted = [("places", index, place, whole) for index, place in enumerate(image.places)]
        wanted += [("tagPlaces", i, place, image.tag) for i, place in enumerate(image.tagPlaces)]
        for key, index, place, text in wanted:
            where = (*at, key, index)
            found = {
                text_of(value)
                for objects in (*self._everything(variants), self.smoke())
                if (value := _read(Binder(objects, self.formats), place)) is not MISSING
            }
            if not found:
                yield Problem(where, f"{describe(place)}: there is no such place")
            elif found != {text}:
                yield Problem(where, f"{describe(place)} says {min(found)}, not {text}")

    # objects that component.yaml names

    def _ignored(self, variants: list[_Variant]) -> Iterator[Problem]:
        for index, each in enumerate(self.component.spec.ignore):
            at: At = ("spec", "ignore", index)
            there = [
                variant.objects[variant.objects.find(each.object)]
                for variant in variants
                if variant.objects.has(each.object)
            ]
            try:
                found = [absence(manifest, each.path) for manifest in there]
            except PathError as error:
                yield Problem((*at, "path"), str(error))
                continue
            if not there:
                yield Problem(at, f"there is no {each.object}")
            elif all(found):
                yield Problem((*at, "path"), f"{each.object}: {found[0]}")

    def references(self, variants: list[_Variant]) -> Iterator[Problem]:
        """Check the objects and files that component.yaml names."""
        spec = self.component.spec
        yield from self._ignored(variants)
        for index, rule in enumerate(spec.contested):
            if rule.object and not any(each.objects.has(rule.object) for each in variants):
                yield Problem(("spec", "contested", index), f"there is no {rule.object}")
        for index, text in enumerate(spec.leftovers):
            try:
                leftover(text, spec.namespace, self.scopes)
            except RenderError as error:
                yield Problem(("spec", "leftovers", index), str(error))
        for index, probe in enumerate(spec.ready):
            if probe.accepts and len(self.manifests.files.get(probe.accepts, ())) != 1:
                what = f"expected a file with one object, {probe.accepts} is none"
                yield Problem(("spec", "ready", index), what)
        base = variants[0].objects
        names = set(namespaces_in(base))
        if spec.namespace not in names | PROTECTED_NAMESPACES:
            yield Problem(("spec", "namespace"), f"base/ has no Namespace {spec.namespace}")


def _writable(at: At, binder: Binder, place: Place, parameter: Parameter) -> Iterator[Problem]:
    """Check that a place which says nothing yet can say something."""
    sample = _SAMPLES.get(parameter.type, "x")
    try:
        Binder(binder.objects.copy(), binder.formats).write(place, sample)
    except PlaceError as error:
        yield Problem(at, str(error))


def _found(at: At, binder: Binder, place: Place) -> Iterator[Problem]:
    try:
        missing = binder.read(place) is MISSING
    except PlaceError as error:
        yield Problem(at, str(error))
        return
    if missing:
        yield Problem(at, f"{describe(place)}: nothing there")


def _read(binder: Binder, place: Place) -> object:
    """Return what a place says; `MISSING` also where there is no such place."""
    if not binder.objects.has(place.object):
        return MISSING
    try:
        return binder.read(place)
    except PlaceError:
        return MISSING
