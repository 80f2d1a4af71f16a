"""How the review of an upgrade looks: versions, what has to be done by hand, what stands out."""

from collections.abc import Iterable

from stackctl.cli.report.rendering import Document, change_document
from stackctl.cli.terminal.terminal import Cell, Paint, Row, plain, section, table, wrap
from stackctl.model.plan.upgrades import Review, UpgradeStep, UpgradeVerdict
from stackctl.model.plan.warnings import WarningTopic
from stackctl.model.release.history import VersionChange

# The word that a warning begins with, and its colour.
_WORDS = {
    WarningTopic.VERSION: ("older", "yellow"),
    WarningTopic.DEFINITION: ("CRD", "yellow"),
    WarningTopic.API: ("API", "red"),
    WarningTopic.RECREATION: ("recreate", "red"),
    WarningTopic.LEAVING: ("leaves", "yellow"),
}


def review_lines(review: Review, paint: Paint, width: int | None = None) -> list[str]:
    """Write what to know before the plan; every part ends with an empty line."""
    return [
        *section([_head(review, paint)]),
        *section(_versions(review, paint)),
        *section(_passages(review, paint, width)),
        *section(_attention(review, paint, width)),
    ]


def _head(review: Review, paint: Paint) -> str:
    before, after = review.profiles
    profile = f"profile {paint(before, 'bold')}"
    if before != after:
        profile += f" → {paint(after, 'bold')}"
    return f"upgrade from revision {review.revision}, {profile}"


def _versions(review: Review, paint: Paint) -> list[str]:
    verdicts = {each.change.component: each.verdict for each in review.passages}
    rows = [_row(each, verdicts.get(each.component)) for each in review.versions]
    return table(("COMPONENT", "FROM", "TO", ""), rows, paint)


def _row(change: VersionChange, verdict: UpgradeVerdict | None) -> Row:
    if not change.before:
        return change.component, "-", Cell(change.after, ("green",)), "new"
    if not change.after:
        return change.component, change.before, "-", Cell("leaves", ("red",))
    if not change.changed:
        return change.component, change.before, change.after, ""
    note = Cell("needs a hand", ("yellow",)) if verdict is UpgradeVerdict.MANUAL else Cell("")
    return change.component, change.before, Cell(change.after, ("green",)), note


def _passages(review: Review, paint: Paint, width: int | None) -> Iterable[str]:
    for passage in review.passages:
        yield from _passage(passage, paint, width)


def _passage(passage: UpgradeStep, paint: Paint, width: int | None) -> Iterable[str]:
    for rule in passage.rules:
        by_hand = rule.verdict == UpgradeVerdict.MANUAL
        mark = paint("by hand", "yellow", "bold") if by_hand else paint("note", "cyan")
        yield from _wrapped(f"{mark}  {passage.change}: {plain(rule.reason)}", width)
        for step in rule.steps:
            yield from _wrapped(f"  - {plain(step)}", width)


def _attention(review: Review, paint: Paint, width: int | None) -> Iterable[str]:
    for each in review.attention:
        word = paint(*_WORDS[each.topic], "bold")
        yield from _wrapped(f"{word}  {plain(each.subject)}: {plain(each.message)}", width)


def _wrapped(text: str, width: int | None) -> list[str]:
    return wrap(text, width, indent="    ")


def review_document(review: Review) -> Document:
    """Describe what to know before an upgrade."""
    before, after = review.profiles
    return {
        "revision": review.revision,
        "profile": {"old": before, "new": after},
        "components": [change_document(each) for each in review.versions],
        "upgrades": [
            {
                "component": passage.change.component,
                "verdict": passage.verdict.value,
                "rules": [
                    {"verdict": rule.verdict, "reason": rule.reason, "steps": list(rule.steps)}
                    for rule in passage.rules
                ],
            }
            for passage in review.passages
        ],
        "attention": [
            {"topic": each.topic.value, "subject": each.subject, "message": each.message}
            for each in review.attention
        ],
    }
