"""Versions as people write them, v1.36.3 or 2.5.2-rc.1, their bounds, and those of APIs.

Which versions are served is known to discovery, which are there to the catalogue.
"""

import re

_NUMBERS = re.compile(r"v?(\d{1,9}(?:\.\d{1,9})*)(-\S+)?")
_BOUND = re.compile(r"(>=|<=|==|!=|>|<|)\s*v?(\d{1,9}(?:\.\d{1,9})*)")


def split_api_version(text: str) -> tuple[str, str]:
    """Return group and version of `apps/v1`; the group of `v1` is empty."""
    group, _, version = text.rpartition("/")
    return group, version


def is_older(version: str, other: str) -> bool:
    """Tell whether a version comes before another; a pre-release comes before its release."""
    return _key(version) < _key(other)


def minor_of(version: str) -> tuple[int, int]:
    """Return the first two numbers of a version."""
    first, second, *_ = (*_numbers(version), 0, 0)
    return first, second


def satisfies(version: str, wanted: str) -> bool:
    """Compare a version with a comma-separated list of bounds: `>=1.30,<1.40`."""
    return all(_within(version, bound.strip()) for bound in wanted.split(","))


def _within(version: str, bound: str) -> bool:
    match = _BOUND.fullmatch(bound)
    if match is None:
        return False
    limit = _numbers(match[2])
    # Compared as precisely as the bound is written: 1.36.3 is not above <=1.36.
    found = _numbers(version)[: len(limit)]
    return {
        ">=": found >= limit,
        "<=": found <= limit,
        ">": found > limit,
        "<": found < limit,
        "!=": found != limit,
    }.get(match[1], found == limit)


def _numbers(version: str) -> tuple[int, ...]:
    match = _NUMBERS.match(version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _key(version: str) -> tuple[tuple[int, ...], bool, str]:
    match = _NUMBERS.match(version)
    if match is None:
        return (), False, version
    return _numbers(version), match[2] is None, match[2] or ""
