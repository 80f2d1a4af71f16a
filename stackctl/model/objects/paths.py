"""Where a value lies inside an object: paths as text, and reading and changing along them.

`a.b.c`, `list.0.x` or `list[0].x`, `list[name=controller].image` for the element whose field has
that value, `metadata.annotations["a.b/c"]` for keys with dots. Changing returns a new value that
shares everything off the path with the old one; nothing is mutated.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Match:
    """The element of a list whose field has this value."""

    key: str
    value: str


Step = str | int | Match
Path = tuple[Step, ...]


class PathError(ValueError):
    """A text that is no path, or a path that leads nowhere."""


class Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = Missing()
MAX_STEPS = 100

_SPECIAL = frozenset(".[]\"'=")  # what a step cannot have without quotes


@cache
def _pattern() -> re.Pattern[str]:
    """Compile the pattern of one step, for those who parse paths."""
    quoted = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'"
    return re.compile(
        rf"""\[(?P<index>\d{{1,9}})\]
           | \[(?P<key>[\w./-]+)=(?P<match>{quoted}|[^\]"']*)\]
           | \[(?P<quoted>{quoted})\]
           | (?P<dot>^|\.)(?P<name>[^.\[\]"'=\s]+)""",
        re.VERBOSE,
    )


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """Read a path.

    Raises:
        PathError: the text is none, with the place where it goes wrong.
    """
    steps: list[Step] = []
    at = 0
    while at < len(text) or not steps:
        if len(steps) == MAX_STEPS:
            raise PathError(f"a path of more than {MAX_STEPS} steps: {text[:40]}…")
        step = _pattern().match(text, at)
        if step is None or (at == 0 and step["dot"]):
            raise PathError(f'"{text}" is not a path: cannot read "{text[at:]}"')
        steps.append(_step(step))
        at = step.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    if match["key"] is not None:
        return Match(match["key"], _unquoted(match["match"]))
    if match["quoted"] is not None:
        return _unquoted(match["quoted"])
    return match["name"]


def _unquoted(text: str) -> str:
    if text[:1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text[1:-1] if text[:1] == "'" else text


def show(path: Path) -> str:
    """Write a path so that `parse` reads it back."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, Match):
            text += f"[{step.key}={_quote(step.value)}]"
        elif _quote(step) == step:
            text += f".{step}" if text else step
        else:
            text += f"[{_quote(step)}]"
    return text


def _quote(text: str) -> str:
    """Put a step into quotes if it needs them."""
    if text and _SPECIAL.isdisjoint(text) and not any(map(str.isspace, text)):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def get(value: Any, path: Path, default: Any = MISSING) -> Any:
    """Return what lies at a path, or the default where nothing does."""
    for step in path:
        key = _key(value, step)
        if key is None or (isinstance(value, dict) and key not in value):
            return default
        value = value[key]
    return value


def exists(value: Any, path: Path) -> bool:
    """Tell whether something lies at a path, if only a null."""
    return get(value, path) is not MISSING


def put(value: Any, path: Path, new: Any) -> Any:
    """Return the value with another one at the path; missing maps on the way are made.

    Raises:
        PathError: the path leads through something that is no collection, or to no element.
    """
    return _change(value, path, 0, lambda holder, key: _with(holder, key, new))


def remove(value: Any, path: Path) -> Any:
    """Return the value without what lies at the path.

    Raises:
        PathError: nothing lies there.
    """
    if not exists(value, path):
        raise PathError(f"{show(path)}: nothing there")
    return _change(value, path, 0, _without)


def _change(value: Any, path: Path, at: int, change: Callable[[Any, Any], Any]) -> Any:
    """Copy along the path and change the collection that holds its end."""
    key: Any = _key(value, path[at])
    if key is None:
        raise PathError(f"{show(path[: at + 1])}: {_why(value, path[at])}")
    if at == len(path) - 1:
        return change(value, key)
    inner = value[key] if isinstance(value, list) else value.get(key)
    return _with(value, key, _change({} if inner is None else inner, path, at + 1, change))


def _with(holder: Any, key: Any, new: Any) -> Any:
    if isinstance(holder, list):
        return [*holder[:key], new, *holder[key + 1 :]]
    return holder | {key: new}


def _without(holder: Any, key: Any) -> Any:
    if isinstance(holder, list):
        return holder[:key] + holder[key + 1 :]
    return {name: item for name, item in holder.items() if name != key}


def _key(value: Any, step: Step) -> str | int | None:
    """Return which key or index of a collection a step means; None where there can be none."""
    if isinstance(value, dict):
        return step if isinstance(step, str) else None
    if not isinstance(value, list):
        return None
    if isinstance(step, Match):
        return next((i for i, item in enumerate(value) if _matches(item, step)), None)
    index = step if isinstance(step, int) else _index(step)
    return index if 0 <= index < len(value) else None


def _index(step: str) -> int:
    return int(step) if step.isdecimal() and len(step) < 10 else -1


def _matches(item: Any, step: Match) -> bool:
    return isinstance(item, dict) and step.key in item and str(item[step.key]) == step.value


def _why(value: Any, step: Step) -> str:
    if isinstance(value, list):
        return f"no such element among {len(value)}"
    if isinstance(value, dict):
        return "a map has no elements" if isinstance(step, int | Match) else "not there"
    return f"{type(value).__name__} has no fields"
