"""How stackctl relates to a component."""

from enum import StrEnum


class Mode(StrEnum):
    """How stackctl relates to a component."""

    MANAGED = "managed"
    ADOPTED = "adopted"
    EXTERNAL = "external"  # somebody else runs it; its capabilities count as provided
    SKIP = "skip"
