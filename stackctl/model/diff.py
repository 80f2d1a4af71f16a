"""Field differences of two objects, as values; secrets masked.

How they look is the command line's; what is compared is decided by the caller.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; `old` or `new` is `MISSING` where the field is not there."""

    path: str  # spec.template.spec.containers[name=controller].image
    old: Any
    new: Any
