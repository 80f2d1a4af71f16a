"""What charts are told of the cluster they are rendered for.

Asking a cluster is done by actions; telling a chart by sources.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stackctl.model.objects.kinds import DEFINITION, GroupKind, kind_of
from stackctl.model.objects.refs import Manifest


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A version of Kubernetes, what its API server serves, and which kinds are in namespaces."""

    kubernetes: str = ""  # 1.36.3; empty: as Helm thinks
    apis: frozenset[str] = frozenset()  # monitoring.coreos.com/v1, and with /Kind
    scopes: Mapping[GroupKind, bool] = field(default_factory=dict)

    def with_kinds(self, manifests: Iterable[Manifest]) -> "Capabilities":
        """Count in what definitions define: they are served by the time anything else is."""
        found = {
            name
            for each in manifests
            if kind_of(each) == DEFINITION
            for version in each["spec"].get("versions") or ()
            if version.get("served", True)
            for api in (f"{each['spec']['group']}/{version['name']}",)
            for name in (api, f"{api}/{each['spec']['names']['kind']}")
        }
        return self if found <= self.apis else replace(self, apis=self.apis | found)
