"""How much of an extended resource the nodes offer, beside what is expected of them."""

from collections.abc import Mapping
from dataclasses import dataclass

NAMED = 3


@dataclass(frozen=True, slots=True)
class Allocation:
    """An extended resource on the nodes that should have it."""

    resource: str  # nvidia.com/gpu
    nodes: Mapping[str, int]  # what Pods could be given on each
    per_node: int = 1
    least_nodes: int = 1

    @property
    def complete(self) -> bool:
        """Every node has what is expected of it, and there are enough of them."""
        return not self.short and len(self.nodes) >= self.least_nodes

    @property
    def short(self) -> list[str]:
        """The nodes that have too little."""
        return sorted(name for name, there in self.nodes.items() if there < self.per_node)

    def __str__(self) -> str:
        there = sum(min(each, self.per_node) for each in self.nodes.values())
        expected = max(len(self.nodes), self.least_nodes) * self.per_node
        text = f"{self.resource}: {there} of {expected} allocatable"
        return text if self.complete else f"{text}, waiting for {self._missing()}"

    def _missing(self) -> str:
        if not self.short:
            more = self.least_nodes - len(self.nodes)
            return f"{more} more node{'' if more == 1 else 's'}"
        names = [self._named(name) for name in self.short[:NAMED]]
        if rest := len(self.short) - NAMED:
            names += [f"{rest} more"] if rest > 0 else []
        return f"node{'' if len(self.short) == 1 else 's'} {', '.join(names)}"

    def _named(self, name: str) -> str:
        there = self.nodes[name]
        return f"{name} ({there} of {self.per_node})" if there else name
