"""Owner of what is written: results to stdout, everything else to stderr.

How a plan, a diff, a status look is in the `report_…` modules; what `-o json` holds in
`documents`.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stackctl.cli.options.options import OutputOptions
from stackctl.cli.terminal.streams import write_aside, write_manifests, write_result
from stackctl.cli.terminal.terminal import (
    Paint,
    columns,
    labelled,
    plain,
    shorten,
    somebody_is_there,
    wants_colour,
    width_of,
)
from stackctl.errors import Interrupted, StackError, UsageError
from stackctl.model.ownership.stack_id import StackId
from stackctl.secrets import SECRETS

if TYPE_CHECKING:  # listing profiles should not load what a deploy needs
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from stackctl.cli.terminal.event_log import EventLog
    from stackctl.cli.terminal.progress import Progress
    from stackctl.model.plan.plan import Change, Plan
    from stackctl.model.plan.upgrades import Review
    from stackctl.model.release.history import Revision
    from stackctl.model.run.events import Event, Notify
    from stackctl.model.run.outcome import (
        DeployOutcome,
        HeldLock,
        RecordCheck,
        StackStatus,
        TargetInfo,
        TeardownOutcome,
        Unlocked,
    )


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
    def width(self) -> int | None:
        """The columns of the terminal results go to."""
        return width_of(sys.stdout)

    @contextmanager
    def progress(
        self, events: Path | None = None, command: str = "", context: str | None = None
    ) -> Iterator[Notify]:
        """Show events while the block runs, and add them to a file."""
        with _logged(events, command, context or "") as log:
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
            from stackctl.cli.report.documents import results_document

            self.document(results_document(gathered))

    def turn(self, context: str, number: int, of: int, *, looks: bool) -> None:
        """Say which of several clusters the following is about."""
        gap = [""] if self._context else []
        self._context = context
        text = f"target {number} of {of}: {plain(context)}"
        if looks and self.format in ("table", "wide"):  # a result that would not say it itself
            self.lines([*gap, self.paint(text, "bold")])
        elif not self.shown.quiet:
            self.say([*gap, self.aside(text, "bold")])

    def failed(self, error: StackError, context: str) -> None:
        """Tell a failure on one of several clusters."""
        from stackctl.cli.report.documents import error_document

        colour, debug = self.shown.color, self.shown.debug
        report_error(error, error.exit_code, colour=colour, debug=debug, context=context)
        self._context = context
        self.document(error_document(error, error.exit_code))

    def ends(self, ends: Sequence[tuple[str, str]]) -> None:
        """Say how it ended on each of several clusters."""
        if not self.shown.quiet:
            rows = columns([(f"  {context}", end) for context, end in ends], self.aside)
            width = width_of(sys.stderr)
            self.say(["", self.aside("targets:", "bold"), *(shorten(row, width) for row in rows)])

    def note(self, text: str) -> None:
        """Tell something that is neither result nor failure."""
        if not self.shown.quiet:
            self.say([f"{self.aside('note:', 'cyan')} {plain(text)}"])

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
        if self._gathered is not None:
            self._gathered[self._context] = found
            return
        write_result(sys.stdout, dumped(SECRETS.masked(found), self.format))

    def proposal(self, plan: Plan, target: TargetInfo, review: Review | None, *, gap: bool) -> None:
        """Show what would change, before it is asked about or done."""
        from stackctl.cli.report.plan_text import plan_lines, target_lines
        from stackctl.cli.report.upgrade_text import review_lines

        if self._progress is not None:
            self._progress.pause()
        width = width_of(sys.stderr)
        self.say([*target_lines(target, self.aside, width), ""])
        self.say(review_lines(review, self.aside, width) if review else [])
        lines = plan_lines(plan, self.aside, width=width, verbose=self.shown.verbose)
        self.say([*lines, ""] if gap else lines)

    def strays(self, changes: Sequence[Change], target: TargetInfo) -> None:
        """Show what the stack has made and no record names."""
        if self._progress is not None:
            self._progress.pause()
        told = f"on {target.context}, in no record, and made by the stack as label and field "
        lines = [f"  - {each.ref}" for each in changes]
        self.say([f"{plain(told)}manager say:", *map(plain, lines), ""])

    def agree_unlock(self, *, yes: bool) -> Callable[[HeldLock], bool]:
        """Return the question to put before a lock is broken.

        Raises:
            UsageError: nobody is there to answer it.
        """
        if not (yes or somebody_is_there()):
            raise UsageError(
                "there is no terminal to ask on, and this command breaks a lock",
                hint="add --yes to go ahead",
            )

        def agree(hold: HeldLock) -> bool:
            from stackctl.cli.report.unlock_text import hold_lines

            if self._progress is not None:
                self._progress.pause()
            self.say(hold_lines(hold, self.aside))
            return yes or self.ask("Break the lock? [y/N] ")

        return agree

    def unlocked(self, stack: StackId, outcome: Unlocked) -> None:
        """Tell whose lock was broken."""
        from stackctl.cli.report import unlock_text

        if self.structured:
            self.document(unlock_text.unlocked_document(stack, outcome))
        else:
            self.lines(unlock_text.unlocked_lines(stack, outcome, self.paint))

    def agree_repair(self, *, yes: bool) -> Callable[[Sequence[StackError], Sequence[str]], bool]:
        """Return the question to put before a record is changed.

        Raises:
            UsageError: nobody is there to answer it.
        """
        if not (yes or somebody_is_there()):
            raise UsageError(
                "there is no terminal to ask on, and this command changes a record",
                hint="add --yes to go ahead, or see what is damaged: stackctl record check",
            )

        def agree(faults: Sequence[StackError], steps: Sequence[str]) -> bool:
            from stackctl.cli.report.record_text import repair_lines

            if self._progress is not None:
                self._progress.pause()
            if not (yes and self.shown.quiet):
                self.say(repair_lines(faults, steps, self.aside))
            return yes or self.ask("Change the record? [y/N] ")

        return agree

    def record(self, found: RecordCheck) -> None:
        """Tell what is wrong with a record, and what was done about it."""
        from stackctl.cli.report import record_text

        if self.structured:
            self.document(record_text.record_document(found))
        else:
            self.lines(record_text.record_lines(found, self.paint))

    def declined(self) -> None:
        """Note that what was shown is not to be done, or not yet."""
        if self._log is not None:
            self._log.declined()

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

    def deployed(self, outcome: DeployOutcome, word: str = "deployed") -> None:
        """Tell what a deploy, or what goes like one, came to."""
        from stackctl.cli.report import documents, outcome_text

        if self.structured:
            self.document(documents.deploy_document(outcome))
        else:
            lines = outcome_text.deploy_lines(outcome, self.paint, self.width, self.shown, word)
            self.lines(lines)

    def history(self, stack: StackId, found: Sequence[Revision]) -> None:
        """List the revisions of a stack."""
        from datetime import UTC, datetime

        from stackctl.cli.report import history_text

        if self.structured:
            self.document(history_text.history_document(stack, found))
        elif self.format == "name":
            self.lines(str(each.release.revision) for each in found)
        else:
            wide = self.format == "wide"
            now = datetime.now(UTC)
            self.lines(
                history_text.history_lines(found, now, self.paint, width=self.width, wide=wide)
            )

    def torn_down(self, outcome: TeardownOutcome) -> None:
        """Tell what a teardown came to, and what it left."""
        from stackctl.cli.report import documents, outcome_text

        if self.structured:
            self.document(documents.teardown_document(outcome))
        else:
            self.lines(outcome_text.teardown_lines(outcome, self.paint, self.width, self.shown))

    def plan(self, plan: Plan, target: TargetInfo) -> None:
        """Show what differs, object by object."""
        from stackctl.cli.report import diff_text, documents, plan_text

        if self.structured:
            self.document(documents.plan_document(plan, target))
        elif self.format == "name":
            self.lines(str(each.ref) for each in plan.changes if each.action != "unchanged")
        else:
            if not self.shown.quiet:
                self.say([*plan_text.target_lines(target, self.aside, width_of(sys.stderr)), ""])
            verbose = self.shown.verbose
            self.lines(diff_text.diff_lines(plan, self.paint, width=self.width, verbose=verbose))

    def status(self, status: StackStatus) -> None:
        """Show how a stack stands."""
        from stackctl.cli.report import documents

        if self.structured:
            self.document(documents.status_document(status))
        elif self.format == "name":
            self.lines(part.name for part in status.components)
        else:
            self.lines(self.status_lines(status))

    def status_lines(self, status: StackStatus) -> list[str]:
        """Write how a stack stands, as text."""
        from datetime import UTC, datetime

        from stackctl.cli.report import status_text

        verbose = self.shown.verbose or self.format == "wide"
        return status_text.status_lines(
            status, datetime.now(UTC), self.paint, width=self.width, verbose=verbose
        )


class Told(Interrupted):
    """An interruption that has been told already, with the cluster that it met."""


def report_error(
    error: StackError,
    code: int,
    *,
    format: str = "",
    colour: str = "auto",
    debug: bool = False,
    context: str = "",
) -> None:
    """Write a failure: `error:` and `hint:` for people, one document for programs."""
    if isinstance(error, Told):
        return
    if debug:
        import traceback

        write_aside(sys.stderr, "".join(traceback.format_exception(error)))
    paint = Paint(on=wants_colour(sys.stderr, colour))
    width = width_of(sys.stderr)
    text = f"{context}: {error}" if context else str(error)
    lines = labelled("error:", plain(text), width)
    lines[0] = lines[0].replace("error:", paint("error:", "red", "bold"), 1)
    if error.hint:
        first, *more = labelled("hint:", plain(error.hint), width)
        lines += [first.replace("hint:", paint("hint:", "cyan", "bold"), 1), *more]
    write_aside(sys.stderr, "".join(f"{line}\n" for line in lines))
    if format in ("json", "yaml"):
        from stackctl.cli.report.documents import error_document

        write_result(sys.stdout, dumped(SECRETS.masked(error_document(error, code)), format))


def dumped(found: Any, format: str) -> str:
    """Write a value as JSON or YAML."""
    if format == "yaml":
        from stackctl.sources import yaml

        return yaml.dump(found)
    import json

    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


@contextmanager
def _logged(path: Path | None, command: str, context: str) -> Iterator[EventLog | None]:
    """Open a file for events, if one is wanted, and note in it how the block ended."""
    if path is None:
        yield None
        return
    from stackctl.cli.terminal.event_log import EventLog

    log = EventLog(path, command, context)
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
