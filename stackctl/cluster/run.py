"""One run on a stack: lock, record the intent, apply and wait, prune, record the result.

The plan comes in decided and agreed. Whatever happens in here, the record names every object
that was made: it is written before the first change and corrected after the last.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from stackctl.cluster import releases
from stackctl.cluster.apply import Outcome, carry_out
from stackctl.cluster.connection import Connection
from stackctl.cluster.lock import locked
from stackctl.cluster.prune import prune
from stackctl.cluster.session import Session
from stackctl.cluster.wait import Observer
from stackctl.errors import ConflictError, Interrupted, LockedError, StackError
from stackctl.model.bundle import Bundle
from stackctl.model.events import Notify, Step
from stackctl.model.objects import Manifest, digest, version_of
from stackctl.model.ownership import owned_digest
from stackctl.model.plan import Action, Plan
from stackctl.model.release import Entry, Release, ReleaseStatus, superset

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about it."""

    timeout: float = 600.0  # seconds for everything
    wait: bool = True
    holder: str = ""  # user@host: holds the lock and is recorded


@dataclass(frozen=True, slots=True)
class Intent:
    """What a run is about to do, and from where it starts."""

    stack: str
    bundle: Bundle
    plan: Plan
    recorded: releases.Recorded | None
    tool: str  # stackctl's version
    pending: ReleaseStatus | None = None  # what the revision is called meanwhile; None: by itself
    command: str = ""  # what the user ran; recorded

    @property
    def inventory(self) -> tuple[Entry, ...]:
        """What the last revision owns."""
        return self.recorded.release.inventory if self.recorded else ()

    @property
    def settled(self) -> bool:
        """The last run ended well and nothing would change."""
        return (
            self.plan.empty
            and self.recorded is not None
            and self.recorded.release.status is ReleaseStatus.DEPLOYED
            and self.recorded.release.bundle == self.bundle.digest
        )


def execute(
    connection: Connection,
    intent: Intent,
    options: Options,
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
    notify(Step("taking the lock"))
    releases.ensure_namespace(client, connection.stop)
    abandoned, outcome = threading.Event(), Outcome()
    with (
        locked(client, intent.stack, options.holder, abandoned) as lock,
        Observer(
            client, connection.discovery, stack=intent.stack, notify=notify, now=now
        ) as observer,
    ):
        session = Session(
            connection, observer, pool, notify, now() + options.timeout, options.wait, abandoned
        )
        _unchanged_since(connection, intent)
        release = _pending(intent, connection, options, lock.stamp())
        pending = releases.begin(client, release, intent.bundle.components, pool)
        error = _attempt(session, intent, outcome)
        if lock.lost.is_set():
            raise LockedError(f"stack {intent.stack}: the lock was lost to another run")
        release = _finished(release, intent, outcome, error, lock.stamp())
        releases.update(client, pending, release)
        releases.tidy(client, intent.stack)
    if error is not None:
        raise error
    return outcome, release


def _attempt(session: Session, intent: Intent, outcome: Outcome) -> StackError | None:
    """Apply, wait and prune; return what went wrong so that it can be recorded first."""
    try:
        carry_out(session, intent.bundle, intent.plan, outcome)
        # A failed apply prunes nothing, and neither does one that is not ready.
        if error := outcome.error():
            return error
        prune(session, intent.plan, outcome)
    except KeyboardInterrupt:
        session.abandoned.set()
        return Interrupted(
            f"stack {intent.stack}: interrupted; what was done is recorded",
            hint="run the same command again to go on",
        )
    except StackError as error:
        return error
    return None


def _unchanged_since(connection: Connection, intent: Intent) -> None:
    """Refuse a plan that was made before another run ended."""
    latest = releases.latest_revision(connection.client, intent.stack)
    planned = intent.recorded.release.revision if intent.recorded else 0
    if latest != planned:
        raise ConflictError(
            f"stack {intent.stack}: revision {latest} was recorded after the plan was made",
            hint="run the command again to plan anew",
        )


def _pending(intent: Intent, connection: Connection, options: Options, begun: str) -> Release:
    """Describe the revision as intended: its inventory is the old one and the new."""
    previous = intent.recorded.release if intent.recorded else None
    existing = {c.ref for c in intent.plan.changes if c.action is not Action.CREATE}
    desired = [
        (ref, component, version_of(manifest))
        for ref, (component, manifest) in intent.bundle.objects().items()
    ]
    return Release(
        stack=intent.stack,
        revision=previous.revision + 1 if previous else 1,
        status=intent.pending or _pending_status(previous),
        profile=intent.bundle.profile,
        bundle=intent.bundle.digest,
        cluster=connection.info.cluster_uid,
        by=options.holder,
        tool=intent.tool,
        begun=begun,
        command=intent.command,
        components={part.name: part.version for part in intent.bundle.components},
        shards={part.name: part.digest for part in intent.bundle.components},
        requires=intent.bundle.requires,
        inventory=superset(intent.inventory, desired, existing),
    )


def _pending_status(previous: Release | None) -> ReleaseStatus:
    if previous is None or previous.status is ReleaseStatus.UNINSTALLING:
        return ReleaseStatus.PENDING_INSTALL
    return ReleaseStatus.PENDING_UPGRADE


def _finished(
    release: Release, intent: Intent, outcome: Outcome, error: StackError | None, finished: str
) -> Release:
    """Correct the inventory: what was applied gets its proofs, what was pruned leaves."""
    desired = intent.bundle.objects()
    kept = [entry for entry in release.inventory if entry.ref not in outcome.pruned]
    entries = [
        _proven(entry, desired[entry.ref][1], outcome) if entry.ref in desired else entry
        for entry in kept
    ]
    return replace(
        release,
        status=ReleaseStatus.DEPLOYED if error is None else ReleaseStatus.FAILED,
        message=str(error).splitlines()[0] if error is not None else "",
        finished=finished,
        inventory=tuple(entries),
    )


def _proven(entry: Entry, manifest: Manifest, outcome: Outcome) -> Entry:
    """Note what lets the next run see that an object is unchanged without asking."""
    answer = outcome.applied.get(entry.ref)
    if answer is None:
        return entry
    return replace(
        entry,
        version=version_of(manifest),
        uid=answer["metadata"]["uid"],
        rendered=digest(manifest),
        owned=owned_digest(answer),
    )
