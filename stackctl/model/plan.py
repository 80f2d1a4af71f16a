"""What would happen: one change for each object, decided from values.

`make` needs no cluster: desired objects, a snapshot and the inventory go in, a plan comes out.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from stackctl.model.diff import Difference
from stackctl.model.objects import Manifest, Ref


class Action(StrEnum):
    """What would happen to one object."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    ADOPT = "adopt"
    UNCHANGED = "unchanged"
    PRUNE = "prune"

    @property
    def sign(self) -> str:
        """The sign plans are printed with."""
        return {"create": "+", "update": "~", "recreate": "!", "adopt": "@", "prune": "-"}.get(
            self.value, "="
        )


@dataclass(frozen=True, slots=True)
class Drift:
    """Fields somebody else took from us."""

    manager: str
    time: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one object, and why."""

    ref: Ref
    component: str
    action: Action
    desired: Manifest | None = None
    live: Manifest | None = None
    differences: tuple[Difference, ...] = ()  # secrets masked
    reason: str = ""
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Every change of a run, in bundle order, prunes last."""

    stack: str
    profile: str
    changes: tuple[Change, ...]

    @property
    def counts(self) -> Counter[Action]:
        """How many changes of each action."""
        return Counter(change.action for change in self.changes)

    @property
    def empty(self) -> bool:
        """Nothing would change."""
        return all(change.action is Action.UNCHANGED for change in self.changes)
