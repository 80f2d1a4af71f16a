"""How findings look: one a line, as compilers write them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stackctl.cli.report.rendering import Document, Page, Rendering, document, known, ref_document
from stackctl.cli.terminal.terminal import plain
from stackctl.model.catalogue.lint_rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackctl.actions.lint import Linted, Remark

_STYLES = {Severity.ERROR: ("red", "bold"), Severity.WARNING: ("yellow",)}


def lint_result(found: Linted) -> Rendering:
    """Say what was found."""
    return Rendering(
        document=lambda: lint_document(found), lines=lambda page: list(_lines(found, page))
    )


def _lines(found: Linted, page: Page) -> Iterator[str]:
    for each in found.open:
        yield _line(each, page)
    if page.verbose:
        for each in found.remarks:
            if each.reason:
                yield page.paint(f"{_said(each)}: ignored: {plain(each.reason)}", "dim")
    counts = Counter(each.finding.rule.severity for each in found.open)
    words = [_counted(counts[each], each.value) for each in Severity if counts[each]]
    ignored = len(found.remarks) - len(found.open)
    words += [f"{ignored} ignored with a reason"] if ignored else []
    looked = _counted(len(found.components), "component")
    said = ", ".join(words) if found.open else ", ".join(["nothing found", *words])
    yield f"{looked}{_against(found.versions)}: {said}"
    for name in found.partly:
        yield f"{name} has a source: only what lies in its own folder was looked at"


def _against(versions: Sequence[int]) -> str:
    if not versions:
        return ", not against the schemas of Kubernetes"
    return f", against Kubernetes 1.{versions[0]} to 1.{versions[-1]}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _line(each: Remark, page: Page) -> str:
    severity = each.finding.rule.severity
    where, _, rest = _said(each).partition(": ")
    return f"{page.paint(where, 'bold')}: {page.paint(severity.value, *_STYLES[severity])}: {rest}"


def _said(each: Remark) -> str:
    """Say where, and what, and by which rule; names and paths are a stranger's."""
    found = each.finding
    subject = f"{found.object}: " if found.object else ""
    subject = f"in {found.layer}: {subject}" if found.layer else subject
    path = f"{found.where}: " if found.where else ""
    text = " ".join(plain(f"{subject}{path}{found.what}").split())
    return f"{plain(str(each.position))}: {text} [{found.rule.value}]"


def lint_document(found: Linted) -> Document:
    """Describe every finding, those with a reason included."""
    return document(
        "LintReport",
        components=list(found.components),
        kubernetes=[f"1.{minor}" for minor in found.versions],
        partly=list(found.partly),
        findings=[_finding(each) for each in found.remarks],
    )


def _finding(each: Remark) -> Document:
    found = each.finding
    return known(
        component=each.component,
        rule=found.rule.value,
        severity=found.rule.severity.value,
        file=each.position.file,
        line=each.position.line,
        object=ref_document(found.object) if found.object else None,
        path=found.where or None,
        layer=found.layer or None,
        message=found.what,
        reason=each.reason or None,
    )
