"""What a run tells while it works; the command line decides how it looks.

Events are values, one class for each thing that can happen.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from stackctl.model.objects.refs import Ref
from stackctl.model.plan.plan import Action


class ComponentState(StrEnum):
    """Where a component stands in a run."""

    PENDING = "pending"  # waits for another component
    APPLYING = "applying"
    WAITING = "waiting"  # applied, not ready yet
    READY = "ready"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"  # something it needs failed
    REMOVING = "removing"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ComponentProgress:
    """A component's line in the live view."""

    component: str
    state: ComponentState
    ready: int = 0  # objects ready (or removed)
    total: int = 0  # objects in all
    waiting_for: str = ""  # "Deployment/ml/x: 0/1 replicas available"


@dataclass(frozen=True, slots=True)
class ObjectDone:
    """One object was created, updated, pruned or deleted."""

    component: str
    ref: Ref
    action: Action


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request is repeated; sent after the first retry and then once for each new reason."""

    what: str
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ServerWarning:
    """A `Warning:` header of the API server, sent once for each text, and what it is about."""

    text: str
    ref: Ref | None = None  # the first object that it was said of; None where it was none
    component: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the run begins: "taking the lock", "building the control plane"."""

    text: str
    done: int = 0
    total: int = 0  # 0: not countable
    unit: str = ""
    left: float = 0.0  # seconds it will go on, at a guess; 0: nobody knows


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know that is neither progress nor failure."""

    text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What everything from here on is about; told again once the run has a revision."""

    stack: str
    revision: int = 0  # 0: nothing is recorded yet


Event = ComponentProgress | ObjectDone | Retrying | ServerWarning | Step | Notice | Subject
Notify = Callable[[Event], None]


def masked(event: Event, mask: Callable[[str], str]) -> Event:
    """Hide what is secret in the texts of an event."""
    values = {each.name: getattr(event, each.name) for each in fields(event)}
    # Words of ours, such as states, are texts of another class.
    texts: dict[str, Any] = {key: mask(v) for key, v in values.items() if type(v) is str and v}
    return replace(event, **texts)
