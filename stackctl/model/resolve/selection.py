"""What choosing components comes to: every value decided, with where it came from.

How it is decided is `resolve`'s part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackctl.model.catalogue.component import Component, ContestedField, Detect, IgnoredField
from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.profile import DEFAULT, Needs, Origin, Settings, TargetPin
from stackctl.model.objects.refs import Manifest
from stackctl.model.resolve.chosen_source import ChosenSource


@dataclass(frozen=True, slots=True)
class WireSource:
    """Where a value comes from that another component gives."""

    attribute: str  # hdfs.url
    provider: str  # the component
    origin: Origin  # where it says what that is


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a capability carries, with where that is written."""

    value: Any
    origin: Origin
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter's value with where it was set, and what it overrode, nearest first."""

    value: Any
    origin: Origin
    overrode: tuple[tuple[Any, Origin], ...] = ()
    wires: tuple[WireSource, ...] = ()  # that it comes through
    unsaid: bool = False  # nobody sets it, or the last who spoke of it has unset it


@dataclass(frozen=True, slots=True)
class Chosen:
    """A component with everything decided."""

    component: Component
    mode: Mode
    namespace: str
    parameters: Mapping[str, Setting]  # every parameter, and `namespace`
    features: frozenset[str]  # those that are on
    patches: tuple[tuple[Origin, Manifest], ...] = ()
    ignore: tuple[tuple[Origin, IgnoredField], ...] = ()  # beside the component's own
    contested: tuple[tuple[Origin, ContestedField], ...] = ()  # those that count first, first
    mode_origin: Origin = DEFAULT
    feature_settings: Mapping[str, Setting] = field(default_factory=dict)  # on or off, of each
    said_attributes: Mapping[str, tuple[Any, Origin]] = field(default_factory=dict)  # if external
    attributes: Mapping[str, Attribute] = field(default_factory=dict)  # that it has in this stack
    source: ChosenSource | None = None  # where objects come from beside its folder

    @property
    def feature_signs(self) -> Mapping[str, Detect]:
        """By what it is known that something else does what a feature that is on is for."""
        known = {name: self.component.spec.features[name].detect for name in sorted(self.features)}
        return {name: signs for name, signs in known.items() if signs != Detect()}


@dataclass(frozen=True, slots=True)
class Selection:
    """A profile resolved: nothing left to look up."""

    profile: str
    chain: tuple[str, ...]  # base first
    components: tuple[Chosen, ...]
    requires: Needs
    settings: Settings
    target: TargetPin = TargetPin()  # what the stack file pins
    record: str | None = None  # the namespace of the record, where one is named
    unused: frozenset[str] = frozenset()  # what --set said before of components that are not here
