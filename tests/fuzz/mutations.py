"""Valid values made invalid: any node deleted, doubled, or replaced by something hostile."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

DEEP = "[" * 3000 + "]" * 3000
# What a value may be replaced by; numbers that no JSON text should hold are written by `as_yaml`.
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, 10**400, -(2**63), 2**64, "", "x", "1k", "a/b", "..", "~",
    "\0", "\x1b[2J", "é\u2028", "a" * 20_000, "9" * 400, "9" * 5000, "1e999", "9" * 400 + "Gi",
    "(a+)+$", "[", "*", "%s%n", "$(reboot)", [], ["x"], [None], [1], [[]], [{}], {}, {"x": 1},
    {"x": None}, {"x": {"x": 1}}, {"": ""}, {"$patch": "delete"}, {"$patch": []}, {"<<": 1},
    [{"x": "y"}], [{"name": 1}], [{"name": "x"}, "y"], [{"name": ["x"]}, {"name": {}}],
)  # fmt: skip

Path = tuple[str | int, ...]


def nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every node of a tree."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from nodes(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nodes(item, (*path, index))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """Return the tree with another node at the path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def removed(value: Any, path: Path) -> Any:
    """Return the tree without the node at the path."""
    return _with_holder(value, path, lambda holder, key: holder.pop(key))


def doubled(value: Any, path: Path) -> Any:
    """Return the tree with a list element twice; elsewhere with the node inside itself."""
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    if isinstance(holder, list):
        return _with_holder(value, path, lambda items, at: items.insert(at, items[at]))
    return replaced(value, path, {path[-1]: holder[path[-1]]})


def _with_holder(value: Any, path: Path, change: Any) -> Any:
    if len(path) > 1:
        return replaced(value, path[:1], _with_holder(value[path[0]], path[1:], change))
    copy = value.copy()
    change(copy, path[0])
    return copy


def mutations(value: Any) -> st.SearchStrategy[Any]:
    """Draw a tree that differs in one node."""
    return _mutations(value, st.sampled_from(sorted(nodes(value), key=str)))


@st.composite
def _mutations(draw: st.DrawFn, value: Any, paths: st.SearchStrategy[Path]) -> Any:
    path = draw(paths)
    way = draw(st.integers(0, 9))
    if path and way == 0:
        return removed(value, path)
    if path and way == 1:
        return doubled(value, path)
    return replaced(value, path, draw(st.sampled_from(HOSTILE)))


def texts() -> st.SearchStrategy[str]:
    """Draw what people might type, and what nobody would."""
    hostile = [each for each in HOSTILE if isinstance(each, str)]
    alphabet = st.sampled_from("019.-+eE_kKMGinmsuµh:,=[]{}\"'\\ \tax/#&*!|>%@`~\0\n²٣")
    return st.sampled_from([*hostile, DEEP]) | st.text(alphabet, max_size=30) | st.text()
