"""In which steps the objects of one component are applied.

Objects of a step are applied together; a step begins when the one before it was accepted, and
where it says so, when everything before it is ready. The order of kinds is `kinds`', the order
of whole components `graph`'s.
"""

from dataclasses import dataclass
from itertools import groupby

from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.kinds import GroupKind, Phase, defined, kind_of, phase_within
from stackctl.model.objects.refs import Manifest

DEFINITION = "CustomResourceDefinition"


@dataclass(frozen=True, slots=True)
class Stage:
    """Objects that are applied together."""

    objects: tuple[Manifest, ...]
    establishes: str = ""  # the kind that must be established before the next stage
    after_ready: bool = False  # everything before it must be ready


def stages(part: BundleComponent) -> tuple[Stage, ...]:
    """Divide a component's objects into stages."""
    own = frozenset(defined(part.objects))
    guarded = any(kind_of(each)[1].endswith("WebhookConfiguration") for each in part.objects)
    placed = sorted(part.objects, key=lambda each: _step(kind_of(each), own))
    return tuple(
        Stage(
            tuple(objects),
            establishes=DEFINITION if phase is Phase.DEFINITIONS else "",
            # Own webhooks look at own kinds: they must answer first.
            after_ready=guarded and phase is Phase.CUSTOM_RESOURCES,
        )
        for phase, objects in groupby(placed, key=lambda each: _step(kind_of(each), own))
    )


def _step(kind: GroupKind, own: frozenset[GroupKind]) -> Phase:
    """Return with which phase a kind is applied: one that waits for less may go with a later one.

    A binding to a role that is not there yet is refused to those who may only pass on rights, so
    it goes with what comes next. Services need nothing of that; the API server takes longer over
    each of them than over others, and they should not wait for one another.
    """
    phase = phase_within(kind, own)
    if phase is Phase.SERVICES or kind[1].endswith("RoleBinding"):
        return Phase.CONFIGURATION
    return phase
