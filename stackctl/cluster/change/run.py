"""One run on a stack: lock, record the intent, apply and wait, prune, record the result.

The plan comes in decided and agreed. Whatever happens in here, the record names every object
that was made: it is written before the first change and corrected after the last.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from secrets import token_hex

from stackctl.api.client import Client
from stackctl.cluster.change.apply import Outcome, carry_out
from stackctl.cluster.change.disown import release
from stackctl.cluster.change.prune import prune
from stackctl.cluster.change.session import Session
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.cluster.record.event_recorder import chronicle
from stackctl.cluster.record.lock import Claim, locked
from stackctl.cluster.sending import Sender
from stackctl.cluster.wait.wait import Observer
from stackctl.errors import (
    ApplyError,
    ClusterError,
    Interrupted,
    LockedError,
    NotReadyError,
    StackError,
    headline,
)
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Manifest, Ref, version_of
from stackctl.model.ownership.ownership import owned_digest, written_by
from stackctl.model.ownership.proof import Mark, mark_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.plan.plan_file import Recipe
from stackctl.model.release.release import (
    INTERRUPTED,
    Entry,
    Found,
    Provenance,
    Release,
    ReleaseStatus,
    provenance,
    superset,
)
from stackctl.model.run.events import Notice, Notify, Step
from stackctl.model.run.failure_policy import OnFailure
from stackctl.model.shapes.ready_rules import rules_for

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes about it."""

    claim: Claim  # who it is
    timeout: float = 600.0  # seconds for everything
    wait: bool = True
    on_failure: OnFailure = OnFailure.CONTINUE


@dataclass(frozen=True, slots=True)
class RunIntent:
    """What a run is about to do, and from where it starts."""

    stack: StackId
    bundle: Bundle
    plan: Plan
    recorded: releases.Recorded | None
    tool: str  # stackctl's version
    pending: ReleaseStatus | None = None  # what the revision is called meanwhile; None: by itself
    command: str = ""  # what the user ran; recorded
    # What --set says of it; recorded. Of secrets it only says that they are set.
    sets: Mapping[str, str] = field(default_factory=dict)
    secret_sets: Mapping[str, str] = field(default_factory=dict)  # to what; recorded apart
    lost: tuple[BundleComponent, ...] = ()  # recorded, and their objects are not kept any more
    strays: tuple[Change, ...] = ()  # what the stack has made and nothing names any more
    joined: bool = False  # the plan has the strays
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
    def verb(self) -> str:
        """What the user ran, in a word: Deploy, Upgrade, Rollback."""
        return self.command.partition(" ")[0].capitalize() or "Deploy"

    @property
    def made(self) -> Provenance:
        """What is there because the stack made it."""
        return provenance(self.inventory)

    @property
    def settled(self) -> bool:
        """The last run ended well and nothing would change."""
        return (
            self.plan.empty
            and self.recorded is not None
            and self.recorded.release.status is ReleaseStatus.DEPLOYED
            and self.recorded.release.bundle == self.bundle.digest
            and self.recorded.release.sets == self.sets
        )


def _entry(stray: Change) -> Entry:
    uid = stray.live["metadata"]["uid"] if stray.live else ""
    return Entry(stray.ref, stray.component, "", uid=uid, unsure=True)


def execute(
    connection: Connection,
    intent: RunIntent,
    options: RunOptions,
    pool: Executor,
    notify: Notify,
    now: Clock = time.monotonic,
) -> tuple[Outcome, Release]:
    """Carry out a plan from the lock to the record.

    Raises:
        LockedError: another run is on, or took over.
        ApplyError, NotReadyError, Interrupted: recorded; running again resumes.
    """
    client = connection.client
    with client.within(client.now() + options.timeout):
        return _execute(connection, intent, options, pool, notify, now)


def _execute(
    connection: Connection,
    intent: RunIntent,
    options: RunOptions,
    pool: Executor,
    notify: Notify,
    now: Clock,
) -> tuple[Outcome, Release]:
    client, stop = connection.client, connection.stop
    notify(Step("taking the lock"))
    releases.ensure_namespace(client, intent.stack, stop)
    outcome = Outcome()
    with (
        chronicle(client, intent.stack, options.claim.holder, intent.verb) as story,
        locked(client, intent.stack, options.claim, stop, notify) as lock,
        Observer(
            client,
            connection.discovery,
            stack=intent.stack,
            notify=notify,
            now=now,
            rules=intent.bundle.rules,
        ) as observer,
    ):
        deadline = now() + client.left
        told = story.beside(notify)
        fenced = replace(connection, client=client.fenced(lock.fence))
        sender = Sender(fenced.client, intent.stack, token_hex(4))
        session = Session(
            fenced,
            observer,
            pool,
            told,
            deadline,
            options.wait,
            stop,
            sender,
            lock.fence,
            lock.confirm,
        )
        releases.require_latest(client, intent.stack, intent.recorded)
        release = _pending(intent, connection, options, lock.stamp())
        pending = releases.begin(
            client, release, intent.bundle.components, pool, intent.secret_sets
        )
        _lay_to_rest(client, intent.recorded, release)
        story.begin(release.revision, _announced(release), lock.time)
        error = _attempt(session, intent, options, outcome)
        client.conclude()
        try:
            lock.confirm()
            release = _finished(release, intent, outcome, error, lock.stamp())
            releases.update(client, pending, release)
        except ClusterError as trouble:
            raise _unrecorded(error, pending.release, trouble) from trouble
        _tidy(client, intent.stack, notify)
        if error is not None:
            raise _recorded(error, release)
    return outcome, release


def _lay_to_rest(client: Client, recorded: releases.Recorded | None, release: Release) -> None:
    """Say of a run that died how it ended, so that it cannot say anything else any more."""
    if recorded is not None and recorded.release.status.pending:
        note = f"ended without a word; revision {release.revision} goes on from it"
        ended = replace(recorded.release, status=ReleaseStatus.FAILED, message=note)
        with suppress(LockedError):  # it has said so itself, at the last moment
            releases.update(client, recorded, ended)


def _unrecorded(error: StackError | None, pending: Release, trouble: ClusterError) -> StackError:
    """Say how a run ended where the record does not: it names all that was made, as pending."""
    good = f"stack {pending.stack}: everything is applied, and that"
    done = f"{error}\nhow it ended" if error else good
    if isinstance(error, Interrupted):
        done = f"stack {pending.stack}: interrupted, and how far it came"
    kind = type(error) if isinstance(error, Interrupted | NotReadyError) else ApplyError
    return kind(
        f"{done} could not be recorded: {trouble}\nrevision {pending.revision} stays "
        f"{pending.status}, with every object it has made",
        hint=(error and error.hint)
        or "when the cluster takes writes again, the same command records it",
    )


def _tidy(client: Client, stack: StackId, notify: Notify) -> None:
    """Let old revisions go; where that fails, the next run does it."""
    try:
        releases.tidy(client, stack)
    except ClusterError as refusal:
        notify(Notice(f"stack {stack}: old revisions could not be removed: {refusal}"))


def _recorded(error: StackError, release: Release) -> StackError:
    """Say with what went wrong that nothing of it is lost."""
    if type(error) not in (ApplyError, NotReadyError):
        return error
    note = f"revision {release.revision} is recorded as failed; nothing was pruned"
    return type(error)(f"{error}\n{note}", hint=error.hint)


def _announced(release: Release) -> str:
    command = f": {release.command}" if release.command else ""
    return f"revision {release.revision}, profile {release.profile}, by {release.by}{command}"


def _attempt(
    session: Session, intent: RunIntent, options: RunOptions, outcome: Outcome
) -> StackError | None:
    """Apply, wait and prune; return what went wrong so that it can be recorded first."""
    try:
        carry_out(session, intent.bundle, intent.plan, options.on_failure, outcome)
        if session.abandoned.is_set():
            return _interrupted(intent)
        # A failed apply prunes nothing, and neither does one that is not ready.
        if error := outcome.error():
            return error
        release(session, intent.plan, outcome)
        prune(session, intent.plan, intent.made, outcome)
    except KeyboardInterrupt:
        session.abandoned.set()
        return _interrupted(intent)
    except ClusterError as error:  # after changes that were made
        return ApplyError(str(error), hint=error.hint)
    except StackError as error:
        return error
    return None


def _interrupted(intent: RunIntent) -> Interrupted:
    return Interrupted(
        f"stack {intent.stack}: {INTERRUPTED}; what was done is recorded",
        hint="run the same command again to go on",
    )


def _pending(intent: RunIntent, connection: Connection, options: RunOptions, begun: str) -> Release:
    """Describe the revision as intended: its inventory is the old one and the new."""
    previous = intent.recorded.release if intent.recorded else None
    kept = {
        change.ref: _found(change, intent)
        for change in intent.plan.changes
        if change.live is not None and change.action not in (Action.CREATE, Action.RECREATE)
    }
    desired = [
        (ref, component, version_of(manifest))
        for ref, (component, manifest) in intent.bundle.objects().items()
    ]
    kinds = frozenset((ref.group, ref.kind) for ref, _, _ in desired)
    return Release(
        stack=intent.stack,
        revision=previous.revision + 1 if previous else 1,
        status=intent.pending or _pending_status(previous),
        profile=intent.bundle.profile,
        bundle=intent.bundle.digest,
        cluster=connection.info.cluster_uid,
        by=options.claim.holder,
        tool=intent.tool,
        begun=begun,
        command=intent.command,
        sets=intent.sets,
        components={part.name: part.version for part in intent.bundle.components},
        shards={part.name: part.digest for part in intent.bundle.components},
        requires=intent.bundle.requires,
        inventory=superset(intent.inventory, desired, kept),
        rules=rules_for(kinds, intent.bundle.rules),
    )


def _found(change: Change, intent: RunIntent) -> Found:
    """Say what is known of an object that stays before the first change."""
    live = change.live or {}
    untouched = change.action is Action.UNCHANGED and not change.stamp
    return Found(live["metadata"]["uid"], written_by(live, intent.stack), untouched)


def _pending_status(previous: Release | None) -> ReleaseStatus:
    if previous is None or previous.status is ReleaseStatus.UNINSTALLING:
        return ReleaseStatus.PENDING_INSTALL
    return ReleaseStatus.PENDING_UPGRADE


def _finished(
    release: Release, intent: RunIntent, outcome: Outcome, error: StackError | None, finished: str
) -> Release:
    """Correct the inventory: what is there gets its proofs, what is gone leaves."""
    desired = intent.bundle.objects()
    live = _there(intent, outcome)
    there = {change.ref for change in intent.plan.changes} - outcome.pruned
    absent = _never_made(intent, outcome)
    entries = [
        _proven(entry, desired[entry.ref][1], live, intent.stack) if entry.ref in desired else entry
        for entry in release.inventory
        # What the plan did not even see has been deleted, or made again, by somebody else.
        if (entry.ref in desired or entry.ref in there) and entry.ref not in absent
    ]
    return replace(
        release,
        status=ReleaseStatus.DEPLOYED if error is None else ReleaseStatus.FAILED,
        message=headline(error).removeprefix(f"stack {intent.stack}: ") if error else "",
        finished=finished,
        inventory=tuple(entries),
    )


def _never_made(intent: RunIntent, outcome: Outcome) -> set[Ref]:
    """Name what was planned as new and is not ours: somebody else's, or never sent at all."""
    new = {
        change.ref
        for change in intent.plan.changes
        if change.action is Action.CREATE and change.live is None
    }
    return outcome.foreign | (new - outcome.attempted)


def _there(intent: RunIntent, outcome: Outcome) -> dict[Ref, Manifest]:
    """Collect the objects as they are after the run, untouched ones included."""
    untouched = {
        change.ref: change.live
        for change in intent.plan.changes
        if change.action is Action.UNCHANGED and not change.stamp and change.live is not None
    }
    return untouched | outcome.applied


def _proven(
    entry: Entry, manifest: Manifest, live: Mapping[Ref, Manifest], stack: StackId
) -> Entry:
    """Note what lets the next run see that an object is unchanged without asking."""
    found = live.get(entry.ref)
    if found is None:
        return entry
    return replace(
        entry,
        version=version_of(manifest),
        uid=found["metadata"]["uid"],
        mark=str(_recordable(mark_of(found), entry.ref)),
        owned=owned_digest(found, stack),
    )


def _recordable(mark: Mark, ref: Ref) -> Mark:
    """Leave out of the record what a Secret's values could be guessed by."""
    return mark.without_content if ref.kind == "Secret" else mark
