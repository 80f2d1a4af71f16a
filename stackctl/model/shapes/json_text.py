"""JSON from outside, in bounds: no numbers without end, no nesting without end, nothing JSON lacks.

What a document means is for who reads it. YAML is read by `sources.yaml`, with the same bounds.
"""

import json
from typing import Any

MAX_DEPTH = 200
_PART = 1024
_TOO_DEEP = f"nested deeper than {MAX_DEPTH}"


def read(text: str | bytes) -> Any:
    """Read a document.

    Raises:
        ValueError: it is not JSON, or beyond the bounds.
    """
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_number, parse_constant=_constant)
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
