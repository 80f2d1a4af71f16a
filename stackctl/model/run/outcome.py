"""What the verbs come back with: outcomes of runs and the state of a stack.

These are what `-o json` prints; how they look as tables is the command line's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackctl.errors import StackError
from stackctl.model.catalogue.catalogue import CatalogueSource
from stackctl.model.objects.refs import Ref
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Drift, HeldValue, Plan
from stackctl.model.plan.preflight import Finding
from stackctl.model.plan.upgrades import Review
from stackctl.model.readiness.status import Status
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.model.run.events import ComponentState

HALF_SEEN = "not all could be looked at"


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """Which cluster is meant; printed before it is touched."""

    context: str
    server: str
    cluster_uid: str
    version: str  # "v1.36.3"
    simulated: bool = False  # a sandbox


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """How one object of a stack stands."""

    ref: Ref
    status: Status
    message: str = ""
    drift: tuple[Drift, ...] = ()
    left: tuple[HeldValue, ...] = ()  # to others, by the last run, and still not as wanted
    hint: str = ""  # the next command, or edit


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """One line of `status`."""

    name: str
    version: str
    namespace: str
    status: Status
    ready: int
    total: int
    message: str = ""
    objects: tuple[ObjectStatus, ...] = ()
    hint: str = ""  # of what the message is about


@dataclass(frozen=True, slots=True)
class Gpus:
    """An extended resource over the nodes that have it, or should."""

    resource: str  # nvidia.com/gpu
    allocatable: int  # on nodes that take Pods
    expected: int  # by the profile, and by the nodes there are
    nodes: Mapping[str, int] = field(default_factory=dict)  # node name → allocatable
    in_use: int | None = None  # asked for by Pods; None: it may not be seen
    closed: Mapping[str, str] = field(default_factory=dict)  # node name → why it takes no Pods
    hints: tuple[str, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)  # by name, where there are several
    missing: int = 0  # nodes that there should be beside these

    @property
    def complete(self) -> bool:
        """As many are there as should be, and Pods may use them."""
        return self.allocatable >= self.expected and not self.closed


@dataclass(frozen=True, slots=True)
class StackStatus:
    """What `status` answers."""

    target: TargetInfo
    release: Release
    components: tuple[ComponentStatus, ...]
    gpus: tuple[Gpus, ...] = ()
    locked_by: str = ""  # holder and since, while a run is on
    unseen: tuple[str, ...] = ()  # what could not be looked at, and what that would take
    made_elsewhere: tuple[CatalogueSource, ...] = ()  # what it was made from and is not here
    run: Finding | None = None  # a run that is on, or that did not end well
    findings: tuple[Finding, ...] = ()  # what is wrong beside objects and GPUs
    remedy: str = ""  # the command that puts back what is not as it was deployed

    @property
    def current(self) -> bool:
        """All is well: everything is there, ready, undrifted, and nothing was left unseen."""
        return not (self.run or self.findings or self.unseen) and all(
            (
                self.release.status is ReleaseStatus.DEPLOYED,
                *(part.status is Status.CURRENT for part in self.components),
                *(not item.drift for part in self.components for item in part.objects),
                *(each.complete for each in self.gpus),
            )
        )

    @property
    def trouble(self) -> str:
        """What is wrong, in a line; empty where all is well."""
        parts = self.components
        short = [each for each in self.gpus if not each.complete]
        sound = (Status.CURRENT, Status.UNKNOWN)
        unready = [part.name for part in parts if part.status not in sound]
        hidden = [part.name for part in parts if part.status is Status.UNKNOWN]
        drifted = sum(1 for part in parts for item in part.objects if item.drift)
        said = (
            f"not ready: {first_few(unready, 3)}" if unready else "",
            f"drifted: {drifted} object{'' if drifted == 1 else 's'}" if drifted else "",
            *(f"GPUs {each.allocatable}/{each.expected}" for each in short),
            *(f"{each.subject}: {each.message}" for each in self.findings[:1]),
            HALF_SEEN if self.unseen or hidden else "",
        )
        return "; ".join(filter(None, said))


@dataclass(frozen=True, slots=True)
class StackSummary:
    """One line of `stacks`."""

    stack: StackId
    revision: int
    release: Release | None  # None: its record cannot be read
    running: bool = False  # somebody holds its lock
    message: str = ""  # why it is not well

    @property
    def well(self) -> bool:
        """Its last run ended well, and none is on."""
        return (
            self.release is not None
            and self.release.status is ReleaseStatus.DEPLOYED
            and not (self.running or self.message)
        )


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that somebody holds, or held until they died."""

    stack: StackId
    holder: str  # user@host
    since: str  # RFC 3339
    renewed: str  # their last sign of life
    seconds: float  # after which, without another one, the lock is free
    expired: bool
    uid: str = ""

    def __str__(self) -> str:
        return f"{self.holder or 'nobody'} since {self.since or 'an unknown time'}"


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What `unlock` did."""

    target: TargetInfo
    hold: HeldLock | None  # None: nobody held the lock
    agreed: bool = True


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """What is wrong with a record, and what was done about it."""

    target: TargetInfo
    stack: StackId
    faults: tuple[StackError, ...]
    done: tuple[str, ...] = ()
    left: tuple[StackError, ...] = ()  # what is wrong afterwards
    agreed: bool = True


@dataclass(frozen=True, slots=True)
class DeployOutcome:
    """What a deploy did."""

    target: TargetInfo
    plan: Plan
    release: Release | None  # None: nothing was recorded (dry run, or nothing to do)
    components: Mapping[str, ComponentState] = field(default_factory=dict)
    seconds: float = 0.0
    dry_run: bool = False
    agreed: bool = True
    review: Review | None = None  # of an upgrade


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """How the smoke test of a component went."""

    component: str
    stack: StackId  # that its objects are of, while they are there
    objects: tuple[Ref, ...]
    seconds: float = 0.0
    failure: StackError | None = None  # None: it passed

    @property
    def passed(self) -> bool:
        """It came to a good end, and nothing of it is left."""
        return self.failure is None


@dataclass(frozen=True, slots=True)
class SmokeOutcome:
    """What smoke tests came to."""

    target: TargetInfo
    stack: StackId
    results: tuple[SmokeResult, ...]
    without: tuple[str, ...] = ()  # components that have none
    seconds: float = 0.0
    dry_run: bool = False
    agreed: bool = True


@dataclass(frozen=True, slots=True)
class Residue:
    """Something a teardown left behind, and why."""

    ref: Ref
    why: str


@dataclass(frozen=True, slots=True)
class TeardownOutcome:
    """What a teardown did and what it found afterwards."""

    target: TargetInfo
    plan: Plan
    residue: tuple[Residue, ...] = ()
    kept: tuple[Residue, ...] = ()  # left on purpose: user data, foreign namespaces
    unseen: tuple[str, ...] = ()  # where residue could not be looked for, and what that would take
    seconds: float = 0.0
    dry_run: bool = False
    agreed: bool = True
