"""How the list of the stacks on a cluster looks."""

from collections.abc import Sequence
from datetime import datetime

from stackctl.cli.report.history import ago, release_document, status_cell
from stackctl.cli.report.plan import target_document
from stackctl.cli.report.rendering import Document, Page, Rendering, document
from stackctl.cli.terminal.terminal import Cell, Row, plain, table, wrap
from stackctl.model.run.outcome import StackSummary, TargetInfo

_HEADER = ("STACK", "PROFILE", "REVISION", "STATUS", "AGE")


def stacks_result(found: Sequence[StackSummary], target: TargetInfo, now: datetime) -> Rendering:
    """List the stacks on a cluster."""
    return Rendering(
        document=lambda: document(
            "StackList",
            target=target_document(target),
            items=[_document(each) for each in found],
        ),
        lines=lambda page: stacks_lines(found, now, page),
        names=lambda: [str(each.stack) for each in found],
    )


def stacks_lines(found: Sequence[StackSummary], now: datetime, page: Page) -> list[str]:
    """Write a line for each stack, and below it what is wrong with it."""
    header, *rows = table(_HEADER, [_row(each, now) for each in found], page.paint) or [""]
    lines = [header] if header else []
    for line, each in zip(rows, found, strict=True):
        lines.append(line)
        if each.message:
            lines += [
                f"    {part}" for part in wrap(plain(each.message), page.width and page.width - 4)
            ]
    return lines


def _row(each: StackSummary, now: datetime) -> Row:
    release = each.release
    if release is None:
        return (str(each.stack), "-", str(each.revision or "-"), Cell("unreadable", ("red",)), "-")
    status = Cell("a run is on", ("yellow",)) if each.running else status_cell(release)
    when = ago(release.finished or release.begun, now).removesuffix(" ago")
    return (str(each.stack), release.profile, str(each.revision), status, when)


def _document(each: StackSummary) -> Document:
    return {
        "stack": str(each.stack),
        "recordNamespace": each.stack.namespace,
        "revision": each.revision,
        "release": release_document(each.release) if each.release else None,
        "running": each.running,
        "well": each.well,
        "message": each.message,
    }
