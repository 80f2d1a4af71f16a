"""What a terminal can show: colour, width, columns of text, and whether somebody is there.

What is written is decided elsewhere; nothing in here knows stacks.
"""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TextIO

from stackctl.secrets import SECRETS

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in a column, with the styles it is painted in."""

    text: str
    styles: tuple[str, ...] = ()


Row = Sequence[Cell | str]


class Paint:
    """Colours text, or leaves it alone."""

    def __init__(self, *, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, *styles: str) -> str:
        """Wrap text in the codes of its styles."""
        if not self.on or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


_LEAST = 24  # columns in which a text can still be read
_BELOW = "    "


def wants_colour(stream: TextIO, choice: str) -> bool:
    """Decide whether a stream gets colour: the option first, then the environment, then a TTY."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """Return the columns of a terminal; None where text may be as long as it is."""
    return max(shutil.get_terminal_size().columns, 40) if stream.isatty() else None


def somebody_is_there() -> bool:
    """Tell whether a question can be seen and answered."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def plain(text: str) -> str:
    """Drop what would move the cursor: texts of the cluster are not commands to a terminal.

    What is secret is hidden here, for it cannot be found any more once lines are broken.
    """
    return _CONTROL.sub("", SECRETS.mask(text))


def table(
    header: Sequence[str], rows: Sequence[Row], paint: Paint, width: int | None = None
) -> list[str]:
    """Align rows under a header; empty when there are no rows."""
    if not rows:
        return []
    return columns([[Cell(title, ("bold",)) for title in header], *rows], paint, width)


def columns(rows: Sequence[Row], paint: Paint, width: int | None = None) -> list[str]:
    """Align rows; the last column is as long as it is, or is broken where a width is given."""
    cells = [[_cell(each) for each in row] for row in rows]
    widths = measure(cells)
    return [line for row in cells for line in _fitted(row, widths, paint, width)]


def _fitted(
    row: Sequence[Cell], widths: Sequence[int], paint: Paint, width: int | None
) -> list[str]:
    """Write a row, what is too long in its last column under that, or under the whole row."""
    line = _line(row, widths, paint).rstrip()
    if width is None or visible(line) <= width or len(row) < len(widths):
        return [line]
    *first, last = row
    start = sum(widths[: len(first)]) + len(_GAP) * len(first)
    below = width - start < _LEAST
    indent = " " * (len(_BELOW) if below else start)
    texts = [paint(each, *last.styles) for each in wrap(last.text, width - len(indent))]
    head = _line(first, widths, paint)
    if below:
        return [head.rstrip(), *(f"{indent}{text}" for text in texts)]
    lines = [f"{head}{_GAP}{texts[0]}", *(f"{indent}{text}" for text in texts[1:])]
    return [each.rstrip() for each in lines]


def measure(rows: Iterable[Row]) -> list[int]:
    """Return the width each column needs."""
    widths: list[int] = []
    for row in rows:
        for index, each in enumerate(row):
            if index == len(widths):
                widths.append(0)
            widths[index] = max(widths[index], len(_cell(each).text))
    return widths


def _line(row: Sequence[Cell], widths: Sequence[int], paint: Paint) -> str:
    parts = [
        paint(cell.text, *cell.styles) + " " * (width - len(cell.text))
        for cell, width in zip(row, widths, strict=False)
    ]
    return _GAP.join(parts)


def _cell(each: Cell | str) -> Cell:
    cell = each if isinstance(each, Cell) else Cell(each)
    return Cell(plain(cell.text).replace("\n", " "), cell.styles)


def section(lines: Iterable[str]) -> list[str]:
    """Set lines apart from what follows; nothing where there are none."""
    found = list(lines)
    return [*found, ""] if found else []


def visible(text: str) -> int:
    """Return the columns a painted text takes."""
    return len(_CONTROL.sub("", text))


def flow(parts: Iterable[str], width: int | None) -> list[str]:
    """Join parts with dots, beginning a new line where one would be too long."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else ""
        if longer and (width is None or visible(longer) <= width):
            lines[-1] = longer
        elif part:
            lines.append(part)
    return lines


def shorten(text: str, width: int | None) -> str:
    """Cut a line to a width, saying so."""
    if width is None or len(text) <= width:
        return text
    return text[: max(width - 1, 0)] + "…"


def cut(text: str, width: int) -> str:
    """Cut the middle out of a text that is too long, for both of its ends tell something."""
    if len(text) <= width:
        return text
    end = max(width - 1, 0) // 2
    return f"{text[: max(width - 1 - end, 0)]}…{text[len(text) - end :]}"


def cut_apart(old: str, new: str, room: tuple[int, int]) -> tuple[str, str]:
    """Cut two texts so that it is seen how they differ: their ends, or what is around it."""
    least = min(room)
    if cut(old, least) != cut(new, least) or old == new:
        return cut(old, room[0]), cut(new, room[1])
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
    start = sum(1 for _ in alike) - least // 4
    return _from(old, start, room[0]), _from(new, start, room[1])


def _from(text: str, start: int, width: int) -> str:
    return shorten(f"…{text[start:]}" if start > 0 else text, width)


def labelled(label: str, text: str, width: int | None) -> list[str]:
    """Put a label before a text of one or more lines, each of which keeps its indentation."""
    lines = []
    for line in f"{label} {text}".splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        lines += wrap(line, width, indent)
    return lines


def wrap(text: str, width: int | None, indent: str = "") -> list[str]:
    """Break a text into lines that fit, all but the first indented."""
    if width is None:
        return [text]
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    ) or [""]
