"""Owner of what is written: results to stdout, everything else to stderr.

How each result looks is in the modules beside this one.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stackctl.cli.options.output import OutputOptions
from stackctl.cli.report.rendering import Page, document, dumped
from stackctl.cli.terminal.ending import ending
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.streams import write_aside, write_document, write_manifests, write_result
from stackctl.cli.terminal.terminal import (
    Paint,
    columns,
    labelled,
    plain,
    shorten,
    wants_colour,
    width_of,
)
from stackctl.errors import StackError
from stackctl.secrets import SECRETS

if TYPE_CHECKING:  # listing profiles should not load what a deploy needs
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from stackctl.cli.report.rendering import Rendering
    from stackctl.cli.terminal.event_log import EventLog
    from stackctl.cli.terminal.progress import Progress
    from stackctl.model.run.events import Event, Notify


class Report:
    """Tells the user what a command does and what came of it."""

    def __init__(self, shown: OutputOptions, format: str = "table") -> None:
        self.shown = shown
        self.format = format
        self.paint = Paint(on=wants_colour(sys.stdout, shown.color))
        self.aside = Paint(on=wants_colour(sys.stderr, shown.color))
        self._progress: Progress | None = None
        self._log: EventLog | None = None
        # While there are several clusters: what is written about each, and whose turn it is.
        self._gathered: dict[str, Any] | None = None
        self._context = ""

    @property
    def structured(self) -> bool:
        """A program reads the result."""
        return self.format in ("json", "yaml")

    @property
    def page(self) -> Page:
        """What results are written on."""
        wide = self.format == "wide"
        return Page(self.paint, width_of(sys.stdout), self.shown.verbose, wide)

    @property
    def margin(self) -> Page:
        """What is written on beside the results."""
        return Page(self.aside, width_of(sys.stderr), self.shown.verbose)

    @contextmanager
    def progress(
        self,
        events: Path | None = None,
        command: str = "",
        context: str | None = None,
        run: str = "",
    ) -> Iterator[Notify]:
        """Show events while the block runs, and add them to a file."""
        with _logged(events, command, context or "", run) as log:
            self._log = log
            self._progress = progress = self._choose_progress()
            try:
                yield _discreet(progress.event if log is None else _both(progress.event, log.event))
            finally:
                self._progress.close()
                self._progress = self._log = None
                if log is not None and log.lost:
                    self.note(f"{log.lost}: what came after that is not in it")

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Make one document of what the block writes about each cluster."""
        self._gathered = {}
        yield
        gathered, self._gathered = self._gathered, None
        if self.structured:
            items = [{"context": context} | each for context, each in gathered.items()]
            self.document(document("ResultList", items=items))

    def turn(self, context: str, number: int, of: int, *, looks: bool) -> None:
        """Say which of several clusters the following is about."""
        gap = [""] if self._context else []
        self._context = context
        TYPED.turn(context)
        text = f"target {number} of {of}: {plain(context)}"
        if looks and self.format in ("table", "wide"):  # a result that would not say it itself
            self.lines([*gap, self.paint(text, "bold")])
        elif not self.shown.quiet:
            self.say([*gap, self.aside(text, "bold")])

    def failed(self, error: StackError, context: str) -> None:
        """Tell a failure on one of several clusters."""
        from stackctl.cli.report.failure import error_document, report_error

        colour, debug = self.shown.color, self.shown.debug
        code = ending(error, error.exit_code)
        report_error(error, code, colour=colour, debug=debug, context=context)
        self._context = context
        self.document(error_document(error, code))

    def ends(self, ends: Sequence[tuple[str, str]]) -> None:
        """Say how it ended on each of several clusters."""
        if not self.shown.quiet:
            rows = columns([(f"  {context}", end) for context, end in ends], self.aside)
            width = width_of(sys.stderr)
            self.say(["", self.aside("targets:", "bold"), *(shorten(row, width) for row in rows)])

    def show(self, result: Rendering) -> None:
        """Write a result in the form that is asked for."""
        if self.structured:
            self.document(result.document())
        else:
            self.lines(result.names() if self.format == "name" else result.lines(self.page))

    def present(self, lines: Iterable[str]) -> None:
        """Write what somebody is to decide about; the progress makes room for it."""
        if self._progress is not None:
            self._progress.pause()
        self.say(lines)

    def remark(self, lines: Iterable[str]) -> None:
        """Write beside a result what only people need."""
        if not (self.structured or self.shown.quiet):
            self.say(lines)

    def note(self, text: str) -> None:
        """Tell something that is neither result nor failure."""
        if not self.shown.quiet:
            first, *more = labelled("note:", plain(text), width_of(sys.stderr))
            self.say([first.replace("note:", self.aside("note:", "cyan"), 1), *more])

    def say(self, lines: Iterable[str]) -> None:
        """Write lines that are not the result."""
        write_aside(sys.stderr, "".join(f"{line}\n" for line in lines))

    def lines(self, lines: Iterable[str]) -> None:
        """Write the result as text."""
        write_result(sys.stdout, "".join(f"{line}\n" for line in lines))

    def text(self, text: str) -> None:
        """Write the result as it is."""
        write_result(sys.stdout, text)

    def manifests(self, text: str) -> None:
        """Write manifests that are to be applied, secrets and all."""
        write_manifests(sys.stdout, text)

    def document(self, found: Any) -> None:
        """Write the result for a program to read."""
        found = TYPED.addressed_document(found)
        if self._gathered is not None:
            self._gathered[self._context] = found
            return
        write_document(sys.stdout, dumped(SECRETS.masked(found), self.format))

    def exits(self, code: int) -> int:
        """Note with which exit code a run ends that does not fail with an error."""
        if self._log is not None:
            self._log.exits(code)
        return code

    def ask(self, question: str, *, no: str = "Nothing was changed.") -> bool:
        """Put a question; anything but a yes is a no."""
        write_aside(sys.stderr, self.aside(question, "bold"))
        agreed = sys.stdin.readline().strip().lower() in ("y", "yes")
        if not agreed:
            self.say([no])
        return agreed

    def _choose_progress(self) -> Progress:
        from stackctl.cli.terminal.progress import LiveProgress, NoProgress, PlainProgress

        if self.shown.quiet:
            return NoProgress(sys.stderr, self.aside)
        live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        kind = LiveProgress if live else PlainProgress
        return kind(sys.stderr, self.aside, verbose=self.shown.verbose)


@contextmanager
def _logged(path: Path | None, command: str, context: str, run: str) -> Iterator[EventLog | None]:
    """Open a file for events, if one is wanted, and note in it how the block ended."""
    if path is None:
        yield None
        return
    from stackctl.cli.terminal.event_log import EventLog

    log = EventLog(path, command, context, run)
    try:
        yield log
    except BaseException as error:
        log.close(error)
        raise
    log.close()


def _discreet(tell: Notify) -> Notify:
    """Hide in events what is secret, before anything is laid out or written."""
    from stackctl.model.run.events import masked

    return lambda event: tell(masked(event, SECRETS.mask))


def _both(first: Notify, second: Notify) -> Notify:
    def notify(event: Event) -> None:
        first(event)
        second(event)

    return notify
