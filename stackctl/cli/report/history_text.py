"""How the revisions of a stack look, as a table and as a document."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stackctl.cli.report.status_text import ago
from stackctl.cli.terminal.terminal import Cell, Paint, Row, measure, plain, shorten, table
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.history import Revision
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.model.resolve.overrides import shown

_HEADER = ("REVISION", "STATUS", "WHEN", "BY", "PROFILE", "CHANGED")
_WIDE = ("REVISION", "STATUS", "BEGUN", "FINISHED", "BY", "TOOL", "PROFILE", "COMMAND", "CHANGED")
_GAP = 2
_LEAST = 20  # columns for what changed, however narrow the terminal
_STYLES = {
    ReleaseStatus.DEPLOYED: "green",
    ReleaseStatus.SUPERSEDED: "dim",
    ReleaseStatus.FAILED: "red",
}


def _status(release: Release) -> Cell:
    style = "yellow" if release.word != release.status else _STYLES.get(release.status, "yellow")
    return Cell(release.word, (style,))


def history_lines(
    found: Sequence[Revision], now: datetime, paint: Paint, *, width: int | None, wide: bool
) -> list[str]:
    """Write a line for each revision, oldest first."""
    if wide:
        return table(_WIDE, [_wide_row(each) for each in found], paint)
    rows = [_row(each, now) for each in found]
    before = [row[:-1] for row in (_HEADER, *rows)]
    room = width and max(width - sum(measure(before)) - _GAP * len(_HEADER[:-1]), _LEAST)
    cut = [(*row[:-1], shorten(str(row[-1]), room)) for row in rows]
    return table(_HEADER, cut, paint)


def history_document(stack: StackId, found: Sequence[Revision]) -> dict[str, Any]:
    """Describe every revision."""
    return {
        "apiVersion": "stackctl.dev/v1alpha1",
        "kind": "History",
        "stack": str(stack),
        "revisions": [_document(each) for each in found],
    }


def _row(each: Revision, now: datetime) -> Row:
    release = each.release
    return (
        str(release.revision),
        _status(release),
        ago(release.finished or release.begun, now),
        release.by,
        release.profile,
        _changed(each),
    )


def _wide_row(each: Revision) -> Row:
    release = each.release
    return (
        str(release.revision),
        _status(release),
        release.begun,
        release.finished or "-",
        release.by,
        release.tool,
        release.profile,
        release.command or "-",
        _changed(each),
    )


def _changed(each: Revision) -> str:
    release = each.release
    verb, _, revision = release.command.partition(" ")
    back = f"back to {revision}: " if verb == "rollback" else ""
    said = release.message.removeprefix(f"stack {release.stack}: ")
    message = f"; {plain(said)}" if said else ""
    whose = f" of {', '.join(release.lost)}" if release.lost else ""
    gone = "" if release.restorable else f"not restorable, the objects{whose} are lost; "
    return f"{plain(gone)}{back}{each.summary}{message}"


def _document(each: Revision) -> dict[str, Any]:
    release = each.release
    user, _, host = release.by.partition("@")
    known = each.previous is not None or each.first
    return {
        "revision": release.revision,
        "status": release.status.value,
        "begun": release.begun,
        "finished": release.finished,
        "by": release.by,
        "user": user,
        "host": host,
        "command": release.command,
        "tool": release.tool,
        "profile": release.profile,
        "bundle": release.bundle,
        "message": release.message,
        "restorable": release.restorable,
        "components": dict(release.components),
        "sets": shown(release.sets),
        "objects": len(release.inventory),
        "summary": each.summary,
        "changes": {
            "components": [
                {"name": change.component, "before": change.before, "after": change.after}
                for change in each.versions
            ],
            "added": each.added,
            "changed": each.changed,
            "removed": each.removed,
            "perhaps": each.perhaps,
        }
        if known
        else None,
    }
