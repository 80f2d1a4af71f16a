"""What is known of a run while it goes on, and the lines that show it.

Where and when the lines are written is for `progress`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from stackctl.cli.terminal.terminal import Paint, cut, plain, shorten
from stackctl.model.objects.wording import span
from stackctl.model.run.events import ComponentProgress, ComponentState, Step

_FAILED = ComponentState.FAILED
_GOOD = frozenset({ComponentState.READY, ComponentState.UNCHANGED, ComponentState.REMOVED})
_BAD = frozenset({_FAILED, ComponentState.SKIPPED})
_DONE = _GOOD | _BAD
_BUSY = frozenset({ComponentState.APPLYING, ComponentState.WAITING, ComponentState.REMOVING})
_STYLES = {
    ComponentState.PENDING: "dim",
    ComponentState.APPLYING: "cyan",
    ComponentState.WAITING: "yellow",
    ComponentState.READY: "green",
    ComponentState.UNCHANGED: "green",
    ComponentState.FAILED: "red",
    ComponentState.SKIPPED: "magenta",
    ComponentState.REMOVING: "cyan",
    ComponentState.REMOVED: "green",
}
_STATE_WIDTH = 9
_COUNT_WIDTH = 7
_CLOCK_WIDTH = 7
_LEAST_ROOM = 36  # columns below which what is waited for gets a line of its own
_LEAST_REST = 12  # columns of what is the matter that a long name leaves it
_COUNT = re.compile(r"\d+/\d+")
# Whose Pod and which container is known to who asks about them; the rest is said at the end.
_PROSE = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\bPod [^\s:,]+[:,] ", ""),
        (r"\bcontainer [^\s:]+: ", ""),
        (r"\bFailedCreate: ", ""),
        (r'\bpods "[^"]*" is forbidden: ', ""),
        (r'\badmission webhook "[^"]*" denied the request: ', "denied: "),
        (
            r"\bexceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)",
            r"quota \1: \3 of \4, \2 asked",
        ),
        (r" (replicas|Pods) (ready|updated|available)\b", r" \2"),
        (
            r"\b(its controller has not|the change has not been) seen (the change )?yet",
            "not seen yet",
        ),
        (r"\bits controller has not reported on it yet", "not reported on yet"),
    )
)
_BAR = 24
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Marks:
    """The signs at the head of a line."""

    good: str
    bad: str
    idle: str
    spin: str
    bar: str
    bend: str
    dot: str


UNICODE = Marks("✔", "✘", "·", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "█░", "└", "·")
ASCII = Marks("+", "x", ".", "|/-\\", "#.", "`", "-")


def marks_for(encoding: str | None) -> Marks:
    """Choose signs that an encoding can carry."""
    try:
        "✔✘·⠋█░└".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


@dataclass(slots=True)
class Line:
    """A component's place on the board."""

    state: ComponentState
    ready: int = 0
    total: int = 0
    waiting_for: str = ""
    begun: float | None = None
    ended: float | None = None

    def clock(self, now: float) -> str:
        """Say how long the component has been worked on."""
        if self.begun is None:
            return ""
        return span((self.ended if self.ended is not None else now) - self.begun)


@dataclass(slots=True)
class Board:
    """Every component seen so far, and the step the run is at."""

    begun: float
    lines: dict[str, Line] = field(default_factory=dict)
    step: Step | None = None
    step_begun: float = 0.0
    seen: float = 0.0  # when a component last said something
    closed: bool = False  # the run is over

    def see(self, event: ComponentProgress, now: float) -> bool:
        """Take in a component's progress; tell whether its state is a new one."""
        if not self.lines:
            self.begun = now  # what came before, a question perhaps, is not part of the work
        known = self.lines.get(event.component)
        line = self.lines.setdefault(event.component, Line(event.state))
        fresh = known is None or line.state is not event.state
        self.seen = now
        line.state, line.waiting_for = event.state, event.waiting_for
        line.ready, line.total = event.ready, event.total
        if event.state is not ComponentState.PENDING and line.begun is None:
            line.begun = now
        line.ended = now if event.state in _DONE else None
        return fresh

    def take(self, step: Step, now: float) -> None:
        """Take in the step the run is at; a new step has its own clock."""
        if self.step is None or self.step.text != step.text:
            self.step_begun = now
        self.step = step

    @property
    def settled(self) -> bool:
        """Every component came to its end."""
        return all(line.state in _DONE for line in self.lines.values())


_MINUTES_FROM = 100  # seconds


def draw(
    board: Board, now: float, size: tuple[int, int | None], paint: Paint, marks: Marks
) -> list[str]:
    """Lay the board out for a terminal of so many columns and rows."""
    width, height = size
    if not board.lines:
        return _step_lines(board, now, width, paint, marks)
    drawn = [
        line
        for name in board.lines
        for line in _component_lines(board, name, now, width, paint, marks)
    ]
    if height is not None and len(drawn) + 2 > height:
        drawn = _folded(board, now, width, paint, marks)
    drawn.append(paint(shorten(_footer(board, now, marks), width), "dim"))
    if board.step_begun > board.seen and not board.closed:
        drawn += _step_lines(board, now, width, paint, marks)
    return drawn


def _component_lines(
    board: Board, name: str, now: float, width: int, paint: Paint, marks: Marks
) -> list[str]:
    line = board.lines[name]
    style = _STYLES[line.state]
    beside = 4 + 2 + _STATE_WIDTH + 2 + _COUNT_WIDTH + 2 + _CLOCK_WIDTH
    names = min(max(map(len, board.lines)), max(width - beside, _LEAST_REST))
    count = f"{line.ready}/{line.total}" if line.total else ""
    head = (
        f"  {paint(_mark(line, board, now, marks), style)} {cut(name, names).ljust(names)}  "
        f"{paint(line.state.value.ljust(_STATE_WIDTH), style)}  {count.rjust(_COUNT_WIDTH)}  "
        f"{line.clock(now).rjust(_CLOCK_WIDTH)}"
    )
    used = beside + names
    reason = _reason(line)
    if not reason or line.state in _GOOD or (board.closed and line.state is not _FAILED):
        return [head.rstrip()]
    room = width - used - 2
    if len(reason) <= room or room >= _LEAST_ROOM:
        return [f"{head}  {squeeze(reason, room)}"]
    return [head.rstrip(), paint(f"      {marks.bend} {squeeze(reason, width - 8)}", "dim")]


def _reason(line: Line) -> str:
    reason = plain(line.waiting_for).replace("\n", " ")
    return f"waits for {reason}" if reason and line.state is ComponentState.PENDING else reason


def squeeze(reason: str, room: int) -> str:
    """Fit a reason into a line: prose goes, then the middle; what it is about stays to the last."""
    forms = list(_shorter(reason))
    fitting = next((each for each in forms if len(each) <= room), None)
    if fitting is not None:
        return fitting
    name, colon, rest = forms[-1].partition(": ")
    if not (colon and _names_an_object(reason)):
        return cut(forms[-1], room)
    left = room - len(name) - len(colon)
    if left >= min(len(rest), _LEAST_REST):
        return f"{name}{colon}{cut(rest, left)}"
    rest = cut(rest, max(room // 2, 1))
    return f"{cut(name, max(room - len(colon) - len(rest), 1))}{colon}{rest}"[:room]


def _shorter(reason: str) -> Iterator[str]:
    """Say the same with less and less prose."""
    yield reason
    ref, colon, rest = reason.partition(": ")
    if not (colon and _names_an_object(reason)):
        yield _terse(reason)
        return
    kind, *_, name = ref.split("/")
    for subject in dict.fromkeys((f"{kind}/{name}", name)):
        yield f"{subject}: {rest}"
    rest = _terse(rest)
    yield f"{name}: {rest}"
    count, semicolon, cause = rest.partition("; ")
    if semicolon:
        yield f"{name}: {cause}"
    elif shorter := _COUNT.match(count):
        yield f"{name}: {shorter[0]}"


def _terse(text: str) -> str:
    """Leave out what a reader can do without, and keep reasons and numbers."""
    for pattern, instead in _PROSE:
        text = pattern.sub(instead, text)
    return text


def _names_an_object(reason: str) -> bool:
    head = reason.partition(": ")[0]
    return "/" in head and " " not in head and head[:1].isupper()


def _mark(line: Line, board: Board, now: float, marks: Marks) -> str:
    if line.state in _GOOD:
        return marks.good
    if line.state in _BAD:
        return marks.bad
    if board.closed or line.state not in _BUSY:
        return marks.idle
    return marks.spin[int((now - board.begun) * 8) % len(marks.spin)]


def _folded(board: Board, now: float, width: int, paint: Paint, marks: Marks) -> list[str]:
    # More components than the terminal has rows: the busy and the broken are worth them.
    shown = [name for name, line in board.lines.items() if _worth_a_row(line)]
    drawn = [
        line for name in shown for line in _component_lines(board, name, now, width, paint, marks)
    ]
    return [*drawn, f"    and {len(board.lines) - len(shown)} more"]


def _worth_a_row(line: Line) -> bool:
    return line.state in _BUSY or line.state is _FAILED


def _footer(board: Board, now: float, marks: Marks) -> str:
    lines: Sequence[Line] = tuple(board.lines.values())
    done = sum(line.state in _GOOD for line in lines)
    objects = f"{sum(line.ready for line in lines)}/{sum(line.total for line in lines)} objects"
    parts = [f"{done}/{len(lines)} components", objects, span(now - board.begun)]
    if not board.settled and not board.closed:
        parts.append("Ctrl-C stops and records")
    return "  " + f" {marks.dot} ".join(parts)


def _step_lines(board: Board, now: float, width: int, paint: Paint, marks: Marks) -> list[str]:
    step = board.step
    if step is None:
        return []
    age = now - board.step_begun
    spin = marks.spin[int(age * 8) % len(marks.spin)]
    text = shorten(f"{step_text(step)}  {span(age)}", width - 4)
    lines = [f"  {paint(spin, 'cyan')} {text}"]
    if step.total:
        lines.append(f"    {paint(_bar(step, marks), 'cyan')}")
    return lines


def _bar(step: Step, marks: Marks) -> str:
    full = _BAR * min(step.done, step.total) // step.total
    return marks.bar[0] * full + marks.bar[1] * (_BAR - full)


def step_text(step: Step) -> str:
    """Say what a step is at."""
    text, left = plain(step.text), _left(step.left)
    if not step.total:
        return text + left
    if step.unit == "bytes":
        return f"{text}: {step.done / _MEGA:.1f} of {step.total / _MEGA:.1f} MB{left}"
    return f"{text}: {step.done} of {step.total} {step.unit}".rstrip() + left


def _left(seconds: float) -> str:
    """Say a guess as a guess: in whole minutes, or in tens of seconds."""
    if not seconds:
        return ""
    if seconds >= _MINUTES_FROM:
        return f", about {round(seconds / 60)} minutes left"
    return f", about {span(max(round(seconds, -1), 10))} left"
