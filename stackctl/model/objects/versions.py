"""Comparing versions as people write them: v1.36.3, 2.5.2-rc.1."""

import re

_NUMBERS = re.compile(r"v?(\d{1,9}(?:\.\d{1,9})*)(-\S+)?")


def is_older(version: str, other: str) -> bool:
    """Tell whether a version comes before another; a pre-release comes before its release."""
    return _key(version) < _key(other)


def minor_of(version: str) -> tuple[int, int]:
    """Return the first two numbers of a version."""
    first, second, *_ = (*_key(version)[0], 0, 0)
    return first, second


def _key(version: str) -> tuple[tuple[int, ...], bool, str]:
    match = _NUMBERS.match(version)
    if match is None:
        return (), False, version
    numbers = tuple(int(part) for part in match[1].split("."))
    return numbers, match[2] is None, match[2] or ""
