"""What component.yaml leaves to chance, though every place in it is there."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from stackctl.model.catalogue.component import ComponentSpec, Place
from stackctl.model.catalogue.lint_rules import LintRule
from stackctl.model.compose.bind import describe
from stackctl.model.compose.object_set import Objects
from stackctl.model.lint.finding import LintFinding
from stackctl.model.lint.pods import unpinned
from stackctl.model.objects import paths
from stackctl.model.objects.paths import Match, Path
from stackctl.model.objects.refs import Ref


class _Bound(NamedTuple):
    """A place of a parameter, and which object it is in."""

    parameter: str
    at: Path
    place: Place
    ref: Ref
    path: Path


def declaration_findings(spec: ComponentSpec, variants: Sequence[Objects]) -> Iterator[LintFinding]:
    """Yield what is to be said about component.yaml; `variants` are with and without features."""
    bound = list(_bound(spec, variants))
    for one, other in combinations(bound, 2):
        if one.parameter != other.parameter and _meet(one, other):
            what = f"{other.parameter} writes to the same place as {one.parameter}: "
            yield LintFinding(LintRule.SHARED_PLACE, other.at, what + describe(one.place))
    for each in bound:
        if not each.place.key and _counts(variants, each):
            what = f"{each.place.path} counts the elements of a list that have names: [name=…]"
            yield LintFinding(LintRule.PLACE_BY_POSITION, each.at, what)
    for index, image in enumerate(spec.images or ()):
        if (image.places or image.tagPlaces) and (why := unpinned(image.reference)):
            yield LintFinding(LintRule.UNPINNED_IMAGE, ("spec", "images", index), why)


def _bound(spec: ComponentSpec, variants: Sequence[Objects]) -> Iterator[_Bound]:
    for name, parameter in spec.parameters.items():
        for index, place in enumerate(parameter.places):
            holder = next((each for each in variants if each.has(place.object)), None)
            if holder is not None and not place.each and not place.absent:
                path = paths.parse(place.path) if place.path else ()
                at = ("spec", "parameters", name, "places", index)
                yield _Bound(name, at, place, holder.find(place.object), path)


def _meet(one: _Bound, other: _Bound) -> bool:
    """Tell whether two places are one, or one is inside the other."""
    if one.ref != other.ref or _kept_apart(one.place, other.place):
        return False
    if _way(one.place) != _way(other.place):
        return False
    shorter = min(len(one.path), len(other.path))
    return list(map(str, one.path[:shorter])) == list(map(str, other.path[:shorter]))


def _kept_apart(one: Place, other: Place) -> bool:
    """Tell whether they are in layers that need not be there together."""
    return bool(one.feature and other.feature and one.feature != other.feature)


def _way(place: Place) -> tuple[str, str, str, str]:
    return place.container if place.arg or place.env else "", place.arg, place.env, place.key


def _counts(variants: Sequence[Objects], bound: _Bound) -> bool:
    """Tell whether a path says which element of a list by its number, though they have names."""
    holder = next(each for each in variants if bound.ref in each)
    value = holder[bound.ref]
    for index, step in enumerate(bound.path):
        inside = paths.get(value, bound.path[:index], None)
        named = isinstance(inside, list) and bool(inside) and all(map(_has_name, inside))
        if named and not isinstance(step, Match):
            return True
    return False


def _has_name(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str)
