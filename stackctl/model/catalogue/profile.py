"""The kinds `Profile` and `Stack`: what they say, as values.

What they come to when laid over each other is `resolve`'s part, and a `Selection`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from stackctl.model.catalogue.component import (
    Component,
    ContestedField,
    IgnoredField,
    Maturity,
)
from stackctl.model.catalogue.envelope import LABEL, LABEL_HELP
from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.source import Source
from stackctl.model.objects.refs import Manifest

T = TypeVar("T")
Lines = Mapping[tuple[str | int, ...], int]  # the line of each path of a file


@dataclass(frozen=True, slots=True)
class Choice:
    """What a profile or a stack file says about one component."""

    version: str | None = None
    mode: Mode | None = None
    source: Source | None = None
    values: Mapping[str, Any] = field(default_factory=dict)  # of the component's chart
    parameters: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[str, bool] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)  # of what has no manifests of ours
    patches: tuple[Manifest, ...] = ()
    ignore: tuple[IgnoredField, ...] = ()
    contested: tuple[ContestedField, ...] = ()


@dataclass(frozen=True, slots=True)
class GpuNeeds:
    """How many nodes with accelerators a profile expects, and how many of them on each."""

    nodes: int = 1
    perNode: int = 1  # noqa: N815 - the file's spelling
    resource: str = field(
        default="nvidia.com/gpu",
        metadata={
            "pattern": r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?/[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?",
            "help": "an extended resource, such as nvidia.com/gpu, amd.com/gpu or google.com/tpu",
        },
    )
    shares: int = 0  # that each is offered as; 0: as the stack's device plugin is set

    @property
    def offered(self) -> int:
        """What a node offers in all."""
        return self.perNode * max(self.shares, 1)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a profile requires of a cluster."""

    kubernetes: str = ""  # ">=1.30"
    gpu: GpuNeeds | None = None
    storageClass: bool = False  # noqa: N815 - the file's spelling


@dataclass(frozen=True, slots=True)
class ForPods(Generic[T]):
    """A setting with one value for system Pods and one for accelerated ones."""

    system: T | None = None
    accelerated: T | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What applies to every Pod template and object by kind."""

    imageRegistry: str = ""  # noqa: N815 - the file's spelling
    imagePullSecrets: tuple[str, ...] = ()  # noqa: N815
    nodeSelector: ForPods[Mapping[str, str]] = ForPods()  # noqa: N815
    tolerations: ForPods[tuple[Manifest, ...]] = ForPods()
    storageClass: str | None = None  # noqa: N815
    priorityClass: ForPods[str] = ForPods()  # noqa: N815
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Whose programs may run in a stack, by what their components say of them."""

    maturity: Maturity | None = None  # this one and those above
    licences: tuple[str, ...] = ()  # any, when empty
    suppliers: tuple[str, ...] = ()  # any, when empty
    exceptions: Mapping[str, str] = field(default_factory=dict)  # component → the reason


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where the record of a stack is kept."""

    namespace: str | None = field(default=None, metadata={"pattern": LABEL, "help": LABEL_HELP})


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as one file says it."""

    name: str
    description: str
    path: str
    extends: str | None = None
    mixins: tuple[str, ...] = ()
    components: Mapping[str, Choice | None] = field(default_factory=dict)  # None: taken out
    adjust: Mapping[str, Choice] = field(default_factory=dict)  # those that are there, if any
    requires: Mapping[str, Any] = field(default_factory=dict)  # as written: maps merge
    settings: Mapping[str, Any] = field(default_factory=dict)
    accepts: Mapping[str, Any] = field(default_factory=dict)  # as written: maps merge
    record: RecordPlace = RecordPlace()
    lines: Lines = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TargetPin:
    """Which cluster a stack file is meant for."""

    context: str = ""
    clusterUID: str = ""  # noqa: N815 - the file's spelling


@dataclass(frozen=True, slots=True)
class StackFile:
    """The user's stack.yaml."""

    name: str
    profile: str  # NAME, or NAME+MIXIN with those of `mixins`
    path: str
    target: TargetPin = TargetPin()
    components: Mapping[str, Choice | None] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    accepts: Mapping[str, Any] = field(default_factory=dict)
    record: RecordPlace = RecordPlace()
    lines: Lines = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was set: "profiles/gpu8.yaml:14", "--set" or "default"."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


DEFAULT = Origin("default")


def origin_of(source: str, lines: Lines, at: tuple[str | int, ...]) -> Origin:
    """Find the line of a path, or of the nearest thing around it that has one."""
    while at and at not in lines:
        at = at[:-1]
    return Origin(source, lines.get(at, 0))


def declared(component: Component, *at: str) -> Origin:
    """Return where a component.yaml says something, or what encloses it."""
    return origin_of(component.path or component.file, component.lines, ("spec", *at))
