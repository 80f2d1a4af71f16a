"""JSON values as YAML that kubectl, and everybody else, reads back the same.

Two blanks of indentation, lists level with their key, long lines left alone, several lines as a
literal block, no aliases, no escapes for letters of any language. A text that any reader might
take for a number, a truth or a date is quoted. Reading is `yaml`'s part.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from stackctl.model.shapes.scalars import NOT_NUMBERS, WORDS, resolve

_FIRST = ("apiVersion", "kind", "metadata", "spec")
_FIRST_IN_METADATA = ("name", "namespace", "labels", "annotations")

# What other readers of YAML 1.1 take for a number or a date.
_ELSEWHERE = re.compile(
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"
    r"|[-+]?[0-9._]+(?:[eE][-+]?[0-9]*)?"
    r"|=|<<",
    re.DOTALL,
)
# Not allowed in a YAML stream, or taken for a line break by some reader.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\U0001fffe\U0001ffff\ud800-\udfff]"
)
_NOT_PLAIN = re.compile(
    r"(?!--?[^\s-])[-?:,\[\]{}#&*!|>'\"%@`\s]"  # begins like something else; a flag does not
    r"|.*(?:[:\s]\Z|:\s|\s#|[\n\t])",
    re.DOTALL,
)


def dump(value: Any) -> str:
    """Write one document, well-known keys of an object first.

    Raises:
        ValueError: a number is infinite or none.
    """
    lines: list[str] = []
    _block(_ordered(value), "", "", lines)
    return "\n".join(lines) + "\n"


def dump_all(values: Iterable[Any]) -> str:
    """Write documents with `---` between them."""
    return "---\n".join(dump(value) for value in values)


def _ordered(value: Any) -> Any:
    """Put the keys everybody looks for first."""
    if not (isinstance(value, Mapping) and "kind" in value and "apiVersion" in value):
        return value
    ordered = _first(value, _FIRST)
    if isinstance(metadata := ordered.get("metadata"), Mapping):
        ordered["metadata"] = _first(metadata, _FIRST_IN_METADATA)
    return ordered


def _first(value: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: value[key] for key in keys if key in value} | dict(value)


def _block(value: Any, lead: str, indent: str, lines: list[str]) -> None:
    """Write a value whose first line starts with `lead`, the others with `indent`."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            _entry(f"{lead}{_flow(key)}:", item, indent, lines)
            lead = indent
    elif isinstance(value, list | tuple) and value:
        for item in value:
            if isinstance(item, Mapping | list | tuple) and item:
                _block(item, f"{lead}- ", f"{indent}  ", lines)
            else:
                lines.append(f"{lead}- {_scalar(item, indent)}")
            lead = indent
    else:
        lines.append(lead + _flow(value))


def _entry(lead: str, item: Any, indent: str, lines: list[str]) -> None:
    """Write what belongs to a key."""
    if isinstance(item, Mapping) and item:
        lines.append(lead)
        _block(item, f"{indent}  ", f"{indent}  ", lines)
    elif isinstance(item, list | tuple) and item:
        lines.append(lead)
        _block(item, indent, indent, lines)
    else:
        lines.append(f"{lead} {_scalar(item, indent)}")


def _scalar(value: Any, indent: str) -> str:
    """Write a leaf; a text of several lines as a literal block below its key."""
    if isinstance(value, str) and "\n" in value and _literal(value):
        return _lines(value, f"{indent}  ")
    return _flow(value)


def _literal(text: str) -> bool:
    """Tell whether a literal block keeps this text as it is."""
    return (
        not _UNPRINTABLE.search(text)
        and not text.startswith((" ", "\t", "\n"))
        and all(line.strip() or not line for line in text.split("\n"))
    )


def _lines(text: str, indent: str) -> str:
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    sign = ("-", "", "+")[min(ends, 2)]
    lines = [indent + line if line else "" for line in body.split("\n")]
    return "\n".join([f"|{sign}", *lines, *[""] * (ends - 1)])


def _flow(value: Any) -> str:
    """Write a leaf on one line."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping | list | tuple) and not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    raise ValueError(f"{value!r} has no YAML that kubectl would read")


@lru_cache(maxsize=8192)
def _text(text: str) -> str:
    if _NOT_PLAIN.match(text) or _UNPRINTABLE.search(text) or _ambiguous(text):
        return _quoted(text)
    return text


def _quoted(text: str) -> str:
    if "'" not in text and '"' in text and "\n" not in text and not _UNPRINTABLE.search(text):
        return f"'{text}'"
    return _UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _ambiguous(text: str) -> bool:
    """Tell whether a plain scalar with this text might be read as something else, anywhere."""
    if text in NOT_NUMBERS or text in WORDS:
        return True
    return _ELSEWHERE.fullmatch(text) is not None or not isinstance(resolve(text), str)
