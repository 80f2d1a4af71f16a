"""How much a text says: Kubernetes quantities (500m, 2Gi) and Go durations (90s, 1h30m)."""

import math
import re
from functools import lru_cache
from typing import Any

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))"
    r"(?:(?P<suffix>Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|(?P<exponent>[eE][+-]?\d+))?"
)
_SUFFIXES: dict[str | None, float] = {
    None: 1, "n": 1e-9, "u": 1e-6, "m": 1e-3,
    "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
MOST_LETTERS = 400  # beyond which nobody counts
LONGEST = 2**63 / 1e9  # seconds in the nanoseconds that Go counts
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


@lru_cache(1024)  # of thousands of Pods and nodes most say the same
def amount(quantity: str) -> float:
    """Return what a Kubernetes quantity comes to.

    Raises:
        ValueError: the text is none.
    """
    match = _QUANTITY.fullmatch(quantity) if len(quantity) <= MOST_LETTERS else None
    if match is None:
        raise ValueError(f"expected a quantity such as 500m or 2Gi, found {_shown(quantity)}")
    size = float(quantity) if match["exponent"] else float(match["number"])
    if not math.isfinite(size):
        raise ValueError("expected a quantity such as 500m or 2Gi, found one beyond all measure")
    return size * _SUFFIXES[match["suffix"]]


def count(quantity: Any) -> int:
    """Return how many whole things a quantity comes to: 1k is 1000, 500m is none.

    Raises:
        ValueError: it is no quantity.
    """
    return math.floor(amount(str(quantity)))


def seconds(duration: str) -> float:
    """Return the seconds of a Go duration.

    Raises:
        ValueError: the text is none.
    """
    parts = _DURATION.findall(duration) if len(duration) <= MOST_LETTERS else []
    if duration != "0" and (not parts or "".join(n + unit for n, unit in parts) != duration):
        raise ValueError(f"expected a duration such as 90s or 1h30m, found {_shown(duration)}")
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if total > LONGEST:
        raise ValueError("expected a duration of 292 years at most, as Go has them")
    return total


def _shown(text: str) -> str:
    return f'the text "{text}"' if len(text) <= 40 else "a long text"
