"""What a plain YAML scalar means to kubectl, which is not what it means to PyYAML.

kubectl and Helm read YAML 1.1 as go-yaml does: `y` is true, `08` and `1e3` are numbers, but
`12:30:45`, `2024-01-01` and `=` are texts. Numbers then pass through JSON, where a whole float
becomes an integer. Parsing documents is `yaml`'s part.
"""

import math
import re
from functools import lru_cache

Scalar = str | int | float | bool | None

# A text that starts with anything else is a text.
HINTS = frozenset("+-.0123456789yYnNtTfFoO~")

WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
NOT_NUMBERS = frozenset(
    sign + word
    for sign, words in {
        "": (".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF"),
        "+": (".inf", ".Inf", ".INF"),
        "-": (".inf", ".Inf", ".INF"),
    }.items()
    for word in words
)
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)"
    r"(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}


@lru_cache(maxsize=8192)
def resolve(text: str) -> Scalar:
    """Return what a plain scalar stands for.

    Raises:
        ValueError: it is an infinity or not a number, which JSON cannot say.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in HINTS:
        return text
    if text in NOT_NUMBERS:
        raise ValueError(f"{text} is not a number that JSON knows")
    return _number(text)


def _number(text: str) -> Scalar:
    """Read a number by go-yaml's rules, or hand the text back."""
    if text[0] == ".":
        return _float(text, text) if _FLOAT.fullmatch(text) else text
    if text[0] not in "+-0123456789":
        return text
    plain = text.replace("_", "")
    if (match := _INTEGER.fullmatch(plain)) and (value := _integer(match)) is not None:
        return value
    return _float(plain, text) if _FLOAT.fullmatch(plain) else text


def _integer(match: re.Match[str]) -> int | float | None:
    """Read an integer of 64 bits as it comes out of JSON; larger ones are none."""
    base = str(match.lastgroup)
    digits = match[base].lstrip("0") or "0"
    if len(digits) > 64:
        return None
    value = int(match["sign"] + digits, _BASES[base])
    if -(2**63) <= value < 2**63:
        return value
    return float(value) if 0 < value < 2**64 else None


def _float(plain: str, text: str) -> float | int | str:
    """Read a float as it comes out of JSON: whole ones are integers, too large ones the text."""
    value = float(plain)
    if math.isinf(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def key_text(value: Scalar) -> str:
    """Write a key that is no text as kubectl does.

    Raises:
        ValueError: the key is empty.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _go_float(value)
    raise ValueError("a key must not be empty")


def _go_float(value: float) -> str:
    """Format a float as Go's %g does, in the fewest digits."""
    digits = repr(value).partition("e")[0].replace(".", "").strip("-0") or "0"
    text = f"{value:.{len(digits) - 1}e}"
    return repr(value) if -4 <= int(text.partition("e")[2]) < 6 else text
