"""What component.yaml says, checked by itself: names that must exist, values that must fit.

Whether the manifests agree with it is `check`'s part.
"""

import re
from collections.abc import Iterator

from stackctl.model.catalogue.attributes import attribute_problems, wire_problems
from stackctl.model.catalogue.component import (
    Component,
    ComponentSpec,
    Manifests,
    Parameter,
    ParameterType,
    Place,
)
from stackctl.model.catalogue.parameters import NAMESPACE, bounded, checked, larger, text_of
from stackctl.model.catalogue.source import source_problems
from stackctl.model.objects.paths import PathError, parse
from stackctl.model.shapes.decode import Problem
from stackctl.model.shapes.patterns import PatternError, compiled
from stackctl.model.shapes.ready_rules import rule_problems
from stackctl.model.shapes.suggest import did_you_mean

At = tuple[str | int, ...]


def declaration_problems(component: Component, manifests: Manifests) -> Iterator[Problem]:
    """Check names and values that need nothing but the names of the folders."""
    spec = component.spec
    for name, parameter in spec.parameters.items():
        at: At = ("spec", "parameters", name)
        yield from _parameter_problems(at, parameter)
        yield from wire_problems((*at, "from"), parameter)
        yield from _secret_problems(at, parameter)
        if parameter.atMost:
            yield from _at_most(spec, (*at, "atMost"), parameter)
        yield from _home(spec, at, name, parameter)
        if parameter.keyPattern and parameter.type is not ParameterType.MAP:
            yield Problem((*at, "keyPattern"), "only a map has keys")
        for index, place in enumerate(parameter.places):
            yield from _place_shape(spec, (*at, "places", index), place)
            yield from _place_values((*at, "places", index), parameter, place)
            yield from _part_shape((*at, "places", index), place, parameter)
    yield from attribute_problems(spec)
    yield from _sources(spec)
    yield from _features(spec, manifests)
    yield from _repeats(spec, manifests)
    for index, probe in enumerate(spec.ready):
        if bool(probe.allocatable) == bool(probe.accepts):
            yield Problem(("spec", "ready", index), "expected one of allocatable and accepts")
    for problem in rule_problems(spec.readyWhen):
        yield Problem(("spec", "readyWhen", *problem.at), problem.what)


def _secret_problems(at: At, parameter: Parameter) -> Iterator[Problem]:
    """Check that a secret is kept in Secrets, and one that is generated in a key of its own."""
    if parameter.type is not ParameterType.SECRET:
        if parameter.generate:
            yield Problem((*at, "generate"), "only a parameter of type secret is generated")
        return
    if parameter.default is not None:
        yield Problem((*at, "default"), "a secret has no default: it would be known to everybody")
    if parameter.generate and parameter.from_:
        yield Problem((*at, "generate"), "it comes from elsewhere already: from")
    for index, place in enumerate(parameter.places):
        kind = place.object.partition("/")[0].partition(".")[0]
        whole = re.fullmatch(r'data(\.[\w-]+|\["[^"]+"\])', place.path)
        if kind != "Secret" or not (place.key or whole):
            what = "a secret is kept in a Secret: path data.KEY, or key and the path in a document"
            yield Problem((*at, "places", index), what)
    if parameter.generate and all(place.key for place in parameter.places):
        yield Problem(at, "what is generated has a key of its own in a Secret: path: data.KEY")


def _at_most(spec: ComponentSpec, at: At, parameter: Parameter) -> Iterator[Problem]:
    """Check that a bound is another parameter that can be compared, and that the defaults agree."""
    name = parameter.atMost
    if (other := spec.parameters.get(name)) is None:
        yield Problem(at, f"no parameter is called {name}{did_you_mean(name, spec.parameters)}")
    elif other.type is not parameter.type or not bounded(parameter.type):
        yield Problem(at, f"{parameter.type} and {other.type} cannot be compared")
    elif None not in (parameter.default, other.default):
        try:
            more = larger(parameter.type, parameter.default, other.default)
        except (TypeError, ValueError):
            return  # what is wrong with a default is said there
        if more:
            yield Problem(at, f"the default is more than that of {name}, {other.default}")


def _home(spec: ComponentSpec, at: At, name: str, parameter: Parameter) -> Iterator[Problem]:
    if name == NAMESPACE and parameter.default != spec.namespace:
        yield Problem((*at, "default"), f"expected spec.namespace, {spec.namespace}")
    if not parameter.places and name != NAMESPACE and name not in spec.each:
        yield Problem(at, "the parameter has no place, it would change nothing")


def _place_shape(spec: ComponentSpec, at: At, place: Place) -> Iterator[Problem]:
    if place.values:
        yield from _values_shape(spec, at, place)
        return
    if not place.object:
        yield Problem(at, "object is missing")
    if place.absent:
        if place != Place(object=place.object, absent=place.absent):
            yield Problem((*at, "absent"), "it leaves the whole object out: say the object alone")
        return
    ways = [way for way in ("path", "arg", "env") if getattr(place, way)]
    if len(ways) != 1:
        yield Problem(at, f"expected one of path, arg and env, found {len(ways)}")
    if place.key and not place.path:
        yield Problem(at, "key opens a document: a path inside it is missing")
    if place.feature and place.feature not in spec.features:
        known = did_you_mean(place.feature, spec.features)
        yield Problem((*at, "feature"), f"no feature is called {place.feature}{known}")
    if place.each and place.each not in spec.each:
        known = did_you_mean(place.each, spec.each)
        yield Problem((*at, "each"), f"nothing is repeated over {place.each}{known}")


def _place_values(at: At, parameter: Parameter, place: Place) -> Iterator[Problem]:
    """Check that a place speaks of values that the parameter can have."""
    for key, values in (("as", place.as_), ("absent", place.absent)):
        if values and not parameter.enum:
            yield Problem((*at, key), "only for a parameter that lists its values: enum")
            continue
        known = [text_of(each) for each in parameter.enum]
        for value in values:
            if value not in known:
                yield Problem((*at, key), f"no value is {value}{did_you_mean(value, known)}")


def _part_shape(at: At, place: Place, parameter: Parameter | None) -> Iterator[Problem]:
    if place.part and parameter and parameter.type is not ParameterType.MAP:
        yield Problem((*at, "part"), "only a map has keys and values")


def _values_shape(spec: ComponentSpec, at: At, place: Place) -> Iterator[Problem]:
    if place != Place(values=place.values):
        yield Problem(at, "a place in the values of a chart is said by values alone")
    followed = spec.source is None and spec.upstream is not None and spec.upstream.chart
    if not followed and (spec.source is None or spec.source.chart is None):
        what = "the component has no chart: spec.source.chart, or spec.upstream.chart"
        yield Problem((*at, "values"), what)
    try:
        keys = parse(place.values)
    except PathError as error:
        yield Problem((*at, "values"), str(error))
        return
    if not all(isinstance(key, str) for key in keys):
        yield Problem((*at, "values"), "expected keys alone: lists of values are set as a whole")


def _sources(spec: ComponentSpec) -> Iterator[Problem]:
    if spec.source is None:
        return
    for problem in source_problems(spec.source):
        yield Problem(("spec", "source", *problem.at), problem.what)
    if spec.namespacePlaces:
        what = "beside a source they say nothing: it is rendered in the namespace it goes to"
        yield Problem(("spec", "namespacePlaces"), what)


def _features(spec: ComponentSpec, manifests: Manifests) -> Iterator[Problem]:
    for name, feature in spec.features.items():
        for key in ("requires", "conflicts"):
            for other in getattr(feature, key):
                if other not in spec.features:
                    known = did_you_mean(other, spec.features)
                    what = f"no feature is called {other}{known}"
                    yield Problem(("spec", "features", name, key), what)
    for name in sorted({*manifests.features, *manifests.patches}):
        if name not in spec.features:
            known = did_you_mean(name, spec.features)
            yield Problem(("spec", "features"), f"the folder features/{name} is no feature{known}")


def _repeats(spec: ComponentSpec, manifests: Manifests) -> Iterator[Problem]:
    for name in spec.each:
        parameter = spec.parameters.get(name)
        if parameter is None or parameter.type not in (ParameterType.LIST, ParameterType.MAP):
            yield Problem(("spec", "each", name), "expected the name of a list or map parameter")
        for index, place in enumerate(spec.each[name].places):
            yield from _part_shape(("spec", "each", name, "places", index), place, parameter)
        if name not in manifests.each:
            yield Problem(("spec", "each", name), f"the folder each/{name} is empty or missing")
    for name in manifests.each:
        if name not in spec.each:
            yield Problem(("spec", "each"), f"the folder each/{name} is not described")


def _parameter_problems(at: At, parameter: Parameter) -> Iterator[Problem]:
    """Check a parameter's default against its own bounds, and the bounds themselves."""
    for key in ("pattern", "keyPattern"):
        try:
            compiled(getattr(parameter, key))
        except PatternError as error:
            yield Problem((*at, key), str(error))
            return
    has_bounds = parameter.minimum is not None or parameter.maximum is not None
    if has_bounds and not bounded(parameter.type):
        yield Problem(at, f"minimum and maximum mean nothing for a {parameter.type}")
    if parameter.default is None:
        return
    try:
        checked(parameter, parameter.default)
    except ValueError as error:
        yield Problem((*at, "default"), str(error))
