"""How much a text says: Kubernetes quantities (500m, 2Gi) and Go durations (90s, 1h30m)."""

import re

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
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def amount(quantity: str) -> float:
    """Return what a Kubernetes quantity comes to.

    Raises:
        ValueError: the text is none.
    """
    match = _QUANTITY.fullmatch(quantity)
    if match is None:
        raise ValueError(f'expected a quantity such as 500m or 2Gi, found the text "{quantity}"')
    if match["exponent"]:
        return float(quantity)
    return float(match["number"]) * _SUFFIXES[match["suffix"]]


def seconds(duration: str) -> float:
    """Return the seconds of a Go duration.

    Raises:
        ValueError: the text is none.
    """
    parts = _DURATION.findall(duration)
    if duration != "0" and (not parts or "".join(n + unit for n, unit in parts) != duration):
        raise ValueError(f'expected a duration such as 90s or 1h30m, found the text "{duration}"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
