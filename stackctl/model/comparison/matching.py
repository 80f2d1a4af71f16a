"""Which unit of one side is which of the other: by name, by role, by what they contain.

Nothing is taken for the same silently: each pair says by what it was found, and where two fit as
well as each other, none is taken.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stackctl.model.comparison.facts import ComparedUnit, Fact

_ALIKE = 0.3  # of what both say together


@dataclass(frozen=True, slots=True)
class MatchedPair:
    """Two units that are the same thing, and by what that is known."""

    ours: ComparedUnit
    chart: ComparedUnit
    by: str


@dataclass(frozen=True, slots=True)
class Matched:
    """Every unit of both sides."""

    pairs: tuple[MatchedPair, ...]
    only_ours: tuple[ComparedUnit, ...]
    only_chart: tuple[ComparedUnit, ...]


def matched(
    ours: Sequence[ComparedUnit], chart: Sequence[ComparedUnit], prefixes: Iterable[str]
) -> Matched:
    """MatchedPair the units of two sides; `prefixes` are what names on either may begin with."""
    heads = sorted({*prefixes}, key=len, reverse=True)
    pairs: list[MatchedPair] = []
    left, right = list(ours), list(chart)

    def take(by: str, key: Callable[[ComparedUnit], str]) -> None:
        for one, other in _unique(left, right, key):
            pairs.append(MatchedPair(one, other, by))
            left.remove(one)
            right.remove(other)

    take("the same name", lambda unit: f"{unit.space}/{unit.name}")
    take("the same name in another namespace", lambda unit: unit.name)
    take("the same name but for its beginning", lambda unit: _role(unit.name, heads))
    for one, other, share in _alike(left, right):
        pairs.append(MatchedPair(one, other, f"{share:.0%} of what they say is the same"))
        left.remove(one)
        right.remove(other)
    alone = _alone(ours) & _alone(chart)
    for one in [each for each in left if each.sort in alone]:
        for other in [each for each in right if each.sort == one.sort]:
            pairs.append(MatchedPair(one, other, "the only ones of their kind"))
            left.remove(one)
            right.remove(other)
    order = {id(unit): index for index, unit in enumerate(ours)}
    pairs.sort(key=lambda pair: order[id(pair.ours)])
    return Matched(tuple(pairs), tuple(left), tuple(right))


def _unique(
    left: Sequence[ComparedUnit], right: Sequence[ComparedUnit], key: Callable[[ComparedUnit], str]
) -> list[tuple[ComparedUnit, ComparedUnit]]:
    """MatchedPair what has a key that nothing else of its sort has on either side."""
    found = []
    for one in left:
        same = [each for each in left if (each.sort, key(each)) == (one.sort, key(one))]
        other = [each for each in right if (each.sort, key(each)) == (one.sort, key(one))]
        if len(same) == len(other) == 1:
            found.append((one, other[0]))
    return found


def _role(name: str, heads: Iterable[str]) -> str:
    """Take off what an author puts before all names."""
    for head in heads:
        if name == head:
            return ""
        if name.startswith(f"{head}-"):
            return name.removeprefix(f"{head}-")
    return name


def _alike(
    left: Sequence[ComparedUnit], right: Sequence[ComparedUnit]
) -> list[tuple[ComparedUnit, ComparedUnit, float]]:
    """MatchedPair what says the most of the same; not where two are as good as each other."""
    scores = [
        (share, one, other)
        for one in left
        for other in right
        if one.sort == other.sort and (share := _share(one, other)) >= _ALIKE
    ]
    found = []
    while scores:
        best = max(share for share, *_ in scores)
        first = [(one, other) for share, one, other in scores if share == best]
        gone: list[ComparedUnit] = []
        for one, other in first:
            rivals = [each for each in first if each[0] is one or each[1] is other]
            if len(rivals) == 1:
                found.append((one, other, best))
            gone += (one, other)
        scores = [
            each
            for each in scores
            if each[0] != best and not any(each[1] is unit or each[2] is unit for unit in gone)
        ]
    return found


def _share(one: ComparedUnit, other: ComparedUnit) -> float:
    first: set[tuple[Fact, str]] = {*one.facts.items()}
    second: set[tuple[Fact, str]] = {*other.facts.items()}
    both = first | second
    return len(first & second) / len(both) if both else 0.0


def _alone(units: Iterable[ComparedUnit]) -> frozenset[str]:
    sorts = [each.sort for each in units]
    return frozenset(sort for sort in sorts if sorts.count(sort) == 1)
