"""JSON as kubectl reads it from a file: documents one after the other, with nothing between them.

Most JSON is YAML; this is for what is not: several documents in a row, and letters written as two
halves. Numbers mean what they mean in YAML.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from stackctl.model.shapes import json_text
from stackctl.model.shapes.scalars import resolve

_BLANK = re.compile(r"[ \t\r\n]*")


def may_be(text: str) -> bool:
    """Tell what begins as a JSON document."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def read(text: str) -> Iterator[tuple[Any, int]]:
    """Yield the documents of a stream, each with the line it begins on.

    Raises:
        ValueError: it is not JSON, has a key twice, or is beyond the bounds.
    """
    text = text.lstrip("\ufeff")
    at = _after_blanks(text, 0)
    while at < len(text):
        value, end = _DECODER.raw_decode(text, at)
        json_text.read(text[at:end])  # within the bounds of what comes from outside
        yield value, text.count("\n", 0, at) + 1
        at = _after_blanks(text, end)


def _after_blanks(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number that JSON knows")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=resolve, parse_float=resolve, parse_constant=_constant
)
