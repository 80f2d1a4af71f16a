"""The file kinds `Profile` and `Stack` with their envelopes.

Only the shape is said here; what the parts mean is said by `profile`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackctl.model.catalogue.envelope import API_VERSION, Metadata
from stackctl.model.catalogue.profile import (
    Accepted,
    Choice,
    Needs,
    RecordPlace,
    Settings,
    TargetPin,
)


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """Which components a profile chooses, with which parameters."""

    extends: str | None = None
    mixins: tuple[str, ...] = ()
    components: Mapping[str, Choice | None] = field(default_factory=dict)
    requires: Needs = Needs()
    settings: Settings = Settings()
    accepts: Accepted = Accepted()
    record: RecordPlace = RecordPlace()
    adjust: Mapping[str, Choice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A file in profiles/."""

    apiVersion: str = field(metadata={"const": API_VERSION})  # noqa: N815
    kind: str = field(metadata={"const": "Profile"})
    metadata: Metadata
    spec: ProfileSpec = ProfileSpec()


@dataclass(frozen=True, slots=True)
class StackSpec:
    """Which profile a stack runs, where, and what it overrides."""

    profile: str
    target: TargetPin = TargetPin()
    components: Mapping[str, Choice | None] = field(default_factory=dict)
    settings: Settings = Settings()
    accepts: Accepted = Accepted()
    record: RecordPlace = RecordPlace()
    mixins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackDocument:
    """A stack.yaml."""

    apiVersion: str = field(metadata={"const": API_VERSION})  # noqa: N815
    kind: str = field(metadata={"const": "Stack"})
    metadata: Metadata
    spec: StackSpec
