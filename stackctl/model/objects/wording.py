"""How long lists are told: the first of them by name, the rest by its number.

What is said of one object is for `conditions` and whoever knows its kind.
"""

from collections.abc import Sequence


def first_few(items: Sequence[object], most: int, rest: str = "more") -> str:
    """Name at most so many, and say how many there are besides."""
    listed = ", ".join(map(str, items[:most]))
    return f"{listed} and {len(items) - most} {rest}" if len(items) > most else listed
