"""Shows a run while it goes on: a live view on a terminal, plain lines elsewhere.

What the lines say is decided in `progress_board`; results are for `report`.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

from stackctl.cli.terminal.progress_board import Board, draw, marks_for, step_text
from stackctl.cli.terminal.streams import lasting, write_aside
from stackctl.cli.terminal.terminal import Paint, labelled, plain
from stackctl.model.objects.wording import span
from stackctl.model.run.events import (
    ComponentProgress,
    ComponentState,
    Event,
    Notice,
    ObjectDone,
    Retrying,
    ServerWarning,
    Step,
    Subject,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

Clock = Callable[[], float]
_TENTHS = 10
_SILENT_SECONDS = 5.0  # after which a step that goes on is said again
_REFRESH_PER_SECOND = 8


class Progress(Protocol):
    """Takes events from any thread."""

    def event(self, event: Event) -> None:
        """Take in what happened."""

    def pause(self) -> None:
        """Leave the terminal to somebody else, until the next event."""

    def close(self) -> None:
        """Show how it ended."""


class NoProgress:
    """Says only what must not be missed."""

    def __init__(self, stream: TextIO, paint: Paint) -> None:
        self._stream = stream
        self._paint = paint

    def event(self, event: Event) -> None:
        """Take in what happened."""
        if isinstance(event, ServerWarning):
            write_aside(self._stream, f"{message(event, self._paint)}\n")

    def pause(self) -> None:
        """Do nothing: nothing is shown."""

    def close(self) -> None:
        """Do nothing: nothing is shown."""


class PlainProgress:
    """Writes a line for each change of state; logs and pipes read it."""

    def __init__(
        self, stream: TextIO, paint: Paint, *, verbose: bool, now: Clock = time.monotonic
    ) -> None:
        self._stream = stream
        self._paint = paint
        self._verbose = verbose
        self._now = now
        self._begun = now()
        self._board = Board(self._begun)
        self._said_step: tuple[str, int] = ("", -1)
        self._said_at = now()
        self._lock = threading.Lock()

    def event(self, event: Event) -> None:
        """Take in what happened."""
        with self._lock:
            match event:
                case ComponentProgress():
                    self._component(event)
                case Step():
                    self._step(event)
                case ObjectDone():
                    if self._verbose:
                        self._say(f"{event.component}: {event.ref} {event.action.done}")
                case Subject():
                    pass  # the plan says so
                case _:
                    write_aside(self._stream, f"{message(event, self._paint)}\n")

    def pause(self) -> None:
        """Do nothing: lines stay where they are."""

    def close(self) -> None:
        """Do nothing: everything has been said."""

    def _component(self, event: ComponentProgress) -> None:
        idle = event.state is ComponentState.PENDING and not event.waiting_for
        if self._board.see(event, self._now()) and not idle:
            count = f" {event.ready}/{event.total}" if event.total else ""
            self._say(f"{event.component} {event.state}{count}{_because(event)}")

    def _step(self, step: Step) -> None:
        # A counted step is worth a line for each tenth of the way, and a long one now and then.
        tenth = _TENTHS * step.done // step.total if step.total else 0
        silent = self._now() - self._said_at
        if (step.text, tenth) != self._said_step or silent >= _SILENT_SECONDS:
            self._said_step = (step.text, tenth)
            self._say(step_text(step))

    def _say(self, text: str) -> None:
        self._said_at = self._now()
        clock = span(self._now() - self._begun).rjust(7)
        write_aside(self._stream, f"{self._paint(clock, 'dim')}  {text}\n")


class LiveProgress:
    """Redraws the board in place while the run goes on, and leaves its last state behind."""

    def __init__(
        self, stream: TextIO, paint: Paint, *, verbose: bool, now: Clock = time.monotonic
    ) -> None:
        from rich.console import Console

        self._paint = paint
        self._verbose = verbose
        self._now = now
        self._marks = marks_for(stream.encoding)
        self._console = Console(file=lasting(stream), force_terminal=True, highlight=False)
        self._board = Board(now())
        self._lock = threading.Lock()  # guards the board; never held while something is written
        self._switch = threading.Lock()  # guards turning the view on and off
        self._live: Live | None = None

    def event(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case ComponentProgress():
                with self._lock:
                    self._board.see(event, self._now())
            case Step():
                with self._lock:
                    self._board.take(event, self._now())
            case ObjectDone():
                if self._verbose:
                    self._write(f"    {event.ref} {event.action.done}")
            case Subject():
                return  # the plan says so
            case _:
                for line in message_lines(event, self._paint, self._console.size.width - 1):
                    self._write(line)
        self._show()

    def pause(self) -> None:
        """Take the view off the screen; the next event brings it back."""
        with self._switch:
            if self._live is not None:
                self._live.stop()
                self._live = None

    def close(self) -> None:
        """Leave the last state of every component on the screen."""
        self.pause()
        self._board.closed = True
        if self._board.lines:
            for line in self._lines(height=None):
                self._write(line)

    def _show(self) -> None:
        with self._switch:
            if self._live is None:
                self._live = self._view()
                self._live.start()

    def _view(self) -> "Live":
        from rich.live import Live

        return Live(
            console=self._console,
            get_renderable=self._frame,
            refresh_per_second=_REFRESH_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def _frame(self) -> "RenderableType":
        from rich.text import Text

        lines = self._lines(self._console.size.height)
        return Text("\n", no_wrap=True, overflow="crop").join(map(Text.from_ansi, lines))

    def _lines(self, height: int | None) -> list[str]:
        size = (self._console.size.width - 1, height)
        with self._lock:
            return draw(self._board, self._now(), size, self._paint, self._marks)

    def _write(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text.from_ansi(line), soft_wrap=True)


def _because(event: ComponentProgress) -> str:
    if not event.waiting_for:
        return ""
    if event.state is ComponentState.PENDING:
        return f", waits for {plain(event.waiting_for)}"
    return f": {plain(event.waiting_for)}"


def message(event: Retrying | ServerWarning | Notice, paint: Paint) -> str:
    """Write an event that is a message of its own."""
    label, style, text = _said(event)
    return f"{paint(label, style)} {text}"


def message_lines(
    event: Retrying | ServerWarning | Notice, paint: Paint, width: int | None
) -> list[str]:
    """Write such an event in lines that fit."""
    label, style, text = _said(event)
    first, *more = labelled(label, text, width) or [label]
    return [first.replace(label, paint(label, style), 1), *more]


def _said(event: Retrying | ServerWarning | Notice) -> tuple[str, str, str]:
    match event:
        case Retrying():
            wait = span(max(1, math.ceil(event.seconds)))
            text = f"{event.what}: {event.why}; trying again in {wait}"
            return "retry:", "yellow", plain(text)
        case ServerWarning():
            component = f" ({event.component})" if event.component else ""
            about = f"{event.ref}{component}: " if event.ref else ""
            return "warning:", "yellow", plain(f"{about}{event.text}")
        case Notice():
            return "note:", "cyan", plain(event.text)
