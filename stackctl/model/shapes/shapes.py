"""Which shape a value must have: a small language of literals, and the check that reads it.

A shape is a leaf; `[shape]`, a list of such; `{"*": shape}`, a map of such; or a map of fields,
`{"name!": TEXT, "args": [TEXT]}`, where `!` marks what must be there and fields that are not named
may be anything. Which object has which shape is said by `kind_shapes`.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from stackctl.model.objects.quantities import amount
from stackctl.model.shapes.decode import At, Problem, shown

_NOT_IN_NAMES = re.compile(r"[/%\x00-\x20\x7f]")


class Leaf(NamedTuple):
    """A value that has no parts to be checked."""

    what: str
    fits: Callable[[Any], bool]


class Secret(NamedTuple):
    """A part whose values are in no message."""

    shape: "Shape"


Shape = Leaf | Secret | list[Any] | Mapping[str, Any]  # of shapes


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_quantity(value: Any) -> bool:
    if isinstance(value, str):
        try:
            amount(value.strip())  # as servers do
        except ValueError:
            return False
        return True
    return _is_number(value)


def _is_base64(value: Any) -> bool:
    try:
        base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (AttributeError, binascii.Error, ValueError):
        return False
    return True


def matching(pattern: str) -> Callable[[Any], bool]:
    """Make a test for texts that are like a pattern."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= 253
        and value not in (".", "..")
        and not _NOT_IN_NAMES.search(value)
    )


TEXT = Leaf("a text", _is_text)
ENTRY = Leaf("a text", lambda value: value is None or _is_text(value))  # empty is without letters
API_VERSION = Leaf("a group and a version such as apps/v1", matching(r"(?:[\w.-]+/)?[\w.-]+"))
KIND = Leaf("a kind such as Deployment", matching(r"\w+"))
NAME = Leaf("a name", _is_name)
WHOLE = Leaf("a whole number", _is_whole)
NUMBER = Leaf("a number", _is_number)
FLAG = Leaf("true or false", lambda value: isinstance(value, bool))
WHOLE_OR_TEXT = Leaf("a whole number or a text", lambda value: _is_whole(value) or _is_text(value))
QUANTITY = Leaf("a quantity such as 500m or 2Gi", _is_quantity)
BASE64 = Leaf("a text in base64", _is_base64)
BASE64_ENTRY = Leaf("a text in base64", lambda value: value is None or _is_base64(value))
REFERENCE = Leaf("an object as GROUP/KIND/NAMESPACE/NAME", matching(r"[^/]*/[^/]+/[^/]*/[^/].*"))
MAP: Shape = {}
TEXTS: Shape = [TEXT]
TEXT_MAP: Shape = {"*": TEXT}
ENTRIES: Shape = {"*": ENTRY}


def one_of(words: type[Enum]) -> Leaf:
    """Return the leaf that is one of a few texts."""
    values = [member.value for member in words]
    return Leaf(f"one of {', '.join(values)}", lambda value: value in values)


class Reading(NamedTuple):
    """How strictly a value is read."""

    patch: bool = False  # a part of an object: nothing must be there, and null takes away
    nulls: bool = True  # a field that is null is one that is not there

    @property
    def forgiving(self) -> bool:
        """A null in place of a field is no value of another shape."""
        return self.patch or self.nulls


WHOLE_OBJECT = Reading()

Test = Callable[[Any], bool]
# The test of each shape that was asked for, by its identity: shapes are constants of modules.
_TESTS: dict[tuple[int, Reading], tuple[Shape, Test]] = {}


def misshapen(
    value: Any, shape: Shape, at: At = (), reading: Reading = WHOLE_OBJECT
) -> list[Problem]:
    """Return everything about a value that has another shape; `shape` is a constant of a module."""
    if fits(value, shape, reading):  # as nearly all do: for them no path is put together
        return []
    problems: list[Problem] = []
    _check(value, shape, at, reading, problems)
    return problems


def fits(value: Any, shape: Shape, reading: Reading = WHOLE_OBJECT) -> bool:
    """Tell whether a value has a shape; a constant of a module, as for `misshapen`."""
    return _test_of(shape, reading)(value)


def _test_of(shape: Shape, reading: Reading) -> Test:
    """Return a test that only tells whether a value has a shape, which is soon told."""
    if isinstance(shape, Leaf):
        return shape.fits
    key = id(shape), reading
    if (known := _TESTS.get(key)) is None:
        known = _TESTS[key] = shape, _made_test(shape, reading)
    return known[1]


def _made_test(shape: Shape, reading: Reading) -> Test:
    if isinstance(shape, Leaf):
        return shape.fits
    if isinstance(shape, Secret):
        return _test_of(shape.shape, reading)
    if isinstance(shape, list):
        return _list_test(_test_of(shape[0], reading))
    if "*" in shape:
        return _values_test(_test_of(shape["*"], reading), reading)
    return _fields_test(shape, reading)


def _list_test(inner: Test) -> Test:
    return lambda value: isinstance(value, list) and all(map(inner, value))


def _values_test(inner: Test, reading: Reading) -> Test:
    def holds(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        if reading.patch:
            return "$patch" in value or all(x is None or inner(x) for x in value.values())
        return all(map(inner, value.values()))

    return holds


def _fields_test(shape: Mapping[str, Any], reading: Reading) -> Test:
    """Go through what a value has, which is less than what it may have."""
    tests = {field.removesuffix("!"): _test_of(inner, reading) for field, inner in shape.items()}
    needed = [] if reading.patch else [field[:-1] for field in shape if field.endswith("!")]
    find, patch, forgiving = tests.get, reading.patch, reading.forgiving

    def holds(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for field in needed:
            if value.get(field) is None:
                return False
        if patch and "$patch" in value:
            return True
        for field, item in value.items():
            test = find(field)
            if test is not None and not (item is None and forgiving) and not test(item):
                return False
        return True

    return holds


def _check(value: Any, shape: Shape, at: At, reading: Reading, problems: list[Problem]) -> None:
    if isinstance(shape, Leaf):
        if not shape.fits(value):
            problems.append(_wrong(value, shape, at))
    elif isinstance(shape, Mapping):
        _check_map(value, shape, at, reading, problems)
    elif isinstance(shape, list):
        _check_list(value, shape[0], at, reading, problems)
    else:
        found = misshapen(value, shape.shape, at, reading)
        problems += (_without_value(problem) for problem in found)


def _check_map(
    value: Any, shape: Mapping[str, Any], at: At, reading: Reading, problems: list[Problem]
) -> None:
    if not isinstance(value, dict):
        problems.append(Problem(at, f"expected a map, found {shown(value)}"))
    elif reading.patch and "$patch" in value:
        return  # takes out what it names; its merging looks at the rest
    elif "*" in shape:
        inner = shape["*"]
        for key, item in value.items():
            if item is not None or not reading.patch:
                _check(item, inner, (*at, key), reading, problems)
    else:
        for field, inner in shape.items():
            key = field[:-1] if field[-1] == "!" else field
            item = value.get(key)
            if item is not None or (key in value and not reading.forgiving):
                _check(item, inner, (*at, key), reading, problems)
            elif key != field and not reading.patch:
                problems.append(Problem(at, f"{key} is missing"))


def _check_list(
    value: Any, shape: Shape, at: At, reading: Reading, problems: list[Problem]
) -> None:
    if not isinstance(value, list):
        problems.append(Problem(at, f"expected a list, found {shown(value)}"))
        return
    for index, item in enumerate(value):
        _check(item, shape, (*at, index), reading, problems)


def _wrong(value: Any, leaf: Leaf, at: At) -> Problem:
    quote = (
        ": quote it"
        if leaf in (TEXT, ENTRY, NAME, KIND, API_VERSION) and isinstance(value, int | float)
        else ""
    )
    return Problem(at, f"expected {leaf.what}, found {shown(value)}{quote}")


def _without_value(problem: Problem) -> Problem:
    """Leave the value out of a message, and what it is in."""
    quote = ": quote it" if problem.what.endswith(": quote it") else ""
    return Problem(problem.at, problem.what.partition(", found ")[0] + quote)


def fitting(value: Any, shape: Shape) -> Any:
    """Return a value without what has another shape; None when nothing of it is left."""
    if isinstance(shape, Leaf):
        return value if shape.fits(value) else None
    if isinstance(shape, Secret):
        return fitting(value, shape.shape)
    if isinstance(shape, list):
        items = value if isinstance(value, list) else []
        return [kept for item in items if (kept := fitting(item, shape[0])) is not None]
    return _fitting_map(value, shape) if isinstance(value, dict) else None


def _fitting_map(value: Mapping[str, Any], shape: Mapping[str, Any]) -> Any:
    names = {field.removesuffix("!"): inner for field, inner in shape.items()}
    kept = {
        key: fitting(item, inner) if (inner := names.get(key, names.get("*"))) else item
        for key, item in value.items()
    }
    kept = {key: item for key, item in kept.items() if item is not None or value[key] is None}
    needed = (field[:-1] for field in shape if field.endswith("!"))
    return None if any(kept.get(key) is None for key in needed) else kept
