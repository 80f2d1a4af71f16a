"""How lists, numbers and spans of time are told: the first by name and the rest by number; 5m 3s.

What is said of one object is for `conditions` and whoever knows its kind.
"""

from collections.abc import Sequence


def first_few(items: Sequence[object], most: int, rest: str = "more") -> str:
    """Name at most so many, and say how many there are besides."""
    listed = ", ".join(map(str, items[:most]))
    return f"{listed} and {len(items) - most} {rest}" if len(items) > most else listed


def counted(count: int, what: str) -> str:
    """Say how many there are of what: 1 object, 2 objects."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def span(seconds: float) -> str:
    """Write a span of time as people say it, in whole seconds: 8s, 5m 3s, 2h 3m, 4d 1h."""
    whole = int(seconds)
    for size, unit, inner, smaller in _UNITS:
        if whole >= size:
            rest = whole % size // inner
            return f"{whole // size}{unit} {rest}{smaller}" if rest else f"{whole // size}{unit}"
    return f"{whole}s"


# The size and the name of a unit, and those of the next smaller one.
_UNITS = ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s"))
