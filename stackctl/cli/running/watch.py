"""Looks at a stack again and again until the user has seen enough."""

import sys
import time
from collections.abc import Callable
from datetime import datetime

from stackctl.cli.report.report import Report
from stackctl.cli.report.status import status_result
from stackctl.errors import UsageError
from stackctl.model.run.outcome import StackStatus

_SECONDS = 2.0
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
            last = look()
            lines = list(status_result(last, now()).lines(report.page))
            if redraw:
                report.lines([(_HOME_AND_CLEAR if said else _CLEAR_SCREEN + _HOME_AND_CLEAR)])
                report.lines(lines)
            elif lines[1:] != said[1:]:  # the first line holds the age, which always changes
                report.lines([*lines, ""])
            said = lines
            sleep(_SECONDS)
    except KeyboardInterrupt:
        return 0 if last is not None and last.current else 1
