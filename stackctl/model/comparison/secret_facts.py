"""Which facts are secret: contents of Secrets, secret settings, and what is called like one.

The values are hidden on both sides: a chart's own at such a place may be a user's.
"""

from collections.abc import Iterable

from stackctl.model.catalogue.component import Place
from stackctl.model.comparison.facts import Aspect, ComparedUnit, Fact
from stackctl.secrets import secretive


def is_secret(unit: ComparedUnit, fact: Fact, places: Iterable[Place]) -> bool:
    """Tell what is not to be shown of a unit of ours; `places` are those of secret settings."""
    return unit.secret or _is_called_so(fact) or any(_stands_at(unit, fact, p) for p in places)


def _is_called_so(fact: Fact) -> bool:
    """Tell values that are called like secrets, written out where they should not be."""
    told = fact.aspect in (Aspect.ENVIRONMENT, Aspect.FLAG)
    return told and secretive(_name(fact).lstrip("-"))


def _stands_at(unit: ComparedUnit, fact: Fact, place: Place) -> bool:
    kind, _, name = place.object.partition("/")
    if (kind.partition(".")[0], name.rpartition("/")[2]) != (unit.kind, unit.name):
        return False
    if place.env:
        return fact.aspect is Aspect.ENVIRONMENT and _name(fact) == place.env
    if place.arg:
        return fact.aspect is Aspect.FLAG and _name(fact).lstrip("-") == place.arg.lstrip("-")
    if place.key:
        return fact.aspect is Aspect.CONTENT and fact.what == place.key
    return f"{fact.what}.".startswith((f"{place.path}.", f"{place.path}["))


def _name(fact: Fact) -> str:
    return fact.what.rpartition(": ")[2]
