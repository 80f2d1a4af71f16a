"""The file kind `Component` with its envelope; what the parts mean is said by `component`."""

from dataclasses import dataclass, field

from stackctl.model.catalogue.component import ComponentSpec
from stackctl.model.catalogue.envelope import API_VERSION, Metadata


@dataclass(frozen=True, slots=True)
class ComponentFile:
    """A component.yaml."""

    apiVersion: str = field(metadata={"const": API_VERSION})  # noqa: N815
    kind: str = field(metadata={"const": "Component"})
    metadata: Metadata
    spec: ComponentSpec
