"""How the GPUs of a node are partitioned: what a MIG manager would make of its configuration.

Pure. Which layout a node is to have is told by its label; what a card can be is in the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackctl.model.objects.refs import Manifest, annotations_of, labels_of

LAYOUT_LABEL = "nvidia.com/mig.config"
STATE_LABEL = "nvidia.com/mig.config.state"
DEVICE_ANNOTATION = "sandbox.stackctl.dev/gpu-device"  # by PCI, as in a configuration's filter
_H100 = "0x233010DE"


@dataclass(frozen=True, slots=True)
class Layout:
    """What each GPU of a node is divided into, and how it stands with that."""

    instances: Mapping[str, int] = field(default_factory=dict)  # "1g.10gb" → of each GPU
    state: str = ""  # success | failed; empty where nobody divides anything

    @property
    def each(self) -> int:
        """How many instances a GPU has."""
        return sum(self.instances.values())


def layout_in(config: Any, node: Manifest) -> Layout:
    """Read what a node's GPUs are to be from a MIG manager's configuration document."""
    wanted = labels_of(node).get(LAYOUT_LABEL, "")
    if not wanted:
        return Layout()
    layouts = config.get("mig-configs") if isinstance(config, dict) else None
    entries = layouts.get(wanted) if isinstance(layouts, dict) else None
    if not isinstance(entries, list):
        return Layout(state="failed")  # no layout of that name
    card = annotations_of(node).get(DEVICE_ANNOTATION, _H100)
    for entry in entries:
        only = entry.get("device-filter") or card
        if card in ([only] if isinstance(only, str) else only):
            divided = (entry.get("mig-enabled") and entry.get("mig-devices")) or {}
            return Layout({str(name): int(count) for name, count in divided.items()}, "success")
    return Layout(state="success")  # nothing in it is about this card: it stays as it is
