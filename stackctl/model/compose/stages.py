"""In which steps the objects of one component are applied.

Objects of a step are applied together; a step begins when the one before it was accepted, and
where it says so, when everything before it is ready. The order of kinds is `kinds`', the order
of whole components `graph`'s.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.kinds import GroupKind, Phase, defined, kind_of, phase_within
from stackctl.model.objects.refs import Manifest, annotations_of

DEFINITION = "CustomResourceDefinition"
RUNS = "stackctl.dev/runs"  # before or after the other objects of its component
_WEIGHT = "helm.sh/hook-weight"  # what has less of it goes first among those


@dataclass(frozen=True, slots=True)
class Stage:
    """Objects that are applied together."""

    objects: tuple[Manifest, ...]
    establishes: str = ""  # the kind that must be established before the next stage
    after_ready: bool = False  # everything before it must be ready
    after_jobs: bool = False  # the Jobs before it must be done


class _Lane(IntEnum):
    """What goes before what, whatever its kind."""

    GROUND = 0  # namespaces and definitions, which everything stands on
    BEFORE = 1
    MAIN = 2
    AFTER = 3


_LANES = {"before": _Lane.BEFORE, "after": _Lane.AFTER}
_Step = tuple[_Lane, int, Phase]


def stages(part: BundleComponent) -> tuple[Stage, ...]:
    """Divide a component's objects into stages."""
    own = frozenset(defined(part.objects))
    guarded = any(kind_of(each)[1].endswith("WebhookConfiguration") for each in part.objects)
    placed = sorted(part.objects, key=lambda each: _step(each, own))
    found: list[Stage] = []
    for (lane, _, phase), group in groupby(placed, key=lambda each: _step(each, own)):
        objects = tuple(group)
        found.append(
            Stage(
                objects,
                establishes=DEFINITION if phase is Phase.DEFINITIONS else "",
                # Own webhooks look at own kinds: they must answer first.
                after_ready=guarded and lane is _Lane.MAIN and phase is Phase.CUSTOM_RESOURCES,
                after_jobs=any(
                    _is_job_to_wait_for(each) for each in (found or [_NONE])[-1].objects
                ),
            )
        )
    return tuple(found)


_NONE = Stage(())


def _is_job_to_wait_for(manifest: Manifest) -> bool:
    return kind_of(manifest) == ("batch", "Job") and RUNS in annotations_of(manifest)


def _step(manifest: Manifest, own: frozenset[GroupKind]) -> _Step:
    phase = _phase(kind_of(manifest), own)
    annotations = annotations_of(manifest)
    lane = _LANES.get(str(annotations.get(RUNS)))
    if lane is None:
        return (_Lane.GROUND if phase <= Phase.DEFINITIONS else _Lane.MAIN, 0, phase)
    return (lane, _weight(annotations.get(_WEIGHT)), phase)


def _weight(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:  # as Helm takes it
        return 0


def _phase(kind: GroupKind, own: frozenset[GroupKind]) -> Phase:
    """Return with which phase a kind is applied: one that waits for less may go with a later one.

    A binding to a role that is not there yet is refused to those who may only pass on rights, so
    it goes with what comes next. Services need nothing of that; the API server takes longer over
    each of them than over others, and they should not wait for one another.
    """
    phase = phase_within(kind, own)
    if phase is Phase.SERVICES or kind[1].endswith("RoleBinding"):
        return Phase.CONFIGURATION
    return phase
