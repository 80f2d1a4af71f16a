"""What of a stack is applied as one, and after what: components, or parts of them.

The order inside a unit is that of its objects.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.compose.stages import stages
from stackctl.model.objects.kinds import Phase, defined, kind_of, phase_within
from stackctl.model.objects.refs import Manifest, Ref, digest, ref_of

_LONGEST = 200  # characters of a file's name; most file systems take 255 bytes
_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_KEPT = frozenset(
    {_CRD, ("", "Namespace"), ("", "PersistentVolume"), ("", "PersistentVolumeClaim")}
)


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
    """Make units that can be applied at once: what own webhooks look at comes after them."""
    units = whole(parts)
    taken = {unit.name for unit in units}
    last: dict[str, str] = {}
    found = []
    for unit in units:
        needs = tuple(last[name] for name in unit.needs)
        early, late = parted(unit.part)
        if early:
            found.append(replace(unit, objects=early, needs=needs))
        if late:
            name = _free(f"{unit.name}-resources", taken) if early else unit.name
            found.append(Unit(name, unit.part, late, (unit.name,) if early else needs))
        last[unit.name] = found[-1].name
    return tuple(found)


def parted(part: BundleComponent) -> tuple[tuple[Manifest, ...], tuple[Manifest, ...]]:
    """Divide a component into what can be applied at once, and what has to wait for that."""
    late = {ref_of(each) for stage in stages(part) if stage.after_ready for each in stage.objects}
    early = tuple(each for each in part.objects if ref_of(each) not in late)
    return early, tuple(each for each in part.objects if ref_of(each) in late)


def outlives(manifest: Manifest) -> bool:
    """Tell what must not go only because it left a repository: it takes what users made along."""
    return kind_of(manifest) in _KEPT


def is_definition(manifest: Manifest) -> bool:
    """Tell a CustomResourceDefinition."""
    return kind_of(manifest) == _CRD


def annotated(manifest: Manifest, annotations: Mapping[str, str]) -> Manifest:
    """Return an object with more annotations."""
    metadata = manifest["metadata"]
    merged = {**(metadata.get("annotations") or {}), **annotations}
    return manifest | {"metadata": metadata | {"annotations": merged}} if annotations else manifest


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-resources"
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


def levels(units: Sequence[Unit]) -> Iterator[tuple[Unit, int]]:
    """Yield each unit with the number of those that are one after the other before it."""
    level: dict[str, int] = {}
    for unit in units:
        level[unit.name] = max((level[name] + 1 for name in unit.needs), default=0)
        yield unit, level[unit.name]
