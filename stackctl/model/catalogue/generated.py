"""Secret values that are in no file: what stands for one until a run puts it into its Secret.

So that none is in a bundle, a record, a plan or an export. What they are in a cluster, and how
they get there, is said by `plan.credentials` and `cluster.change.credentials`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from stackctl.secrets import HIDDEN

_STAND_IN = re.compile(r"<stackctl:(?P<name>[a-z0-9-]+\.[\w-]+)>")


class Generate(StrEnum):
    """What is generated."""

    PASSWORD = "password"  # letters and digits, for people to type  # noqa: S105
    TOKEN = "token"  # noqa: S105
    KEY = "key"  # 32 bytes, as hexadecimal digits


@dataclass(frozen=True, slots=True)
class Generated:
    """The value of a parameter that nobody knows: a run makes it, once."""

    name: str  # component.parameter

    def __str__(self) -> str:
        return HIDDEN


def stand_in(name: str) -> str:
    """Write what stands for the value of `component.parameter`."""
    return f"<stackctl:{name}>"


def stand_ins(text: str) -> list[str]:
    """Name the values that a text waits for."""
    return [match["name"] for match in _STAND_IN.finditer(text)]


def with_values(text: str, value: Callable[[str], str]) -> str:
    """Put values where something stands for them."""
    return _STAND_IN.sub(lambda match: value(match["name"]), text)
