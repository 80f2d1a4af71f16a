"""What of a stack is applied as one, and after what: components, or parts of them.

The order inside a unit is that of its objects.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.compose.stages import stages
from stackctl.model.objects.kinds import (
    DEFINITION,
    NAMESPACE,
    Phase,
    defined,
    kind_of,
    phase_within,
)
from stackctl.model.objects.refs import Manifest, Ref, digest, ref_of, without_annotations

_LONGEST = 200  # characters of a file's name; most file systems take 255 bytes
_KEPT = frozenset({DEFINITION, NAMESPACE, ("", "PersistentVolume"), ("", "PersistentVolumeClaim")})


@dataclass(frozen=True, slots=True)
class Unit:
    """Objects that are applied together, once what they need is ready."""

    name: str
    part: BundleComponent
    objects: tuple[Manifest, ...]
    needs: tuple[str, ...] = ()  # names of units

    @property
    def named(self) -> tuple[tuple[str, Manifest], ...]:
        """Its objects, in order, with the names of their files."""
        names = _file_names(self)
        return tuple((names[ref_of(each)], each) for each in self.objects)


def whole(parts: Iterable[BundleComponent]) -> tuple[Unit, ...]:
    """Make one unit of each component that has objects."""
    parts = [part for part in parts if part.objects]
    names = {part.name for part in parts}
    return tuple(
        Unit(part.name, part, part.objects, tuple(sorted(part.needs & names))) for part in parts
    )


def divided(parts: Iterable[BundleComponent]) -> tuple[Unit, ...]:
    """Make units that can be applied at once: what has to wait for others of its component follows.

    The first one is called as the component is, so that what is asked of it is found there.
    """
    units = whole(parts)
    taken = {unit.name for unit in units}
    last: dict[str, str] = {}
    found: list[Unit] = []
    for unit in units:
        needs = tuple(last[name] for name in unit.needs)
        for number, objects in enumerate(steps(unit.part), start=1):
            name = unit.name if number == 1 else _free(f"{unit.name}-{number}", taken)
            found.append(Unit(name, unit.part, objects, needs))
            needs = (name,)
        last[unit.name] = needs[0]
    return tuple(found)


def steps(part: BundleComponent) -> tuple[tuple[Manifest, ...], ...]:
    """Divide a component where something waits until all before it is ready, or has run."""
    found: list[list[Manifest]] = [[]]
    for stage in stages(part):
        if found[-1] and (stage.after_ready or stage.after_jobs):
            found.append([])
        found[-1] += stage.objects
    places = {ref_of(each): number for number, step in enumerate(found) for each in step}
    # Within a step the order is that of the bundle, which is that of kinds.
    return tuple(
        tuple(each for each in part.objects if places[ref_of(each)] == number)
        for number in range(len(found))
    )


def outlives(manifest: Manifest) -> bool:
    """Tell what must not go only because it left a repository: it takes what users made along."""
    return kind_of(manifest) in _KEPT


def is_definition(manifest: Manifest) -> bool:
    """Tell a CustomResourceDefinition."""
    return kind_of(manifest) == DEFINITION


def without_hooks(manifest: Manifest) -> Manifest:
    """Leave out what says when Helm runs an object: it is run in its place in the order."""
    return without_annotations(manifest, lambda key: key.startswith("helm.sh/hook"))


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-more"
    taken.add(name)
    return name


def _file_names(unit: Unit) -> Mapping[Ref, str]:
    """Name files so that they sort as they are applied, and stay when others come and go."""
    own = defined(unit.part.objects)
    stems = {
        ref_of(each): _stem(ref_of(each), phase_within(kind_of(each), own), unit.part.namespace)
        for each in unit.part.objects
    }
    doubled = _doubled(stems.values())
    return {
        ref: f"{stem}-{digest(ref.key)[:8]}.yaml"
        if stem.lower() in doubled or len(stem) == _LONGEST
        else f"{stem}.yaml"
        for ref, stem in stems.items()
    }


def _stem(ref: Ref, phase: Phase, namespace: str) -> str:
    elsewhere = ref.namespace if ref.namespace != namespace else ""
    words = "-".join(filter(None, (ref.kind.lower(), elsewhere, ref.name)))
    clean = "".join(each if each.isalnum() or each in ".-_" else "-" for each in words)
    return f"{phase:d}-{clean}"[:_LONGEST]


def _doubled(stems: Iterable[str]) -> frozenset[str]:
    """Choose what would be one file, on systems as well for which a is A."""
    counted = Counter(map(str.lower, stems))
    return frozenset(stem for stem, count in counted.items() if count > 1)
