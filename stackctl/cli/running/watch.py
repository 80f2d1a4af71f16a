"""Looks at a stack again and again until the user has seen enough."""

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate, takewhile

from stackctl.cli.report.rendering import Page
from stackctl.cli.report.report import Report
from stackctl.cli.report.status import ailments, headline, status_result
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.terminal import Paint, plain, shorten, visible
from stackctl.errors import UsageError
from stackctl.model.objects.wording import span
from stackctl.model.readiness.status import Status
from stackctl.model.run.outcome import ComponentStatus, StackStatus

_SECONDS = 2.0
_TAKEN = 4  # rows: the cursor's at both ends, an empty one, and when it was looked
_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_CLEAR_SCREEN = "\x1b[2J"


def watch_status(
    report: Report,
    look: Callable[[], StackStatus],
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Show how a stack stands until interrupted; return how it stood at last."""
    if report.structured or report.format == "name":
        raise UsageError("--watch is for people", hint="leave out --watch or --output")
    redraw = sys.stdout.isatty()
    last: StackStatus | None = None
    said: list[str] = []
    try:
        while True:
            last, moment = look(), now()
            lines = list(status_result(last, moment).lines(report.page))
            if redraw:
                report.lines([(_HOME_AND_CLEAR if said else _CLEAR_SCREEN + _HOME_AND_CLEAR)])
                columns, rows = shutil.get_terminal_size()
                if (shown := fitted(lines, columns, rows - _TAKEN)) != lines and not last.current:
                    shown = essentials(last, moment, report.page, columns, rows - _TAKEN)
                report.lines([*shown, "", looked(moment, report.page.paint)])
            elif lines[1:] != said[1:]:  # the first line holds the age, which always changes
                report.lines([looked(moment, report.page.paint), *lines, ""])
            said = lines
            sleep(_SECONDS)
    except KeyboardInterrupt:
        return 0 if last is not None and last.current else 1


def looked(moment: datetime, paint: Paint) -> str:
    """Say when it was looked, for a screen that stands still may be old."""
    at = moment.astimezone().strftime("%H:%M:%S")
    return paint(f"looked at {at}, every {span(_SECONDS)}; Ctrl-C ends it", "dim")


def essentials(
    status: StackStatus, moment: datetime, page: Page, columns: int, rows: int
) -> list[str]:
    """Write what is not well, where there is no room for all: causes and next commands first."""
    head = headline(status, moment, page)
    found = ailments(status, moment, page)
    lines, left = [head], rows - _rows(head, columns) - 1
    told = 0
    for each in found:
        fits = _squeezed(each, columns, left)
        if not fits:
            break
        told, left = told + 1, left - sum(_rows(line, columns) for line in fits)
        lines += fits
    well = f"{sum(map(_is_well, status.components))} of {len(status.components)}"
    rest = f"; {len(found) - told} more: stackctl status" if told < len(found) else ""
    return [
        *lines,
        TYPED.addressed(f"... {well} components are well{rest}"),
    ]


def _squeezed(lines: Sequence[str], columns: int, rows: int) -> list[str]:
    """Shorten what is said before the next commands to so many rows; empty where none fit."""
    prose = [*takewhile(lambda line: not _is_command(line), lines)]
    commands = lines[len(prose) :]
    room = rows - sum(_rows(line, columns) for line in commands)
    taken = [*accumulate(_rows(line, columns) for line in prose)]
    count = sum(each <= room for each in taken)
    if count == len(prose):
        return list(lines)
    if count < 2:  # not even a name and the beginning of its cause
        return []
    *first, last = prose[:count]
    return [*first, shorten(f"{plain(last)} …", columns), *commands]


def _is_command(line: str) -> bool:
    return plain(line).lstrip().startswith("→")


def _rows(line: str, columns: int) -> int:
    """Count the rows that a line takes."""
    return max(-(-visible(line) // columns), 1)


def fitted(lines: Sequence[str], columns: int, rows: int) -> list[str]:
    """Leave out what would make the terminal scroll, and say how much that is."""
    taken = list(accumulate(_rows(line, columns) for line in lines))
    if not taken or taken[-1] <= rows:
        return list(lines)
    count = sum(each < rows for each in taken)
    rest = f"... {len(lines) - count} more lines: stackctl status"
    return [*lines[:count], TYPED.addressed(rest)]


def _is_well(part: ComponentStatus) -> bool:
    told = part.message or any(each.drift for each in part.objects)
    return part.status is Status.CURRENT and not told
