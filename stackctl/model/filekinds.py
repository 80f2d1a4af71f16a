"""The kinds of files there are, with the envelope each comes in.

Only the shape is said here; what the parts mean is said by `component` and `profile`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackctl.model.component import ComponentSpec
from stackctl.model.profile import Choice, Needs, Settings, TargetPin

API_VERSION = "stackctl.dev/v1alpha1"
LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
LABEL_HELP = "a name of small letters, digits and dashes, 63 at most"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file is called, and what it is for in one line."""

    name: str = field(metadata={"pattern": LABEL, "help": LABEL_HELP})
    description: str = ""


@dataclass(frozen=True, slots=True)
class ComponentFile:
    """A component.yaml."""

    apiVersion: str = field(metadata={"const": API_VERSION})  # noqa: N815
    kind: str = field(metadata={"const": "Component"})
    metadata: Metadata
    spec: ComponentSpec


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """Which components a profile chooses, with which parameters."""

    extends: str | None = None
    mixins: tuple[str, ...] = ()
    components: Mapping[str, Choice | None] = field(default_factory=dict)
    requires: Needs = Needs()
    settings: Settings = Settings()


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


@dataclass(frozen=True, slots=True)
class StackDocument:
    """A stack.yaml."""

    apiVersion: str = field(metadata={"const": API_VERSION})  # noqa: N815
    kind: str = field(metadata={"const": "Stack"})
    metadata: Metadata
    spec: StackSpec


FILE_KINDS: Mapping[str, type] = {
    "Component": ComponentFile,
    "Profile": ProfileFile,
    "Stack": StackDocument,
}
