"""Two questions at once, where a round trip is what they cost.

What a run asks in great numbers goes through its pool, in `cluster.workers`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def together(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Ask both; where both raise, the first is heard."""
    with ThreadPoolExecutor(1, "beside") as beside:
        asked = beside.submit(second)
        return first(), asked.result()
