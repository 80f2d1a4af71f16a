"""The kinds `Component` and what a component.yaml may say.

Decoding from text is done by sources; binding parameters to places by `bind`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stackctl.model.catalogue.envelope import LICENCE, LICENCE_HELP
from stackctl.model.catalogue.generated import Generate
from stackctl.model.catalogue.lint_rules import LintException
from stackctl.model.catalogue.mode import Mode as Mode
from stackctl.model.catalogue.source import Source
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.shapes.ready_rules import ReadyRules


class ParameterType(StrEnum):
    """What a parameter's value may be."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"  # of strings
    MAP = "map"  # string to string
    QUANTITY = "quantity"  # Kubernetes quantity: 500m, 2Gi
    DURATION = "duration"  # Go duration: 10m, 1h30m
    SECRET = "secret"  # a text that is kept in a Secret and nowhere else  # noqa: S105


class MapPart(StrEnum):
    """What of a map goes to a place; of one entry where a layer is repeated over the map."""

    KEYS = "keys"
    VALUES = "values"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes: exactly one of `path`, `arg`, `env` of an object, or `values` of a chart.

    `key` opens a document first. Or, with `absent`, for which values the object is left out.
    """

    object: str = ""  # Kind/name, Kind/namespace/name; Kind.group where ambiguous
    path: str = ""
    container: str = ""
    arg: str = ""
    env: str = ""
    key: str = ""
    format: str = ""  # yaml | json | ini | properties | xml; from the key's suffix when empty
    join: str = ","
    repeat: bool = False
    feature: str = ""  # only while this feature is on
    each: str = ""  # in the objects of this repeated layer
    smoke: bool = False  # in the objects of smoke/; a list is named by its first item there
    part: MapPart | None = None  # of a map, where not the whole of it
    values: str = ""  # a path in the values of the component's chart
    as_: Mapping[str, Any] = field(default_factory=dict, metadata={"key": "as"}, hash=False)
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed setting."""

    type: ParameterType
    description: str
    default: Any = None  # None: unset, nothing is written
    from_: str = field(default="", metadata={"key": "from"})  # an attribute: hdfs.url
    generate: Generate | None = None  # of a secret: what is made where nobody sets it
    minimum: float | None = None
    maximum: float | None = None
    atMost: str = ""  # noqa: N815 - another number of the component that it may not exceed
    enum: tuple[Any, ...] = ()
    pattern: str = ""
    keyPattern: str = ""  # noqa: N815 - of a map's keys
    places: tuple[Place, ...] = ()
    secret: bool | None = field(
        default=None,
        metadata={
            "help": "its values are never shown; unsaid: where a place is in a Secret, "
            "or where it is called like one"
        },
    )


@dataclass(frozen=True, slots=True)
class Repeat:
    """A layer that is repeated for each item of a list parameter, or each entry of a map."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Detect:
    """Signs of an installation made by other means."""

    crds: tuple[str, ...] = ()  # plural.group
    images: tuple[str, ...] = ()  # whole parts of an image's path, whatever its registry
    charts: tuple[str, ...] = ()  # names of Helm charts, without version


@dataclass(frozen=True, slots=True)
class Feature:
    """A named layer that can be switched on."""

    description: str
    default: bool = False
    conflicts: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)  # in place of the component's
    detect: Detect = Detect()


def standing(
    features: Mapping[str, Feature], on: Collection[str], said: Collection[str] = ()
) -> frozenset[str]:
    """Leave out what is on by default alone, not `said`, and requires a feature that is off."""
    kept = frozenset(on)
    while waiting := {
        name for name in kept.difference(said) if not kept.issuperset(features[name].requires)
    }:
        kept -= waiting
    return kept


@dataclass(frozen=True, slots=True)
class Image:
    """A container image the manifests name."""

    image: str  # without tag
    tag: str = ""
    digest: str = ""
    places: tuple[Place, ...] = ()  # outside Pod templates
    # Where the tag stands apart; what is in `places` is the image without it then.
    tagPlaces: tuple[Place, ...] = ()  # noqa: N815

    @property
    def reference(self) -> str:
        """The text the manifests carry."""
        tag, digest = self.tag and f":{self.tag}", self.digest and f"@{self.digest}"
        return f"{self.image}{tag}{digest}"


@dataclass(frozen=True, slots=True)
class Probe:
    """A condition beyond the objects' own status; exactly one field is set."""

    allocatable: str = ""  # an extended resource on the nodes
    accepts: str = ""  # a file of the component that a server dry run must accept


@dataclass(frozen=True, slots=True)
class IgnoredField:
    """A field that controllers fill: never owned, never diffed."""

    object: str
    path: str


@dataclass(frozen=True, slots=True)
class ContestedField:
    """Who keeps fields that another manager holds as well; the first rule that fits counts."""

    verdict: Verdict
    manager: str = "*"  # with wildcards: argocd-*
    object: str = ""  # every object of the component, when empty
    path: str = ""  # every field, when empty


@dataclass(frozen=True, slots=True)
class UpgradeRule:
    """What upgrading from a range of versions takes."""

    from_: str = field(metadata={"key": "from"})
    verdict: str  # allowed | manual | forbidden
    reason: str = ""
    steps: tuple[str, ...] = ()
    migrates: bool = False  # data is changed on the way, so that none leads back


@dataclass(frozen=True, slots=True)
class Chart:
    """The Helm chart our manifests follow."""

    repository: str
    name: str
    version: str
    attributes: Mapping[str, str] = field(default_factory=dict)  # where it stands in for manifests


class Maturity(StrEnum):
    """How far a project says its program is, the least first."""

    ALPHA = "alpha"
    BETA = "beta"
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Whose program this is."""

    project: str
    version: str
    chart: Chart | None = None
    supplier: str = ""  # who answers for it
    licence: str = field(default="", metadata={"pattern": LICENCE, "help": LICENCE_HELP})
    maturity: Maturity | None = None


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """The `spec` of a component.yaml."""

    version: str
    namespace: str
    source: Source | None = None  # what is in the folder is laid over it
    upstream: Upstream | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)  # hdfs.url: hdfs://nn:{port}
    conflicts: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    each: Mapping[str, Repeat] = field(default_factory=dict)
    features: Mapping[str, Feature] = field(default_factory=dict)
    images: tuple[Image, ...] | None = None  # all of them, or nothing said about any
    namespacePlaces: tuple[Place, ...] = ()  # noqa: N815 - the file's spelling
    ready: tuple[Probe, ...] = ()
    readyWhen: ReadyRules = field(default_factory=dict)  # noqa: N815 - by Kind.group
    restartOn: Mapping[str, tuple[str, ...]] = field(  # noqa: N815
        default_factory=dict,
        metadata={
            "help": "workload → the ConfigMaps that its program reads only when it starts: "
            "its Pods are replaced when these change"
        },
    )
    detect: Detect = Detect()
    ignore: tuple[IgnoredField, ...] = ()
    contested: tuple[ContestedField, ...] = ()
    leftovers: tuple[str, ...] = ()
    nodeManagers: tuple[str, ...] = ()  # noqa: N815 - who writes on nodes
    upgrades: tuple[UpgradeRule, ...] = ()
    lint: tuple[LintException, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """A component as its folder describes it, manifests not read yet."""

    name: str
    description: str
    spec: ComponentSpec
    folder: str  # where it came from; for messages and for reading manifests; empty: no folder
    # The line of each path of its component.yaml, and how that file is called in messages.
    lines: Mapping[tuple[str | int, ...], int] = field(
        default_factory=dict, compare=False, repr=False
    )
    path: str = field(default="", compare=False)

    @property
    def file(self) -> str:
        """Its component.yaml, by the whole path."""
        return f"{self.folder}/component.yaml"


@dataclass(frozen=True, slots=True)
class Manifests:
    """The objects of a component's folder, as written, layer by layer."""

    base: tuple[Manifest, ...]
    features: Mapping[str, tuple[Manifest, ...]]
    patches: Mapping[str, tuple[Manifest, ...]]  # per feature
    each: Mapping[str, tuple[Manifest, ...]]  # per list or map parameter
    files: Mapping[str, tuple[Manifest, ...]]  # the others by path: smoke/x.yaml
    unread: tuple[str, ...] = ()  # what lies among them and is no manifest


EMPTY = Manifests((), {}, {}, {}, {})
