"""What files of NVIDIA AICR say: a resolved recipe, an overlay or mixin of one, the registry.

Only the shape is said here, in that format's spelling. Layers become one recipe in `layers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackctl.model.catalogue.envelope import LABEL, LABEL_HELP
from stackctl.model.catalogue.profile import Origin

RESULT, LAYER, MIXIN = "RecipeResult", "RecipeMetadata", "RecipeMixin"
_ANY = "any"
_VERSION = {
    "pattern": r"aicr\.(?:nvidia\.com|run)/v\w+",
    "help": "aicr.nvidia.com/v1alpha1, or a later one of aicr.run",
}
_NAME = {"pattern": LABEL, "help": LABEL_HELP}
_NAME_OR_NOTHING = {"pattern": f"(?:{LABEL})?", "help": LABEL_HELP}


@dataclass(frozen=True, slots=True)
class Constraint:
    """Something that must be so where a recipe is deployed."""

    name: str  # K8s.server.version
    value: str  # >= 1.32.4
    severity: str = ""
    remediation: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A component of a recipe: where its chart is, and with which values."""

    name: str = field(metadata=_NAME)
    namespace: str = field(default="", metadata=_NAME_OR_NOTHING)
    chart: str = ""
    type: str = ""  # Helm | Kustomize
    source: str = ""
    version: str = ""
    tag: str = ""
    path: str = ""
    valuesFile: str = ""  # noqa: N815 - that format's spelling, here and below
    overrides: Mapping[str, Any] = field(default_factory=dict)
    patches: tuple[str, ...] = ()
    dependencyRefs: tuple[str, ...] = ()  # noqa: N815
    manifestFiles: tuple[str, ...] = ()  # noqa: N815
    cleanup: bool = False
    expectedResources: tuple[Mapping[str, Any], ...] = ()  # noqa: N815
    healthCheckAsserts: str = ""  # noqa: N815

    @property
    def enabled(self) -> bool:
        """Whether it is to be deployed at all."""
        return self.overrides.get("enabled") is not False


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a recipe is for; an empty field is for any."""

    service: str = ""
    accelerator: str = ""
    intent: str = ""
    os: str = ""
    platform: str = ""
    nodes: int = 0

    @property
    def said(self) -> tuple[str, ...]:
        """What it is particular about."""
        texts = (self.service, self.accelerator, self.intent, self.os, self.platform)
        nodes = f"{self.nodes} nodes" if self.nodes else ""
        return tuple(each for each in (*texts, nodes) if each not in ("", _ANY))

    def matches(self, wanted: "Criteria") -> bool:
        """Tell whether what is for these is for the wanted ones: each is the same, or any."""
        names = ("service", "accelerator", "intent", "os", "platform", "nodes")
        return all(
            (own := getattr(self, name)) in ("", 0, _ANY) or own == getattr(wanted, name)
            for name in names
        )


@dataclass(frozen=True, slots=True)
class ValidationPhase:
    """What is looked at in one phase of a validation."""

    timeout: str = ""
    constraints: tuple[Constraint, ...] = ()
    checks: tuple[str, ...] = ()
    nodeSelection: Any = None  # noqa: N815
    infrastructure: str = ""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """What `aicr recipe` writes."""

    kind: str = field(metadata={"const": RESULT})
    componentRefs: tuple[Ingredient, ...]  # noqa: N815
    apiVersion: str = field(metadata=_VERSION)  # noqa: N815
    metadata: Mapping[str, Any] = field(default_factory=dict)
    criteria: Criteria = Criteria()
    constraints: tuple[Constraint, ...] = ()
    deploymentOrder: tuple[str, ...] = ()  # noqa: N815
    validation: Mapping[str, ValidationPhase] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerName:
    """The metadata of a layer."""

    name: str = field(metadata=_NAME)


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """What a layer adds to those below it."""

    base: str = ""  # the layer below it; empty: base
    criteria: Criteria | None = None
    mixins: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    componentRefs: tuple[Ingredient, ...] = ()  # noqa: N815
    validation: Mapping[str, ValidationPhase] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerFile:
    """An overlay, or a mixin, from which `aicr recipe` makes recipes."""

    kind: str = field(metadata={"enum": (LAYER, MIXIN)})
    metadata: LayerName
    apiVersion: str = field(metadata=_VERSION)  # noqa: N815
    spec: LayerSpec = LayerSpec()


@dataclass(frozen=True, slots=True)
class ChartDefaults:
    """The chart of a component where a recipe names none."""

    defaultRepository: str = ""  # noqa: N815
    defaultChart: str = ""  # noqa: N815
    defaultVersion: str = ""  # noqa: N815
    defaultNamespace: str = ""  # noqa: N815


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """A component that recipes may name."""

    name: str
    helm: ChartDefaults = ChartDefaults()
    manifest: ChartDefaults = ChartDefaults()


@dataclass(frozen=True, slots=True)
class RegistryFile:
    """The components that recipes may name, with what is true of them in all recipes."""

    kind: str = field(metadata={"const": "ComponentRegistry"})
    apiVersion: str = field(metadata=_VERSION)  # noqa: N815
    components: tuple[RegistryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedRecipe:
    """A recipe with every layer laid over each other."""

    criteria: Criteria
    constraints: tuple[Constraint, ...]
    ingredients: tuple[Ingredient, ...]
    validation: Mapping[str, ValidationPhase]
    order: tuple[str, ...] = ()  # of deployment, where it is told
    layers: tuple[str, ...] = ()  # those it is made of, where they are told
    origins: Mapping[str, Origin] = field(default_factory=dict)  # who names an ingredient
    unknown: tuple[tuple[Origin, str], ...] = ()  # fields that are not in the format
