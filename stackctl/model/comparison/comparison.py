"""Our manifests beside a chart: what is the same thing, and what of it is said otherwise."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stackctl.model.catalogue.component import Place
from stackctl.model.comparison.facts import Aspect, ComparedUnit, Fact
from stackctl.model.comparison.matching import Matched, MatchedPair, matched
from stackctl.model.comparison.schema_facts import OPEN
from stackctl.model.comparison.secret_facts import is_secret
from stackctl.model.comparison.units import units
from stackctl.model.objects.quantities import amount
from stackctl.model.objects.refs import Manifest
from stackctl.secrets import HIDDEN

_ACCOUNT = "ServiceAccount"


@dataclass(frozen=True, slots=True)
class MeaningDifference:
    """What two things that are the same say otherwise; None where one says nothing."""

    pair: MatchedPair
    fact: Fact
    ours: str | None
    chart: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was matched with what, and what differs."""

    matched: Matched
    differences: tuple[MeaningDifference, ...]

    @property
    def same(self) -> bool:
        """Whether both mean the same."""
        return not (self.differences or self.matched.only_ours or self.matched.only_chart)


def compare(
    ours: Sequence[Manifest],
    chart: Sequence[Manifest],
    prefixes: Iterable[str],
    secret: Sequence[Place] = (),
) -> Comparison:
    """Compare the objects of two sides; names of the chart's that were matched count as ours.

    `secret` are the places of secret settings: what stands there is not shown.
    """
    mine, theirs = units(ours), units(chart)
    first = matched(mine, theirs, prefixes)
    names = Names.of(first.pairs)
    again = units([names.ours(each) for each in chart])
    first = _with_facts(first, theirs, again)
    found = tuple(each for pair in first.pairs for each in _differences(pair, secret))
    return Comparison(first, found)


def _with_facts(
    found: Matched, before: Sequence[ComparedUnit], after: Sequence[ComparedUnit]
) -> Matched:
    """Give the chart's units what they say once matched names are ours."""
    facts = {id(old): new.facts for old, new in zip(before, after, strict=True)}
    pairs = (
        replace(pair, chart=replace(pair.chart, facts=facts[id(pair.chart)]))
        for pair in found.pairs
    )
    return replace(found, pairs=tuple(pairs))


@dataclass(frozen=True, slots=True)
class Names:
    """What the chart's things are called on our side, where that is known and not the same."""

    accounts: Mapping[str, str]
    others: Mapping[str, str]  # those that are called one thing, whatever their kind

    @classmethod
    def of(cls, pairs: Iterable[MatchedPair]) -> "Names":
        """Take the names of pairs."""
        accounts: dict[str, str] = {}
        others: dict[str, set[str]] = {}
        for pair in pairs:
            if pair.ours.kind == _ACCOUNT:
                accounts[pair.chart.name] = pair.ours.name
            else:
                others.setdefault(pair.chart.name, set()).add(pair.ours.name)
        agreed = {old: new for old, (new, *more) in others.items() if not more and old != new}
        return cls(accounts, agreed)

    def ours(self, manifest: Manifest) -> Manifest:
        """Write names as ours where objects refer to each other; its own name stays.

        That of an account changes, for its rights are found by it.
        """
        kind = manifest["kind"]
        if kind == _ACCOUNT:
            metadata = manifest["metadata"]
            name = self.accounts.get(metadata["name"], metadata["name"])
            return manifest | {"metadata": metadata | {"name": name}}
        if kind in ("RoleBinding", "ClusterRoleBinding"):
            subjects = [self._subject(each) for each in manifest.get("subjects") or ()]
            return manifest | {"subjects": subjects}
        head = ("apiVersion", "kind", "metadata")
        return {key: each if key in head else self._walk(each) for key, each in manifest.items()}

    def _subject(self, subject: Any) -> Any:
        if not isinstance(subject, dict) or subject.get("kind") != _ACCOUNT:
            return subject
        return subject | {"name": self.accounts.get(subject["name"], subject["name"])}

    def _walk(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._of(key, each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._walk(each) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _of(self, key: str, value: Any) -> Any:
        if key == "image":
            return value
        if key == "serviceAccountName":
            return self.accounts.get(value, value)
        return self._walk(value)

    def _text(self, value: str) -> str:
        if not self.others:
            return value
        words = "|".join(map(re.escape, sorted(self.others, key=len, reverse=True)))
        pattern = rf"(?<![\w.-])({words})(?![\w-])"
        return re.sub(pattern, lambda match: self.others[match[1]], value)


def _differences(pair: MatchedPair, secret: Sequence[Place]) -> Iterator[MeaningDifference]:
    ours, chart = pair.ours.facts, pair.chart.facts
    told: list[str] = []  # fields that one side lacks, or leaves open, with all that is in them
    for fact in sorted({*ours, *chart}):
        one, other = ours.get(fact), chart.get(fact)
        inner = fact.aspect is Aspect.SCHEMA and any(map(fact.what.startswith, told))
        if not inner and not _same(fact, one, other):
            if fact.aspect is Aspect.SCHEMA and _settles(one, other):
                told += [f"{fact.what}{mark}" for mark in (".", "[", "{")]
            hidden = is_secret(pair.ours, fact, secret)
            shown = [HIDDEN if hidden and each is not None else each for each in (one, other)]
            yield MeaningDifference(pair, fact, *shown)


def _same(fact: Fact, one: str | None, other: str | None) -> bool:
    if one == other:
        return True
    if fact.aspect is Aspect.RESOURCES and one is not None and other is not None:
        try:
            return amount(one) == amount(other)
        except ValueError:
            return False
    return False


def _settles(one: str | None, other: str | None) -> bool:
    """Tell where nothing more is to be said of what is in a field."""
    return any(side is None or OPEN in side.split(", ") for side in (one, other))
