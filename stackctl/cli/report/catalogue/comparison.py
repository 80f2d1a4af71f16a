"""How a component looks beside the chart that its manifests follow."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from stackctl.cli.report.rendering import Document, Page, Rendering, document, known
from stackctl.cli.terminal.terminal import plain
from stackctl.model.comparison.facts import Aspect
from stackctl.model.objects.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackctl.actions.compare import Compared
    from stackctl.model.comparison.comparison import MeaningDifference
    from stackctl.model.comparison.matching import MatchedPair

_MOST_FIELDS = 8  # of a definition, unless more is asked for
_LONGEST = 160


def comparison_result(found: Compared) -> Rendering:
    """Say what differs."""
    return Rendering(
        document=lambda: comparison_document(found), lines=lambda page: list(_lines(found, page))
    )


def _lines(found: Compared, page: Page) -> Iterator[str]:
    spec, comparison = found.component.spec, found.comparison
    program = f" of {plain(found.program)}" if found.program else ""
    chart = f"{plain(str(found.chart))}, version {plain(found.version)}{program}"
    yield f"{found.component.name} {spec.version} beside the chart {chart}"
    matched = comparison.matched
    yield ""
    yield "the same thing, and by what that is known:"
    for pair in matched.pairs:
        yield f"  {plain(_both(pair))}  {page.paint(plain(pair.by), 'dim')}"
    for _, group in groupby(comparison.differences, key=lambda each: id(each.pair)):
        yield ""
        yield from _of_pair(list(group), page)
    for title, units in (
        ("only ours has", matched.only_ours),
        ("only the chart has", matched.only_chart),
    ):
        if units:
            yield ""
            yield f"{title}:"
            yield from (f"  {plain(each.title)}" for each in units)
    yield ""
    yield _summary(found)


def _summary(found: Compared) -> str:
    comparison, matched = found.comparison, found.comparison.matched
    if comparison.same:
        return f"{len(matched.pairs)} matched: nothing differs"
    return (
        f"{len(matched.pairs)} matched, {counted(len(comparison.differences), 'difference')}; "
        f"{len(matched.only_ours)} only ours, {len(matched.only_chart)} only the chart's"
    )


def _both(pair: MatchedPair) -> str:
    same = pair.ours.title == pair.chart.title
    return pair.ours.title if same else f"{pair.ours.title} = {pair.chart.title}"


def _of_pair(differences: Sequence[MeaningDifference], page: Page) -> Iterator[str]:
    yield page.paint(plain(_both(differences[0].pair)), "bold")
    schemas = 0
    for each in differences:
        schemas += each.fact.aspect is Aspect.SCHEMA
        if each.fact.aspect is not Aspect.SCHEMA or schemas <= _MOST_FIELDS or page.verbose:
            yield from _difference(each, page)
    if schemas > _MOST_FIELDS and not page.verbose:
        yield page.paint(f"  and {schemas - _MOST_FIELDS} more fields: -v", "dim")


def _difference(each: MeaningDifference, page: Page) -> Iterator[str]:
    yield f"  {page.paint(each.fact.aspect.value, 'dim')} {plain(each.fact.what)}"
    yield f"    ours:  {_said(each.ours, page)}"
    yield f"    chart: {_said(each.chart, page)}"


def _said(text: str | None, page: Page) -> str:
    if text is None:
        return page.paint("nothing", "dim")
    line = " ".join(plain(text).split())
    long = len(line) > _LONGEST and not page.verbose
    return f"{line[:_LONGEST]}…" if long else line


def comparison_document(found: Compared) -> Document:
    """Describe what was matched with what, and everything that differs."""
    comparison, matched = found.comparison, found.comparison.matched
    return document(
        "ChartComparison",
        component=found.component.name,
        version=found.component.spec.version,
        chart=str(found.chart),
        chartVersion=found.version,
        appVersion=found.program,
        same=comparison.same,
        matched=[_titles(pair) | {"by": pair.by} for pair in matched.pairs],
        differences=[_described(each) for each in comparison.differences],
        onlyOurs=[each.title for each in matched.only_ours],
        onlyChart=[each.title for each in matched.only_chart],
    )


def _titles(pair: MatchedPair) -> Document:
    return {"ours": pair.ours.title, "chart": pair.chart.title}


def _described(each: MeaningDifference) -> Document:
    said = known(ours=each.ours, chart=each.chart)
    named = {"in": _titles(each.pair), "aspect": each.fact.aspect.value, "what": each.fact.what}
    return named | said
