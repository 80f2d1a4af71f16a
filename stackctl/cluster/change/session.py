"""One run on a stack while it holds the lock: what every step of it is given.

What the steps are is for `run` and `teardown`.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex

from stackctl.cluster.connection import Connection
from stackctl.cluster.context import RunContext
from stackctl.cluster.record import recording
from stackctl.cluster.record.event_recorder import EventRecorder, record_events
from stackctl.cluster.record.lock import Claim, Lock, locked
from stackctl.cluster.sending import Sender
from stackctl.cluster.wait.wait import Observer
from stackctl.errors import MORE_TIME, Interrupted, OutOfTime
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.events import Notify
from stackctl.model.shapes.ready_rules import NO_RULES, ReadyRules


@dataclass(frozen=True, slots=True)
class Session:
    """One run on one cluster."""

    connection: Connection
    observer: Observer
    pool: Executor  # sends the requests of every component
    notify: Notify
    deadline: float  # of the observer's clock
    wait: bool
    abandoned: threading.Event  # the user stopped, or the lock was lost: begin nothing new
    sender: Sender  # sends objects as the stack's manager
    fence: Callable[[], None] = lambda: None  # raises before a write that is no longer ours
    confirm: Callable[[], None] = lambda: None  # the same, and asks the server whose the lock is

    def begin(self, ref: Ref) -> None:
        """Raise instead of beginning a change when the run is over, or another one is on.

        Raises:
            Interrupted: the user stopped.
            LockedError: the lock was lost.
            OutOfTime: the deadline has passed.
        """
        self.fence()
        if self.abandoned.is_set():
            raise Interrupted(f"{ref}: not attempted")
        if self.observer.now() >= self.deadline:
            raise OutOfTime(f"{ref}: not attempted: time is up", hint=MORE_TIME)


@contextmanager
def observe_stack(
    run: RunContext, stack: StackId, *, rules: ReadyRules = NO_RULES
) -> Iterator[Session]:
    """Wait for a stack without changing it: nobody has to be kept from that."""
    with Observer(
        run.client,
        run.connection.discovery,
        stack=stack,
        notify=run.notify,
        now=run.now,
        rules=rules,
    ) as observer:
        yield Session(
            run.connection,
            observer,
            run.pool,
            run.notify,
            deadline=run.now() + run.client.left,
            wait=True,
            abandoned=run.stop,
            sender=Sender(run.client, stack),
        )


@contextmanager
def hold_stack(
    run: RunContext,
    stack: StackId,
    action: str,
    claim: Claim,
    *,
    wait: bool = True,
    rules: ReadyRules = NO_RULES,
) -> Iterator[tuple[Session, Lock, EventRecorder]]:
    """Hold the lock of a stack for a run, and tell as Kubernetes Events how it went.

    Waiting for the lock does not count against the time that the client has left.

    Raises:
        LockedError: another run holds it.
        PreflightError: the namespace of the record is not there.
    """
    connection, client, stop = run.connection, run.client, run.stop
    ready = partial(recording.ensure_namespace, client, stack, stop)
    with (
        record_events(client, stack, claim.holder, action) as recorder,
        locked(client, stack, claim, stop, run.notify, ready) as lock,
        recorder.telling(),  # its last word is written while the lock is given back
        Observer(
            client,
            connection.discovery,
            stack=stack,
            notify=run.notify,
            now=run.now,
            rules=rules,
        ) as observer,
    ):
        fenced = replace(connection, client=client.fenced(lock.fence))
        session = Session(
            fenced,
            observer,
            run.pool,
            recorder.beside(run.notify),
            deadline=run.now() + client.left,
            wait=wait,
            abandoned=stop,
            sender=Sender(fenced.client, stack, claim.run or token_hex(4)),
            fence=lock.fence,
            confirm=lock.confirm,
        )
        yield session, lock, recorder
