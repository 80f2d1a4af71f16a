"""How changed fields look in a plan: each with its old and its new value, in lines that fit.

Names are never cut; values are, in the middle, for both ends of an image or a text tell something.
All of a value is in `diff`.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from stackctl.cli.terminal.terminal import Paint, cut, cut_apart, plain, visible
from stackctl.model.compose.diff import MISSING, Difference
from stackctl.model.plan.plan import SettingChange
from stackctl.secrets import SECRETS

NONE = "(none)"
MOST_FIELDS = 12  # of one object; a new schema differs in hundreds
_MOST_LINES = 3  # of one document
_LEAST = 8  # columns of a value that still say something
_ARROW = " → "


def field_lines(
    found: Sequence[Difference], indent: int, paint: Paint, width: int | None, *, every: bool
) -> list[str]:
    """Write fields with their old and new values."""
    shown = found if every else found[:MOST_FIELDS]
    lines = [line for each in shown for line in _field(each, indent, paint, width)]
    if len(found) > len(shown):
        count = f"and {len(found) - len(shown)} more fields"
        rest = f"{count}; stackctl diff, asked the same, shows all"
        lines.append(" " * indent + paint(rest, "dim"))
    return lines


def setting_line(setting: SettingChange, indent: int, paint: Paint, width: int | None) -> list[str]:
    """Write a setting with its old and new value."""
    name = f"{setting.component}.{setting.parameter}"
    pair = (setting.old or NONE, setting.new or NONE)
    lines = _named(name, [pair], indent, paint, width, " ")
    wire = paint(f"wire {setting.wire}", "dim")
    return [*lines, " " * (indent + 2) + wire] if setting.wire else lines


def _field(each: Difference, indent: int, paint: Paint, width: int | None) -> list[str]:
    pairs = list(_pairs(each.old, each.new))
    lines = _named(each.path, pairs[:_MOST_LINES], indent, paint, width, ": ")
    if len(pairs) > _MOST_LINES:
        rest = f"and {len(pairs) - _MOST_LINES} more lines"
        lines.append(" " * (indent + 2) + paint(rest, "dim"))
    return lines


def _named(
    name: str,
    pairs: Sequence[tuple[str, str]],
    indent: int,
    paint: Paint,
    width: int | None,
    joint: str,
) -> list[str]:
    """Put a change beside its name, or below where there is no room for the whole of it."""
    head = " " * indent + plain(name)
    if len(pairs) == 1:
        (old, new), room = pairs[0], width and width - len(head) - len(joint)
        if width is None or len(f"{old}{_ARROW}{new}") <= (room or 0):
            return [f"{head}{joint}{_pair(old, new, paint)}"]
    within = width and width - indent - 2
    below = [" " * (indent + 2) + _fitted(*each, within, paint) for each in pairs]
    return [*broken(head + joint.rstrip(), indent, width), *below]


def _fitted(old: str, new: str, room: int | None, paint: Paint) -> str:
    """Cut the values of a change so that it fits; the shorter one gives no room away."""
    if room is None:
        return _pair(old, new, paint)
    room = max(room - len(_ARROW), 2 * _LEAST)
    half = room // 2
    first = min(len(old), max(half, room - len(new)))
    return _pair(*cut_apart(old, new, (first, room - first)), paint)


def _pair(old: str, new: str, paint: Paint) -> str:
    return f"{paint(old, 'red')}{_ARROW}{paint(new, 'green')}"


def broken(text: str, indent: int, width: int | None) -> Iterator[str]:
    """Break a path that is wider than the terminal where one of its steps ends."""
    while width is not None and visible(text) > width:
        at = max(text.rfind(".", indent + 1, width), text.rfind("[", indent + 5, width))
        if at <= indent + 4:
            break
        yield text[:at]
        text = " " * (indent + 4) + text[at:]
    yield text


def _pairs(old: Any, new: Any) -> Iterable[tuple[str, str]]:
    """Return what changes as short texts: of a document, the lines that do."""
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        yield from _lines(_text(old).splitlines(), _text(new).splitlines())
    else:
        yield _text(old), _text(new)


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, first, last, begin, end in matcher.get_opcodes():
        was = [line.strip() for line in old[first:last]]
        now = [line.strip() for line in new[begin:end]]
        if tag == "replace" and len(was) == len(now):  # else nobody knows which became which
            yield from zip(was, now, strict=True)
        elif tag != "equal":
            yield from ((line, NONE) for line in was)
            yield from ((NONE, line) for line in now)


def brief(value: Any, width: int) -> str:
    """Write a value in one line of a width."""
    return cut(NONE if value is None else _text(value).partition("\n")[0], width)


def _text(value: Any) -> str:
    """Write a value in one line."""
    value = SECRETS.masked(value)  # as long as it is in one piece
    if value is MISSING or value == MISSING:
        return NONE
    if isinstance(value, str):
        return plain(value) or '""'
    return plain(json.dumps(value, ensure_ascii=False))
