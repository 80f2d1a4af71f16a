"""How the state of a stack looks as text.

What the state is comes as a value; the clock comes as an argument.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from stackctl.cli.board import elapsed
from stackctl.cli.report_diff import drift_text
from stackctl.cli.report_plan import target_line
from stackctl.cli.terminal import Cell, Paint, Row, measure, plain, shorten, table
from stackctl.model.outcome import ComponentStatus, Gpus, ObjectStatus, StackStatus, Status
from stackctl.model.release import Release, ReleaseStatus

STYLES = {
    Status.CURRENT: "green",
    Status.IN_PROGRESS: "yellow",
    Status.FAILED: "red",
    Status.TERMINATING: "magenta",
    Status.NOT_FOUND: "red",
    Status.UNKNOWN: "yellow",
}
_HEADER = ("COMPONENT", "VERSION", "NAMESPACE", "READY", "STATUS")
_GAP = 2
_ROOM_FOR_MESSAGE = 30  # columns below which messages go under the table's lines
_DAY = 86400
_MOST_OBJECTS = 5


def status_lines(
    status: StackStatus, now: datetime, paint: Paint, *, width: int | None, verbose: bool = False
) -> list[str]:
    """Write the state of a stack: header, a line for each component, GPUs, drift."""
    return [
        *_header(status, now, paint),
        "",
        *_components(status.components, paint, width),
        *_section(_objects(status, paint, verbose)),
        *_section(gpu_lines(status.gpus, paint)),
        *_section(_drift(status, paint)),
    ]


def _section(lines: Sequence[str]) -> list[str]:
    return ["", *lines] if lines else []


def _header(status: StackStatus, now: datetime, paint: Paint) -> list[str]:
    release = status.release
    lines = [
        f"stack {paint(release.stack, 'bold')} · profile {paint(release.profile, 'bold')} · "
        f"{release_text(release, now, paint)}",
        target_line(status.target, paint),
    ]
    if release.message:
        lines.append(paint(plain(release.message), "yellow"))
    if status.locked_by:
        lines.append(paint(f"a run is on: {plain(status.locked_by)}", "yellow"))
    return lines


def release_text(release: Release, now: datetime, paint: Paint) -> str:
    """Say which revision this is, how it ended, when and by whom."""
    style = "green" if release.status is ReleaseStatus.DEPLOYED else "yellow"
    when = ago(release.finished or release.begun, now)
    return (
        f"revision {release.revision} {paint(release.status, style)} {when} by {plain(release.by)}"
    )


def ago(time: str, now: datetime) -> str:
    """Say how long ago a moment was."""
    try:
        span = (now - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return f"at {plain(time)}"
    if span < _DAY:
        return f"{elapsed(max(span, 0))} ago"
    return f"{int(span // _DAY)}d ago"


def _components(
    components: Sequence[ComponentStatus], paint: Paint, width: int | None
) -> list[str]:
    rows = [_row(part) for part in components]
    used = sum(measure([_HEADER, *rows])) + len(_HEADER) * _GAP
    beside = width is None or width - used >= _ROOM_FOR_MESSAGE
    if not any(part.message for part in components):
        return table(_HEADER, rows, paint)
    if beside:
        room = None if width is None else width - used
        full = [
            [*row, shorten(plain(part.message), room)]
            for row, part in zip(rows, components, strict=True)
        ]
        return table((*_HEADER, "MESSAGE"), full, paint)
    return list(_messages_below(table(_HEADER, rows, paint), components, paint, width))


def _messages_below(
    lines: Sequence[str], components: Sequence[ComponentStatus], paint: Paint, width: int | None
) -> Iterable[str]:
    yield lines[0]
    for line, part in zip(lines[1:], components, strict=True):
        yield line
        if part.message:
            room = None if width is None else width - 4
            yield "    " + paint(shorten(plain(part.message), room), "dim")


def _row(part: ComponentStatus) -> Row:
    return (
        part.name,
        part.version,
        part.namespace,
        f"{part.ready}/{part.total}",
        Cell(part.status, (STYLES[part.status],)),
    )


def _objects(status: StackStatus, paint: Paint, verbose: bool) -> list[str]:
    lines = []
    for part in status.components:
        troubled = [item for item in part.objects if verbose or item.status is not Status.CURRENT]
        shown = troubled if verbose else troubled[:_MOST_OBJECTS]
        lines += [_object(item, paint) for item in shown]
        if len(troubled) > len(shown):
            lines.append(f"  and {len(troubled) - len(shown)} more of {part.name} (-v shows all)")
    return lines


def _object(item: ObjectStatus, paint: Paint) -> str:
    message = f": {plain(item.message)}" if item.message else ""
    return f"  {paint(item.status, STYLES[item.status])} {plain(str(item.ref))}{message}"


def gpu_lines(gpus: Sequence[Gpus], paint: Paint) -> list[str]:
    """Say how many GPUs the nodes offer, and how many they should."""
    return [line for each in gpus for line in _gpus(each, paint)]


def _gpus(gpus: Gpus, paint: Paint) -> Iterable[str]:
    having = {name: count for name, count in gpus.nodes.items() if count}
    style = "green" if gpus.allocatable >= gpus.expected else "yellow"
    nodes = f"{len(having)} node{'' if len(having) == 1 else 's'}"
    each = ", ".join(f"{plain(name)} {count}" for name, count in gpus.nodes.items())
    count = paint(f"{gpus.allocatable}/{gpus.expected}", style, "bold")
    yield f"GPUs  {count} {plain(gpus.resource)} on {nodes}{f': {each}' if each else ''}"


def _drift(status: StackStatus, paint: Paint) -> list[str]:
    return [
        f"{paint('drift', 'magenta')} {plain(str(item.ref))}: {drift_text(drift)}"
        for part in status.components
        for item in part.objects
        for drift in item.drift
    ]
