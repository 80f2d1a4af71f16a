"""JSON from outside, in bounds: no numbers without end, no nesting without end, nothing JSON lacks.

What a document means is for who reads it. YAML is read by `sources.yaml`, with the same bounds.
"""

import json
from collections.abc import Callable
from typing import Any

Keep = Callable[[Any], Any]  # takes any value; nothing is taken out of what is no object

MAX_DEPTH = 200
_PART = 1024
_BLANKS = frozenset(" \t\n\r")
_TOO_DEEP = f"nested deeper than {MAX_DEPTH}"


def read(text: str | bytes) -> Any:
    """Read a document.

    Raises:
        ValueError: it is not JSON, or beyond the bounds.
    """
    return _bounded(text, _loads)


def read_list(text: str | bytes, keep: Keep) -> Any:
    """Read a document whose `items` are many; of each only what is kept is ever there with others.

    Raises:
        ValueError: it is not JSON, or beyond the bounds.
    """
    return _bounded(text, lambda text: _in_parts(text, keep))


def _loads(text: str | bytes) -> Any:
    return json.loads(text, parse_int=_whole, parse_float=_number, parse_constant=_constant)


def _in_parts(text: str | bytes, keep: Keep) -> Any:
    text = text.decode() if isinstance(text, bytes) else text
    at = _after_blanks(text, 0)
    if text[at : at + 1] != "{":
        return _loads(text)
    members, after = _Reader(text, keep).members(at)
    if (end := _after_blanks(text, after)) != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return members


class _Reader:
    """Reads the members of a document one after the other, and its items likewise."""

    def __init__(self, text: str, keep: Keep) -> None:
        self._text, self._keep = text, keep
        self._value = json.JSONDecoder(
            parse_int=_whole, parse_float=_number, parse_constant=_constant
        ).raw_decode

    def members(self, at: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}

        def member(at: int) -> int:
            if self._text[at : at + 1] != '"':
                raise json.JSONDecodeError("Expecting a name", self._text, at)
            name, at = self._value(self._text, at)
            if self._text[(at := _after_blanks(self._text, at)) : at + 1] != ":":
                raise json.JSONDecodeError("Expecting ':' delimiter", self._text, at)
            at = _after_blanks(self._text, at + 1)
            several = name == "items" and self._text[at : at + 1] == "["
            found[name], at = self._items(at) if several else self._value(self._text, at)
            return at

        return found, self._parts(at, "}", member)

    def _items(self, at: int) -> tuple[list[Any], int]:
        found: list[Any] = []

        def item(at: int) -> int:
            value, at = self._value(self._text, at)
            found.append(self._keep(value))
            return at

        return found, self._parts(at, "]", item)

    def _parts(self, at: int, closing: str, read: Callable[[int], int]) -> int:
        """Read what is between brackets, the opening one of which is at a place."""
        text = self._text
        at = _after_blanks(text, at + 1)
        if text[at : at + 1] == closing:
            return at + 1
        while True:
            at = _after_blanks(text, read(at))
            if text[at : at + 1] == closing:
                return at + 1
            if text[at : at + 1] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
            at = _after_blanks(text, at + 1)


def _after_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in _BLANKS:
        at += 1
    return at


def _bounded(text: str | bytes, load: Callable[[str | bytes], Any]) -> Any:
    try:
        value = load(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _may_be_deep(text) and _is_deep(value):
        raise ValueError(_TOO_DEEP)
    if _may_be_no_text(text):
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _may_be_no_text(text: str | bytes) -> bool:
    """Tell whether half a character may be written out, which no file or request can carry."""
    if isinstance(text, bytes):
        return b"\\ud" in text or b"\\uD" in text
    return "\\ud" in text or "\\uD" in text


def _whole(digits: str) -> int | float:
    """Keep integers of 64 bits as they are, as Go does; larger ones are floats."""
    if len(digits) <= 20 and -(2**63) <= (value := int(digits)) < 2**63:
        return value
    return _number(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if value - value != 0:
        raise ValueError("a number beyond all measure")
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number that JSON knows")


def _may_be_deep(text: str | bytes) -> bool:
    """Tell from the brackets alone, whatever they stand for, that nothing can be nested deep."""
    count = text.count
    marks: tuple[Any, ...] = (b"[", b"{", b"]", b"}") if isinstance(text, bytes) else tuple("[{]}")
    opening, brace, closing, end = marks
    depth = 0
    for at in range(0, len(text), _PART):
        after = at + _PART
        opened = count(opening, at, after) + count(brace, at, after)
        if depth + opened > MAX_DEPTH:
            return True
        depth += opened - count(closing, at, after) - count(end, at, after)
    return False


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            item
            for each in level
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True
