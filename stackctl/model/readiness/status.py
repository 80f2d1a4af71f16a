"""How an object, or a component, stands: the words for it, and why."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How one object, or everything of a component, stands (kstatus' words)."""

    CURRENT = "Current"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Assessment:
    """How one object stands, and why in one line."""

    status: Status
    message: str = ""
    hint: str = ""  # one command or edit, where there is one to give
