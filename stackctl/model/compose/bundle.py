"""Every object of a stack, per component and ordered, with a digest.

How layers become a bundle is `compose`; what would change is `plan`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from stackctl.model.catalogue.component import Detect, Mode, Place, Probe
from stackctl.model.catalogue.profile import Needs
from stackctl.model.compose.secret_places import values_at
from stackctl.model.objects.masking import values_of
from stackctl.model.objects.refs import Manifest, Ref, digest, ref_of
from stackctl.model.ownership.conflict_policy import ConflictPolicy, Contest
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.shapes.decode import Problem, encoded
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.model.shapes.ready_rules import ReadyRules, read_rules
from stackctl.model.shapes.shapes import (
    REFERENCE,
    TEXT,
    TEXT_MAP,
    TEXTS,
    Leaf,
    Shape,
    misshapen,
    one_of,
)


@dataclass(frozen=True)  # without slots, so that its digest can be kept
class BundleComponent:
    """The objects of one component, in the order they are applied."""

    name: str
    version: str
    namespace: str
    objects: tuple[Manifest, ...]
    needs: frozenset[str] = frozenset()  # names of components of the same bundle
    probes: tuple[Probe, ...] = ()
    samples: Mapping[str, Manifest] = field(
        default_factory=dict
    )  # what the `accepts` probes send, by path
    ignored: tuple[tuple[Ref, str], ...] = ()  # fields never owned, never diffed
    contested: tuple[Contest, ...] = ()  # who keeps fields that others hold as well
    leftovers: tuple[Ref, ...] = ()  # what its operator makes by itself
    node_managers: tuple[str, ...] = ()  # whose marks on nodes go with it
    mode: Mode = Mode.MANAGED
    secrets: tuple[tuple[Ref, Place], ...] = ()  # where else than in Secrets secret settings stand
    rules: ReadyRules = field(default_factory=dict)  # how kinds that are not built in get ready
    # By what another installation of it is known; asked before it is there, so never recorded.
    signs: Detect = field(default=Detect(), compare=False)
    feature_signs: Mapping[str, Detect] = field(default_factory=dict, compare=False)  # if it is on
    credentials: tuple[Manifest, ...] = ()  # Secrets without the values that they are made with
    generate: Mapping[str, str] = field(default_factory=dict)  # what is, by component.parameter
    migrates: tuple[tuple[str, str], ...] = ()  # versions whose data it has changed, and how
    # Secrets that somebody has set; never recorded here.
    given: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """Content address of everything in it."""
        return digest(to_plain(self))


def _is_ignored(value: Any) -> bool:
    return not misshapen(value, TEXTS) and len(value) == 2 and REFERENCE.fits(value[0])


def _is_migration(value: Any) -> bool:
    return not misshapen(value, TEXTS) and len(value) == 2


def _is_rule(value: Any) -> bool:
    return (
        not misshapen(value, TEXTS)
        and len(value) == 4
        and one_of(Verdict).fits(value[0])
        and (not value[2] or REFERENCE.fits(value[2]))
    )


def to_plain(part: BundleComponent) -> dict[str, Any]:
    """Turn a component into JSON values, to be recorded."""
    return {
        "name": part.name,
        "version": part.version,
        "namespace": part.namespace,
        "objects": list(part.objects),
        "needs": sorted(part.needs),
        "probes": [asdict(probe) for probe in part.probes],
        "samples": dict(part.samples),
        "ignored": [[ref.key, path] for ref, path in part.ignored],
        "contested": [_plain_rule(rule) for rule in part.contested],
        "leftovers": [ref.key for ref in part.leftovers],
        "nodeManagers": list(part.node_managers),
        "mode": part.mode.value,
        # Left out where there are none: what was recorded without has the same address still.
        **({"secrets": [_plain_place(*each) for each in part.secrets]} if part.secrets else {}),
        **({"readyWhen": encoded(part.rules)} if part.rules else {}),
        **({"credentials": list(part.credentials)} if part.credentials else {}),
        **({"generate": dict(part.generate)} if part.generate else {}),
        **({"migrates": [list(each) for each in part.migrates]} if part.migrates else {}),
    }


_PROBE: Shape = {"allocatable": TEXT, "accepts": TEXT}
_SHAPE: Shape = {
    "name!": TEXT,
    "version!": TEXT,
    "namespace!": TEXT,
    "objects!": [{}],
    "needs!": TEXTS,
    "probes!": [_PROBE],
    "samples!": {"*": {}},
    "ignored!": [Leaf("an object and a path", _is_ignored)],
    "contested": [Leaf("a verdict, a manager, an object and a path", _is_rule)],
    "leftovers!": [REFERENCE],
    "nodeManagers!": TEXTS,
    "mode!": one_of(Mode),
    "readyWhen": {"*": {}},
    "credentials": [{}],
    "generate": TEXT_MAP,
    "migrates": [Leaf("versions and a reason", _is_migration)],
}


def _of_objects(plain: Any) -> Iterator[Problem]:
    """Check the objects themselves, one after the other."""
    holders = plain if isinstance(plain, dict) else {}
    for key in ("objects", "credentials"):
        for index, manifest in enumerate(holders.get(key) or ()):
            for problem in object_problems(manifest, patch=True):
                yield Problem((key, index, *problem.at), problem.what)
            if key == "credentials" and manifest.get("kind") != "Secret":
                yield Problem((key, index), "expected a Secret")


def from_plain(plain: Any) -> BundleComponent:
    """Read what `to_plain` wrote.

    Raises:
        ValueError: it did not.
    """
    for problem in (*misshapen(plain, _SHAPE), *_of_objects(plain)):
        raise ValueError(str(problem))
    return BundleComponent(
        name=plain["name"],
        version=plain["version"],
        namespace=plain["namespace"],
        objects=tuple(plain["objects"]),
        needs=frozenset(plain["needs"]),
        probes=tuple(Probe(**probe) for probe in plain["probes"]),
        samples=plain["samples"],
        ignored=tuple((Ref.parse(key), path) for key, path in plain["ignored"]),
        contested=tuple(_rule(each) for each in plain.get("contested", ())),
        leftovers=tuple(Ref.parse(key) for key in plain["leftovers"]),
        node_managers=tuple(plain["nodeManagers"]),
        mode=Mode(plain["mode"]),
        secrets=tuple((Ref.parse(key), Place(**place)) for key, place in plain.get("secrets", ())),
        rules=read_rules(plain.get("readyWhen") or {}),
        credentials=tuple(plain.get("credentials", ())),
        generate=plain.get("generate") or {},
        migrates=tuple((versions, how) for versions, how in plain.get("migrates", ())),
    )


def _plain_place(ref: Ref, place: Place) -> list[Any]:
    return [ref.key, {key: value for key, value in asdict(place).items() if value}]


def _plain_rule(rule: Contest) -> list[str]:
    return [rule.verdict.value, rule.manager, rule.ref.key if rule.ref else "", rule.path]


def _rule(plain: Sequence[str]) -> Contest:
    verdict, manager, key, path = plain
    return Contest(Verdict(verdict), manager, Ref.parse(key) if key else None, path)


def needs_first(parts: Iterable[BundleComponent]) -> tuple[BundleComponent, ...]:
    """Sort components so that what each needs comes before it."""
    by_name = {part.name: part for part in sorted(parts, key=lambda each: each.name)}
    order = TopologicalSorter({name: part.needs for name, part in by_name.items()})
    return tuple(by_name[name] for name in order.static_order() if name in by_name)


@dataclass(frozen=True)
class Bundle:
    """What a stack comes to; components sorted so that needs come first."""

    profile: str
    components: tuple[BundleComponent, ...]
    requires: Needs = Needs()
    taking: tuple[str, ...] = ()  # managers whose fields this run takes; not part of the record
    notes: tuple[str, ...] = ()  # what of the manifests is not in it; not part of the record

    @property
    def digest(self) -> str:
        """Equal input, equal digest."""
        # Sorted: what a record gives back is in another order and still the same.
        return digest(sorted([part.name, part.version, part.digest] for part in self.components))

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Every object, in order."""
        return tuple(manifest for part in self.components for manifest in part.objects)

    @property
    def secret_places(self) -> dict[Ref, tuple[Place, ...]]:
        """Where objects that are no Secrets hold secret settings."""
        found: dict[Ref, tuple[Place, ...]] = {}
        for part in self.components:
            for ref, place in part.secrets:
                found[ref] = (*found.get(ref, ()), place)
        return found

    @property
    def rules(self) -> ReadyRules:
        """How kinds that are not built in get ready, whichever component says so."""
        return {name: rule for part in self.components for name, rule in part.rules.items()}

    def narrowed(self, names: Collection[str]) -> "Bundle":
        """Leave all but some components out, and do not wait for those."""
        parts = (part for part in self.components if part.name in names)
        kept = tuple(replace(part, needs=part.needs & {*names}) for part in parts)
        return replace(self, components=kept)

    def conflict_policy(self, part: BundleComponent) -> ConflictPolicy:
        """Return how the contested fields of a component are judged."""
        now = tuple(Contest(Verdict.OVERRIDE, manager) for manager in self.taking)
        return ConflictPolicy((*now, *part.contested), take=part.mode is Mode.ADOPTED)

    @cached_property
    def objects(self) -> dict[Ref, tuple[str, Manifest]]:
        """Every object with its component's name, in order; externals have none."""
        return {
            ref_of(manifest): (part.name, manifest)
            for part in self.components
            for manifest in part.objects
        }


def secrets_in(bundle: Bundle, live: Mapping[Ref, Manifest] | None = None) -> Iterator[object]:
    """Yield what is secret in the objects of a bundle, or in what is live of them."""
    places = bundle.secret_places
    for manifest in bundle.manifests if live is None else live.values():
        yield from values_of([manifest])
        # Of a document only a part is secret; which, is known by what is written to it.
        spots = [place for place in places.get(ref_of(manifest), ()) if not place.key]
        yield from values_at(manifest, spots)
