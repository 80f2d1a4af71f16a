"""How a revision of a stack looks, and the list of all of them."""

from collections.abc import Sequence
from datetime import datetime

from stackctl.cli.report.rendering import (
    Document,
    Page,
    Rendering,
    change_document,
    document,
    known,
    versions_document,
)
from stackctl.cli.terminal.terminal import Cell, Paint, Row, measure, plain, shorten, table
from stackctl.model.objects.wording import span
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


def history_result(stack: StackId, found: Sequence[Revision], now: datetime) -> Rendering:
    """List the revisions of a stack."""
    return Rendering(
        document=lambda: history_document(stack, found),
        lines=lambda page: history_lines(found, now, page),
        names=lambda: [str(each.release.revision) for each in found],
    )


def history_lines(found: Sequence[Revision], now: datetime, page: Page) -> list[str]:
    """Write a line for each revision, oldest first."""
    if page.wide:
        return table(_WIDE, [_wide_row(each) for each in found], page.paint)
    rows = [_row(each, now) for each in found]
    before = [row[:-1] for row in (_HEADER, *rows)]
    room = page.width and max(page.width - sum(measure(before)) - _GAP * len(_HEADER[:-1]), _LEAST)
    cut = [(*row[:-1], shorten(str(row[-1]), room)) for row in rows]
    return table(_HEADER, cut, page.paint)


def history_document(stack: StackId, found: Sequence[Revision]) -> Document:
    """Describe every revision."""
    return document("History", stack=str(stack), items=[_document(each) for each in found])


def status_cell(release: Release) -> Cell:
    """Say how a revision ended, in its colour."""
    style = "yellow" if release.word != release.status else _STYLES.get(release.status, "yellow")
    return Cell(release.word, (style,))


def _row(each: Revision, now: datetime) -> Row:
    release = each.release
    return (
        str(release.revision),
        status_cell(release),
        ago(release.finished or release.begun, now),
        release.by,
        release.profile,
        _changed(each),
    )


def _wide_row(each: Revision) -> Row:
    release = each.release
    return (
        str(release.revision),
        status_cell(release),
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
    verb, revision, *_ = [*release.command.split(), "", ""]
    back = f"back to {revision}: " if verb == "rollback" else ""
    said = release.message.removeprefix(f"stack {release.stack}: ")
    message = f"; {plain(said)}" if said else ""
    whose = f" of {', '.join(release.lost)}" if release.lost else ""
    gone = "" if release.restorable else f"not restorable, the objects{whose} are lost; "
    return f"{plain(gone)}{back}{each.summary}{message}"


def _document(each: Revision) -> Document:
    release = each.release
    user, _, host = release.by.partition("@")
    changes = {
        "components": [change_document(change) for change in each.versions],
        "added": each.added,
        "changed": each.changed,
        "removed": each.removed,
        "setBack": each.set_back,
        "perhaps": each.perhaps,
    }
    return known(
        **_revision(release),
        user=user,
        host=host,
        command=release.command,
        restorable=release.restorable,
        summary=each.summary,
        changes=changes if each.previous is not None or each.first else None,
    )


def release_text(release: Release, now: datetime, paint: Paint) -> str:
    """Say which revision this is, how it ended, when and by whom."""
    style = "green" if release.status is ReleaseStatus.DEPLOYED else "yellow"
    when = ago(release.finished or release.begun, now)
    return f"revision {release.revision} {paint(release.word, style)} {when} by {plain(release.by)}"


def ago(time: str, now: datetime) -> str:
    """Say how long ago a moment was."""
    try:
        passed = (now - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return f"at {plain(time)}"
    return f"{span(max(passed, 0))} ago"


def release_document(release: Release) -> Document:
    """Describe a revision in a word about each of its sides."""
    return {
        "stack": str(release.stack),
        "clusterUID": release.cluster,
        **_revision(release),
    }


def _revision(release: Release) -> Document:
    return known(
        revision=release.revision,
        status=release.status.value,
        profile=release.profile,
        components=versions_document(release.components),
        sets=shown(release.sets),
        bundle=release.bundle,
        by=release.by,
        tool=release.tool,
        sources=[{"folder": each.folder, "digest": each.digest} for each in release.sources],
        begun=release.begun,
        finished=release.finished or None,
        message=release.message or None,
        objects=len(release.inventory),
    )
