"""What a teardown would take off the cluster, found before the first delete.

Whether the user wants that is for `actions`; how it is done is for `teardown`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from stackctl.cluster.connection import Connection
from stackctl.cluster.context import RunContext
from stackctl.cluster.look import helm, lookup, removal_impact, scoped_list
from stackctl.cluster.look.unseen import learn, unseen
from stackctl.cluster.record import recovery, releases
from stackctl.cluster.record.releases import Recorded
from stackctl.cluster.teardown.data_loss import losses, with_volumes
from stackctl.errors import Forbidden
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import (
    COMPONENT_LABEL,
    CREDENTIALS_LABEL,
    Manifest,
    Ref,
    labels_of,
    namespace_ref,
)
from stackctl.model.ownership.ownership import own_entry, recorded_as_ours, written_by
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, DataLoss, Plan, taken_back
from stackctl.model.plan.removal import DATA, KeptObject, Survey, spared, stays_by_itself
from stackctl.model.release.release import Entry, Provenance, ReleaseStatus, provenance
from stackctl.model.run.events import Notice, Notify


@dataclass(frozen=True, slots=True)
class TeardownScope:
    """Everything known before the first delete."""

    stack: StackId
    recorded: Recorded
    live: Mapping[Ref, Manifest]
    taken: Mapping[Ref, Manifest]  # by somebody else, since it was ours
    components: Mapping[Ref, str]
    leftovers: tuple[Ref, ...]  # what operators make by themselves, as patterns
    node_managers: tuple[str, ...]  # whose labels on nodes go with the stack
    found: Survey
    kept: tuple[KeptObject, ...]
    unseen: Mapping[Ref, str]  # what may be there, and why nobody knows
    delete_data: bool
    losses: tuple[DataLoss, ...] = ()

    @property
    def going(self) -> tuple[Ref, ...]:
        """What is deleted, definitions and namespaces included."""
        stays = {each.ref for each in self.kept}
        return tuple(ref for ref in self.live if ref not in stays)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What cannot be said to be gone, for no record told of it."""
        return () if self.recorded.version else (recovery.UNKNOWN,)

    @property
    def plan(self) -> Plan:
        """The same as a plan of prunes."""
        changes = (
            Change(ref, self.components.get(ref, ""), Action.PRUNE, live=self.live[ref])
            for ref in self.going
        )
        given = (
            Change(ref, self.components.get(ref, ""), Action.RELEASE, live=live)
            for ref, live in self.taken.items()
        )
        lost = (
            Change(ref, self._component_of(ref), Action.PRUNE, reason=DATA)
            for ref in (self.data if self.delete_data else ())
        )
        profile = self.recorded.release.profile
        return Plan(self.stack, profile, (*lost, *changes, *given), self.losses)

    @property
    def claims(self) -> tuple[Ref, ...]:
        """The claims that go: by themselves, as data, or with their namespace."""
        named = (*self.going, *(self.data if self.delete_data else ()))
        spaces = [ref.name for ref in self.going if ref.kind == "Namespace"]
        inside = [ref for name in spaces for ref in self.found.claims.get(name, ())]
        return (*(ref for ref in named if ref.kind == "PersistentVolumeClaim"), *inside)

    @property
    def data(self) -> tuple[Ref, ...]:
        """Users' instances of our definitions, and the claims in namespaces that the stack made."""
        found = [ref for refs in self.found.instances.values() for ref in refs]
        for name, refs in self.found.volumes.items():
            if namespace_ref(name) in self.made:
                found += refs
        return tuple(found)

    def _component_of(self, ref: Ref) -> str:
        """Name the component whose definition, or namespace, an object of users needs."""
        names = [each for each, refs in self.found.instances.items() if ref in refs]
        names += [ref.namespace]
        known = {each.name: name for each, name in self.components.items() if not each.namespace}
        return next((known[name] for name in names if name in known), "")

    @property
    def made(self) -> frozenset[Ref]:
        """What is there because the stack made it."""
        return provenance(self.recorded.release.inventory).created

    @property
    def shared(self) -> tuple[Ref, ...]:
        """Namespaces that were there before the stack, and stay; with something of ours on them."""
        return tuple(
            each.ref
            for each in self.kept
            if each.ref.kind == "Namespace"
            and each.ref not in self.made
            and own_entry(self.live.get(each.ref, {}), self.stack)
        )


def look(
    run: RunContext,
    stack: StackId,
    recorded: Recorded,
    *,
    keep_crds: bool = False,
    delete_data: bool = False,
) -> TeardownScope:
    """Find everything of a stack, and what stands in the way of removing it."""
    connection, pool, notify = run.connection, run.pool, run.notify
    if not recorded.version:
        notify(Notice(f"{recorded.release.message}; what goes is what the stack says it made"))
    refs = [entry.ref for entry in recorded.release.inventory]
    learn(connection.client, connection.discovery, refs)
    found = lookup.find(connection, stack, refs, pool)
    entries = tuple(_as_it_is(each, found, stack) for each in recorded.release.inventory)
    recorded = replace(recorded, release=replace(recorded.release, inventory=entries))
    live, taken = _ours(entries, found, stack), _taken(entries, found, stack)
    bundle = _bundle_of(connection, recorded, notify)
    leftovers = tuple(ref for part in bundle.components for ref in part.leftovers)
    looked = removal_impact.look(connection, stack, live, leftovers, pool)
    kept = spared(
        live,
        looked,
        made=provenance(entries),
        delete_data=delete_data,
        keep_definitions=keep_crds,
        asked=frozenset(ref for ref, each in live.items() if stays_by_itself(each)),
    )
    kept = with_volumes(connection, kept)
    kept += tuple(KeptObject(ref, f"belongs to {other}") for ref, other in taken.items())
    values = _credentials(connection, stack, live)
    kept += _opening(connection, values, provenance(entries), delete_data=delete_data)
    live |= values
    kept += helm.empty_records(connection, {ref.namespace for ref in live}, pool)
    scope = TeardownScope(
        stack=stack,
        recorded=recorded,
        live=live,
        taken={ref: found[ref] for ref in taken},
        components={entry.ref: entry.component for entry in entries}
        | {ref: labels_of(item).get(COMPONENT_LABEL, "") for ref, item in values.items()},
        leftovers=leftovers,
        node_managers=tuple(name for part in bundle.components for name in part.node_managers),
        found=looked,
        kept=kept,
        unseen=unseen(connection.client, connection.discovery, [r for r in refs if r not in found]),
        delete_data=delete_data,
    )
    instances = [ref for refs in looked.instances.values() for ref in refs if delete_data]
    return replace(scope, losses=losses(connection, instances, scope.claims))


def _credentials(
    connection: Connection, stack: StackId, live: Iterable[Ref]
) -> dict[Ref, Manifest]:
    """Find the Secrets with values that were generated for the stack."""
    resource = connection.discovery.find("", "Secret")
    if resource is None:
        return {}
    spaces = {ref.namespace for ref in live if ref.namespace}
    labels = f"{CREDENTIALS_LABEL}={stack.label}"
    seen = scoped_list.everywhere(connection.client, resource, spaces, labels=labels)
    return {resource.ref(item): item for item in seen.items}


def _opening(
    connection: Connection,
    values: Iterable[Ref],
    made: Provenance,
    *,
    delete_data: bool,
) -> tuple[KeptObject, ...]:
    """Name the Secrets that stay: beside them is data that stays, and that they may open."""
    found = []
    for ref in values:
        data_goes = delete_data and namespace_ref(ref.namespace) in made.created
        if not data_goes and (why := _data_beside(connection, ref.namespace)):
            found.append(KeptObject(ref, why))
    return tuple(found)


def _data_beside(connection: Connection, namespace: str) -> str:
    """Say why a Secret is kept for data in its namespace; empty where there is none."""
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    try:
        claims = connection.client.list(path, metadata_only=True).items
    except Forbidden:
        return "whether it opens data cannot be seen: cannot list persistentvolumeclaims"
    return "may open the data that stays beside it" if claims else ""


def _as_it_is(entry: Entry, found: Mapping[Ref, Manifest], stack: StackId) -> Entry:
    """Take for the stack's what it has written, although another object of the name is recorded.

    So it is after a backup was brought back, or where the record of a later run is lost. Who made
    it is not known then.
    """
    live = found.get(entry.ref)
    if live is None or not entry.uid or live["metadata"].get("uid") == entry.uid:
        return entry
    if live["metadata"].get("ownerReferences") or not written_by(live, stack):
        return entry
    return replace(entry, uid=live["metadata"]["uid"], created=False, unsure=True)


def _ours(
    entries: Iterable[Entry], found: Mapping[Ref, Manifest], stack: StackId
) -> dict[Ref, Manifest]:
    """Choose what is still the object that was recorded."""
    return {
        entry.ref: found[entry.ref]
        for entry in entries
        if entry.ref in found and recorded_as_ours(found[entry.ref], stack, entry.uid)
    }


def _taken(
    entries: Iterable[Entry], found: Mapping[Ref, Manifest], stack: StackId
) -> dict[Ref, str]:
    """Choose what others have signed since, and name them."""
    return {
        entry.ref: other
        for entry in entries
        if entry.ref in found and (other := taken_back(entry, found[entry.ref], stack))
    }


def _bundle_of(connection: Connection, recorded: Recorded, notify: Notify) -> Bundle:
    """Read what was applied; of what is lost, nothing but the operators' leftovers is missed.

    Once everything of it is gone, it may be forgotten in part.
    """
    release = recorded.release
    found_out = not recorded.version and not release.bundle  # what is not known is said at the end

    def tell(text: str) -> None:
        if release.status is not ReleaseStatus.UNINSTALLING and not found_out:
            notify(Notice(f"{text}; so is what its operator may have made by itself"))

    return releases.bundle_of(connection.client, release, tell)
