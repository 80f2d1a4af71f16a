"""What a run is about to do, decided and agreed to, and from where it starts.

How it is done is for `run`, and how it goes about it for its options.
"""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace

from stackctl.cluster.record.releases import Recorded
from stackctl.model.catalogue.catalogue import CatalogueSource
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Change, Plan
from stackctl.model.plan.plan_file import Recipe
from stackctl.model.readiness.ending import goes_by_itself
from stackctl.model.release.release import Entry, Provenance, ReleaseStatus, provenance


@dataclass(frozen=True, slots=True)
class RunIntent:
    """What a run is about to do, and from where it starts."""

    stack: StackId
    bundle: Bundle
    plan: Plan
    recorded: Recorded | None
    tool: str  # stackctl's version
    pending: ReleaseStatus | None = None  # what the revision is called meanwhile; None: by itself
    command: str = ""  # what the user ran; recorded
    # What --set says of it; recorded. Of secrets it only says that they are set.
    sets: Mapping[str, str] = field(default_factory=dict)
    secret_sets: Mapping[str, str] = field(default_factory=dict)  # to what; recorded apart
    newest_gone: bool = False  # a later revision than the last that is there was recorded
    lost: tuple[BundleComponent, ...] = ()  # recorded, and their objects are not kept any more
    strays: tuple[Change, ...] = ()  # what the stack has made and nothing names any more
    joined: bool = False  # the plan has the strays
    sources: tuple[CatalogueSource, ...] = ()  # the catalogues the bundle was made from; recorded
    only: frozenset[str] = frozenset()  # components that are touched; none named: all of them
    recipe: Recipe = Recipe()  # what it was made of, for a plan that is kept

    def with_strays(self) -> "RunIntent":
        """Prune what nothing names, and record it until it is gone."""
        plan = replace(self.plan, changes=(*self.plan.changes, *self.strays))
        return replace(self, plan=plan, joined=True)

    @property
    def inventory(self) -> tuple[Entry, ...]:
        """What the last revision owns."""
        known = self.recorded.release.inventory if self.recorded else ()
        return (*known, *map(_entry, self.strays)) if self.joined else known

    @property
    def touched(self) -> Bundle:
        """What is applied, waited for and recorded anew."""
        return self.bundle.narrowed(self.only) if self.only else self.bundle

    @property
    def elsewhere(self) -> tuple[Entry, ...]:
        """What the last revision owns and this run leaves alone, as it was recorded."""
        holders = holders_elsewhere(self.bundle, self.only)
        return tuple(
            replace(entry, component=holders.get(entry.ref, entry.component))
            for entry in self.inventory
            if is_elsewhere(entry, self.only, holders)
        )

    @property
    def sets_then(self) -> Mapping[str, str]:
        """What --set said of the last revision."""
        return self.recorded.release.sets if self.recorded else {}

    @property
    def verb(self) -> str:
        """What the user ran, in a word: Deploy, Upgrade, Rollback."""
        return self.command.partition(" ")[0].capitalize() or "Deploy"

    @property
    def made(self) -> Provenance:
        """What is there because the stack made it."""
        return provenance(self.inventory)

    @property
    def unseen_ends(self) -> bool:
        """Something that goes by itself is there, and is not known to have completed."""
        known = {entry.ref for entry in self.inventory if entry.ended}
        return any(
            change.live is not None
            and change.desired is not None
            and change.ref not in known
            and goes_by_itself(change.desired)
            for change in self.plan.changes
        )

    @property
    def _all_recorded(self) -> bool:
        """What is there and wanted is in the inventory, or a teardown would not know of it."""
        known = {entry.ref for entry in self.inventory}
        return all(change.ref in known for change in self.plan.changes if change.desired)

    @property
    def settled(self) -> bool:
        """The last run ended well, is recorded, and nothing would change."""
        return (
            self.plan.empty
            and self.recorded is not None
            and not self.newest_gone
            and self._all_recorded
            and self.recorded.release.status is ReleaseStatus.DEPLOYED
            and self.recorded.release.bundle == self.bundle.digest
            and self.recorded.release.sets == self.sets
        )


def _entry(stray: Change) -> Entry:
    uid = stray.live["metadata"]["uid"] if stray.live else ""
    return Entry(stray.ref, stray.component, "", uid=uid, unsure=True)


def holders_elsewhere(bundle: Bundle, only: Collection[str]) -> dict[Ref, str]:
    """Say which objects are those of components that are left alone."""
    held = bundle.objects.items() if only else ()
    return {ref: name for ref, (name, _) in held if name not in only}


def is_elsewhere(entry: Entry, only: Collection[str], holders: Container[Ref]) -> bool:
    """Tell what a run on some components has nothing to do with."""
    return bool(only) and (entry.component not in only or entry.ref in holders)
