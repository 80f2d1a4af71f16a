"""Take a stack off its cluster again, completely, without taking users' data along."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from stackctl import __version__
from stackctl.cluster.change import residue
from stackctl.cluster.change.disown import let_go, withdraw
from stackctl.cluster.change.removal import Removal, remove
from stackctl.cluster.change.session import Session
from stackctl.cluster.connection import Connection
from stackctl.cluster.look import helm, removal_impact, snapshot
from stackctl.cluster.look.unseen import learn, unseen
from stackctl.cluster.record import recovery, releases
from stackctl.cluster.record.event_recorder import chronicle
from stackctl.cluster.record.lock import LEASE_SECONDS, Claim, Lock, await_free, locked
from stackctl.cluster.record.missing_record import absent, lost
from stackctl.cluster.sending import Sender
from stackctl.cluster.wait.targets import Target
from stackctl.cluster.wait.wait import Observer
from stackctl.cluster.workers import workers
from stackctl.errors import (
    AccessDenied,
    ApplyError,
    ConflictError,
    Interrupted,
    LaterFormat,
    OutOfTime,
    ReleaseError,
    Unreachable,
)
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.ownership import own_entry
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan, still_ours, taken_back
from stackctl.model.plan.removal import KeptObject, RemovalPhase, Survey, phases, spared
from stackctl.model.release.release import ReleaseStatus, provenance, uninstalling
from stackctl.model.run.events import Notice, Notify, Step
from stackctl.model.run.outcome import Residue, TargetInfo, TeardownOutcome

Agree = Callable[[Plan, TargetInfo], bool]
Clock = Callable[[], float]
GO_ON = "run the same command again to go on"


@dataclass(frozen=True, slots=True)
class TeardownOptions:
    """How a teardown goes about it, and what it may take along."""

    timeout: float = 600.0  # seconds for the whole run
    dry_run: bool = False
    keep_crds: bool = False
    delete_data: bool = False
    holder: str = ""
    wait_lock: float = 0.0  # seconds to wait for a run of somebody else to end
    lease: float = LEASE_SECONDS  # after which a holder that gives no sign of life counts as dead

    @property
    def claim(self) -> Claim:
        """Who wants the lock."""
        return Claim(self.holder, self.wait_lock, self.lease)


@dataclass(frozen=True, slots=True)
class TeardownScope:
    """Everything known before the first delete."""

    stack: StackId
    recorded: releases.Recorded
    live: Mapping[Ref, Manifest]
    taken: Mapping[Ref, Manifest]  # by somebody else, since it was ours
    components: Mapping[Ref, str]
    bundle: Bundle
    found: Survey
    kept: tuple[KeptObject, ...]
    unseen: Mapping[Ref, str] = field(default_factory=dict)  # what may be there, and why who knows
    delete_data: bool = False

    @property
    def leftovers(self) -> tuple[Ref, ...]:
        """What the operators of the bundle make by themselves, as patterns."""
        return tuple(ref for part in self.bundle.components for ref in part.leftovers)

    @property
    def node_managers(self) -> tuple[str, ...]:
        """Whose labels on nodes go with the stack."""
        return tuple(name for part in self.bundle.components for name in part.node_managers)

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
            Change(ref, self._component_of(ref), Action.PRUNE, reason="users' data")
            for ref in (self.data if self.delete_data else ())
        )
        return Plan(self.stack, self.recorded.release.profile, (*lost, *changes, *given))

    @property
    def data(self) -> tuple[Ref, ...]:
        """Users' instances of our definitions, and the claims in namespaces that the stack made."""
        found = [ref for refs in self.found.instances.values() for ref in refs]
        for name, refs in self.found.volumes.items():
            if Ref("", "Namespace", "", name) in self.made:
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


def teardown(
    stack: StackId,
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: TeardownOptions,
    now: Clock = time.monotonic,
) -> TeardownOutcome:
    """Show, ask, delete in the safe order, wait, scan, and forget the record.

    Raises:
        ReleaseError: there is no such stack here.
        ConflictError: users' objects would be lost; each is named and nothing was touched.
        AccessDenied: users' objects could be lost, and we may not look for them.
    """
    began = now()
    await_free(connection.client, stack, options.wait_lock, connection.stop, notify)
    with workers(connection.stop) as pool:
        notify(Step("looking at the cluster"))
        recorded = _recorded(connection, stack, pool, options)
        if recorded is None or residue.record_leaves(connection.client, stack):
            options = _left(connection, options)
            with _limited(connection, options):
                return _sweep(connection, stack, options, pool, notify, now)
        sight = _look(connection, stack, recorded, options, pool, notify)
        for ref, why in sight.unseen.items():
            notify(Notice(f"{ref} is not looked at, and stays on record: {why}"))
        _require_choice(sight.found, options)
        _require_sight(sight.found, options)
        kept = tuple(Residue(each.ref, each.why) for each in sight.kept)
        outcome = TeardownOutcome(connection.info, sight.plan, kept=kept, dry_run=options.dry_run)
        if options.dry_run:
            return replace(outcome, seconds=now() - began)
        with connection.client.pausing():
            agreed = agree(sight.plan, connection.info)
        if not agreed:
            return replace(outcome, agreed=False)
        options = _left(connection, options)
        with _limited(connection, options):
            left = _carry_out(connection, sight, options, pool, notify, now)
    unseen = (*left.unseen, *_unseen_data(sight.found, options), *sight.unknown)
    kept = (*kept, *left.copies)
    return replace(outcome, residue=left.found, kept=kept, unseen=unseen, seconds=now() - began)


def _left(connection: Connection, options: TeardownOptions) -> TeardownOptions:
    """Take what the looking has left of the time."""
    return replace(options, timeout=connection.client.end_look(options.timeout))


def _limited(connection: Connection, options: TeardownOptions) -> AbstractContextManager[None]:
    """Bound all that is done from here on, as far as it is for us to do."""
    client = connection.client
    return client.within(client.now() + options.timeout)


def _recorded(
    connection: Connection, stack: StackId, pool: Executor, options: TeardownOptions
) -> releases.Recorded | None:
    """Read what the stack owns, or find it out where no record says so."""
    try:
        if recorded := releases.current(connection.client, stack):
            return recorded
    except LaterFormat:
        raise
    except ReleaseError:
        pass  # what was wrong is in the message of what is found out
    return recovery.rebuild(connection, stack, pool, by=options.holder, tool=__version__)


def _sweep(
    connection: Connection,
    stack: StackId,
    options: TeardownOptions,
    pool: Executor,
    notify: Notify,
    now: Clock,
) -> TeardownOutcome:
    """Remove what runs that were killed at their very beginning or end left of a record."""
    client = connection.client
    there, newest = releases.traces(client, stack), releases.latest(client, stack)
    outcome = TeardownOutcome(connection.info, Plan(stack, "", ()), dry_run=options.dry_run)
    if not options.dry_run:
        if there and not residue.record_leaves(client, stack):
            with locked(client, stack, options.claim, connection.stop, notify):
                releases.require_newest(client, stack, newest)
                releases.forget(client, stack)
        deadline = now() + client.left
        departed, left = residue.await_departure(connection, stack, pool, deadline, now)
        there = there or departed
        residue.remove_record_namespace(connection, stack, pool, deadline, now)
        if left:
            raise lost(connection, stack, left)
    if not there:
        raise absent(connection, stack)
    scanned = residue.scan(connection, pool, stack)
    found, unseen = scanned.found, scanned.unseen
    return replace(outcome, residue=found, kept=scanned.copies, unseen=unseen)


def _look(
    connection: Connection,
    stack: StackId,
    recorded: releases.Recorded,
    options: TeardownOptions,
    pool: Executor,
    notify: Notify,
) -> TeardownScope:
    if not recorded.version:
        notify(Notice(f"{recorded.release.message}; what goes is what the stack says it made"))
    entries = recorded.release.inventory
    refs = [entry.ref for entry in entries]
    learn(connection.client, connection.discovery, refs)
    found = snapshot.find(connection, stack, refs, pool)
    live = {
        entry.ref: found[entry.ref]
        for entry in entries
        if entry.ref in found and still_ours(entry, found[entry.ref], stack)
    }
    taken = {
        entry.ref: other
        for entry in entries
        if entry.ref in found and (other := taken_back(entry, found[entry.ref], stack))
    }
    bundle = _bundle_of(connection, recorded, notify)
    patterns = [ref for part in bundle.components for ref in part.leftovers]
    looked = removal_impact.look(connection, stack, live, patterns, pool)
    kept = spared(
        live,
        looked,
        made=provenance(entries),
        delete_data=options.delete_data,
        keep_definitions=options.keep_crds,
    )
    kept += tuple(KeptObject(ref, f"belongs to {other}") for ref, other in taken.items())
    kept += helm.empty_records(connection, {ref.namespace for ref in live}, pool)
    components = {entry.ref: entry.component for entry in entries}
    given = {ref: found[ref] for ref in taken}
    doubts = unseen(connection.client, connection.discovery, [r for r in refs if r not in found])
    return TeardownScope(
        stack,
        recorded,
        live,
        given,
        components,
        bundle,
        looked,
        kept,
        doubts,
        options.delete_data,
    )


def _bundle_of(connection: Connection, recorded: releases.Recorded, notify: Notify) -> Bundle:
    """Read what was applied; of what is lost, nothing but the operators' leftovers is missed.

    Once everything of it is gone, it may be forgotten in part.
    """
    release = recorded.release
    found_out = not recorded.version and not release.bundle  # what is not known is said at the end

    def tell(text: str) -> None:
        if release.status is not ReleaseStatus.UNINSTALLING and not found_out:
            notify(Notice(f"{text}; so is what its operator may have made by itself"))

    return releases.bundle_of(connection.client, release, tell)


def _require_choice(found: Survey, options: TeardownOptions) -> None:
    if options.keep_crds or options.delete_data:
        return
    lines = [f"  {ref}" for refs in found.instances.values() for ref in refs]
    if lines:
        raise ConflictError(
            "\n".join(["users' objects would be lost with their definitions:", *lines]),
            hint="--keep-crds leaves them and their definitions, --delete-data deletes them first",
        )


def _require_sight(found: Survey, options: TeardownOptions) -> None:
    """Refuse to delete definitions whose objects we may not look for."""
    if options.keep_crds:
        return
    hidden = [ref for ref in found.hidden if ref.kind == "CustomResourceDefinition"]
    if hidden:
        lines = [f"  {ref}: {found.hidden[ref]}" for ref in hidden]
        raise AccessDenied(
            "\n".join(["definitions may not be deleted unseen:", *lines]),
            hint="--keep-crds leaves them and all that they define",
        )


def _unseen_data(found: Survey, options: TeardownOptions) -> Iterator[str]:
    """Say where users' data may have been left because we may not look for it."""
    if options.delete_data:
        for ref, why in found.hidden.items():
            if ref.kind == "Namespace":
                yield f"data in {ref.name}: {why}"


def _carry_out(
    connection: Connection,
    sight: TeardownScope,
    options: TeardownOptions,
    pool: Executor,
    notify: Notify,
    now: Clock,
) -> residue.Scan:
    client, stop = connection.client, connection.stop
    releases.ensure_namespace(client, sight.stack, stop)
    with (
        chronicle(client, sight.stack, options.holder, "Teardown") as story,
        locked(client, sight.stack, options.claim, stop, notify) as lock,
        Observer(
            client, connection.discovery, stack=sight.stack, notify=notify, now=now
        ) as observer,
    ):
        deadline = now() + client.left
        told = story.beside(notify)
        fenced = replace(connection, client=client.fenced(lock.fence))
        sender = Sender(fenced.client, sight.stack)
        session = Session(
            fenced, observer, pool, told, deadline, True, stop, sender, lock.fence, lock.confirm
        )
        releases.require_latest(client, sight.stack, sight.recorded)
        begun = uninstalling(sight.recorded.release)
        releases.write(client, sight.recorded, begun, pool)
        note = f"revision {begun.revision}, by {options.holder}"
        story.begin(begun.revision, note, lock.time)
        try:
            forgotten = _remove_all(session, sight, options, lock)
        except KeyboardInterrupt:
            stop.set()
            raise Interrupted(
                f"stack {sight.stack}: teardown interrupted",
                hint=GO_ON,
            ) from None
        except (OutOfTime, Unreachable) as error:
            raise ApplyError(
                f"stack {sight.stack}: not everything was removed: {error}", hint=GO_ON
            ) from error
        notify(Step("looking for residue"))
        gone = (*sight.going, *sight.unseen)
        left = residue.scan(connection, pool, sight.stack, gone, sight.kept)
        if left.found:
            story.residue(each.ref for each in left.found)
        elif not forgotten:
            lock.confirm()
            releases.forget(client, sight.stack)
    if not left.found and not forgotten:
        residue.remove_record_namespace(connection, sight.stack, pool, deadline, now)
    return left


def _remove_all(
    session: Session, sight: TeardownScope, options: TeardownOptions, lock: Lock
) -> bool:
    """Delete in order; tell whether the record went at the same time as the last of it.

    Kubernetes takes its time over namespaces. Once the last ones are being deleted there is
    nothing left to resume: whoever comes next finds them by their label, if they hang.
    """
    # What stays is not even known to what removes.
    removal = Removal({ref: sight.live[ref] for ref in sight.going}, sight.components, "deleted")
    if options.delete_data:
        _remove_data(session, sight)
    for ref, live in sight.taken.items():
        let_go(session, ref, live)
    withdraw(session, sight.shared)
    order = phases(sight.going)
    remove(session, removal, [each for each in order if each[0] < RemovalPhase.DEFINITIONS])
    residue.remove_leftovers(session, sight.leftovers)
    residue.clean_nodes(session, sight.node_managers)
    records: list[Target] = []

    def dismiss_record() -> list[Target]:
        if sight.unseen:
            return []  # it says what is to be looked for
        if record := residue.dismiss_record(session.connection, session.pool, sight.stack):
            lock.leave()
            records.append(record)
        return records

    last = [each for each in order if each[0] >= RemovalPhase.DEFINITIONS]
    remove(session, removal, last, dismiss_record)
    return bool(records)


def _remove_data(session: Session, sight: TeardownScope) -> None:
    """Delete users' instances while their controllers run, and the claims in our namespaces."""
    live = snapshot.read(session.connection, sight.data, session.pool)
    remove(session, Removal(live, sight.components, "deleted"), [(RemovalPhase.DATA, tuple(live))])
