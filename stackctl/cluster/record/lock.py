"""One run at a time on a stack: a Lease that is renewed while the run lasts.

Time is the API server's (the `Date` of its answers), so that two machines whose clocks differ
agree on when a lease has expired. What the lock protects is for `releases`.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, TypeVar

from stackctl.api.client import Client
from stackctl.api.http.dates import date_in
from stackctl.api.http.messages import READ_SECONDS
from stackctl.api.polling import NotYet, once, until
from stackctl.api.together import together
from stackctl.errors import (
    AlreadyExists,
    ClusterError,
    LockedError,
    NotFound,
    StaleWrite,
)
from stackctl.model.objects.refs import FIELD_MANAGER, MANAGED_BY, Manifest
from stackctl.model.objects.wording import span
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.events import Notify, Step
from stackctl.model.run.outcome import HeldLock

LEASE_SECONDS = 30.0
RENEWALS = 3  # in the time of a lease
LOOK_SECONDS = 1.0  # between two attempts to take a lock that is held
RECORD_LABEL = "stackctl.dev/record"
T = TypeVar("T")
Ready = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants the lock, for which run, how long they wait and how long it outlives them."""

    holder: str
    wait: float = 0.0
    lease: float = LEASE_SECONDS
    run: str = ""  # empty: it is given a name of its own


class Lock:
    """A lease that is held; `lost` is set when somebody else has taken it, or may have."""

    def __init__(
        self,
        client: Client,
        stack: StackId,
        claim: Claim,
        lease: Manifest,
        abandoned: threading.Event,
    ) -> None:
        self._client = client
        self._stack = stack
        self._claim = claim
        self._lease = lease
        self._abandoned = abandoned
        self._renewed = _clock()
        self._told = _renewal(lease), self._renewed
        self._released = threading.Event()
        self._renewing = threading.Lock()
        self.lost = threading.Event()
        self._renewer = threading.Thread(target=self._keep, name="lock", daemon=True)
        self._renewer.start()

    def fence(self) -> None:
        """Let nothing be written that another run might be in the middle of, by now.

        Raises:
            LockedError: the lock was lost.
        """
        left = self._released.is_set() and not self.lost.is_set()
        if not left and (self.lost.is_set() or self._overdue):
            self.confirm()

    def confirm(self) -> None:
        """Make sure that the lock is still ours, before something is written that relies on it.

        Raises:
            LockedError: it was lost; whatever was to be written belongs to another run now.
        """
        trouble = None if self.lost.is_set() else self._renew(self.time())
        if self.lost.is_set():
            raise LockedError(
                f"stack {self._stack}: the lock was lost; nothing more was written",
                hint=f"stackctl status --stack {self._stack} says who has it",
            )
        if trouble is not None and self._overdue:
            raise trouble

    def leave(self) -> None:
        """Hold it to the end, but no longer renew it: its namespace is being deleted."""
        self._released.set()
        self._renewer.join()

    def release(self) -> None:
        """Give the lock back; a lock that was lost is left to its new holder."""
        self._client.conclude()
        self.leave()
        if self.lost.is_set():
            return
        metadata = self._lease["metadata"]
        with suppress(ClusterError):  # then it expires
            self._client.delete(
                lease_path(self._stack), uid=metadata["uid"], version=metadata["resourceVersion"]
            )

    def time(self) -> datetime:
        """Return the API server's time, going by when it last told it."""
        then, clock = self._told
        return then + timedelta(seconds=_clock() - clock)

    def stamp(self) -> str:
        """Return the API server's time as RFC 3339."""
        return self.time().strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def _overdue(self) -> bool:
        """The lease has run out, so that another run may have begun."""
        return _clock() - self._renewed > self._claim.lease

    def _keep(self) -> None:
        while not self._released.wait(self._pause) and not self.lost.is_set():
            # Where the API server cannot be reached, nothing can be written by us either.
            self._renew()

    @property
    def _pause(self) -> float:
        return self._claim.lease / RENEWALS

    def _renew(self, now: datetime | None = None) -> ClusterError | None:
        """Renew the lease; return what kept us from it, losing the lock apart.

        Somebody waits for it where the time is known; else the server is asked.
        """
        with self._renewing:
            began = _clock()
            deadline = self._client.now() + self._pause
            try:
                now = now or stated_time(self._client, self._pause, deadline) or self.time()
                self._lease = self._client.replace(
                    lease_path(self._stack),
                    _held(self._lease, self._claim, now),
                    timeout=self._pause,
                    retry_until=deadline,
                )
            except (NotFound, StaleWrite):
                self._lose()
            except ClusterError as error:
                return error
            else:
                self._renewed = began
                # The server tells whole seconds: what we make of an earlier one may be closer.
                then, clock = self._told
                self._told = max(now, then + timedelta(seconds=began - clock)), began
            return None

    def _lose(self) -> None:
        # From now on every write would be in somebody else's way.
        self.lost.set()
        self._abandoned.set()


@contextmanager
def locked(
    client: Client,
    stack: StackId,
    claim: Claim,
    abandoned: threading.Event,
    notify: Notify = lambda _: None,
    ready: Ready = lambda: True,
) -> Iterator[Lock]:
    """Hold the stack's lock; `abandoned` is set when it is lost.

    `ready` makes sure that the namespace is there, and tells whether it was.

    Raises:
        LockedError: another run holds it; the message says who, and since when.
    """
    take, deadline = partial(_take, client, stack, claim, ready), client.now() + claim.wait
    lease = _patiently(take, client, deadline, abandoned, notify)
    lock = Lock(client, stack, claim, lease, abandoned)
    try:
        yield lock
    finally:
        lock.release()


def await_free(
    client: Client, stack: StackId, seconds: float, stop: threading.Event, notify: Notify
) -> None:
    """Wait until nobody holds the lock, so that what is seen next is not about to change.

    Raises:
        LockedError: it is still held when the time is up.
    """
    if not seconds:
        return

    def look() -> None:
        hold = find(client, stack)
        if hold is not None and not hold.expired:
            raise _taken(hold)

    _patiently(look, client, client.now() + seconds, stop, notify)


def find(client: Client, stack: StackId) -> HeldLock | None:
    """Return the holder of the lock, whether it still renews it or not; None when there is none."""
    lease = client.get(lease_path(stack))
    return _hold(stack, lease, server_time(client)) if lease is not None else None


def held_by(client: Client, stack: StackId) -> str:
    """Return the holder of the lock and since when, as text; empty when there is none."""
    hold = find(client, stack)
    return str(hold) if hold is not None and not hold.expired else ""


def held_at_all(client: Client, *, but: StackId | None = None) -> bool:
    """Return whether a run is on in the administrators' namespace, on whichever stack `but` one."""
    labels = f"{RECORD_LABEL},{RECORD_LABEL}!={but.name}" if but else RECORD_LABEL
    leases = client.list(leases_of(StackId("")), labels=labels).items
    now = server_time(client) if leases else None
    return any(not _hold(StackId(""), lease, now).expired for lease in leases if now is not None)


def break_lock(client: Client, hold: HeldLock) -> bool:
    """Take the lock away from its holder; False when it is held by another one by now."""
    return client.delete(lease_path(hold.stack), uid=hold.uid)


def server_time(client: Client) -> datetime:
    """Return the API server's time; this machine's where it does not tell."""
    return stated_time(client) or datetime.now(UTC)


def stated_time(
    client: Client, timeout: float = READ_SECONDS, retry_until: float | None = None
) -> datetime | None:
    """Return the time that the API server tells, if it does."""
    answer = client.request("GET", "/version", timeout=timeout, retry_until=retry_until)
    return date_in(answer.headers)


def leases_of(stack: StackId) -> str:
    """Return where the Leases beside a stack's record are."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{stack.namespace}/leases"


def lease_path(stack: StackId) -> str:
    """Return where the Lease of a stack is."""
    return f"{leases_of(stack)}/stackctl.{stack.name}"


def _patiently(
    attempt: Callable[[], T],
    client: Client,
    deadline: float,
    stop: threading.Event,
    notify: Notify,
) -> T:
    """Try until it is not refused for the lock any more; say once for whom it is waited."""
    tell = once(lambda text: notify(Step(f"waiting: {text}")))

    def look() -> T | NotYet:
        try:
            return attempt()
        except LockedError as error:
            refusal = error
        if client.now() < deadline:
            tell(str(refusal))
        return NotYet(
            LOOK_SECONDS, late=lambda: refusal, stopped=f"interrupted while waiting: {refusal}"
        )

    def pause(seconds: float) -> bool:
        with client.pausing():
            return stop.wait(seconds)

    return until(look, deadline=deadline, now=client.now, wait=pause)


def _take(client: Client, stack: StackId, claim: Claim, ready: Ready) -> Manifest:
    stood, (found, now) = together(ready, lambda: _seen(client, stack))
    if not stood:  # what was seen is of a namespace that has gone
        found, now = _seen(client, stack)
    try:
        if found is None:
            return client.create(leases_of(stack), _held(_fresh(stack, now), claim, now))
        hold = _hold(stack, found, now)
        if not hold.expired:
            raise _taken(hold)
        taken = found | {"spec": found["spec"] | {"acquireTime": _stamp(now)}}
        return client.replace(lease_path(stack), _held(taken, claim, now))
    except (AlreadyExists, StaleWrite, NotFound) as error:
        raise LockedError(
            f"stack {stack}: another run took the lock at the same moment",
            hint="wait for that run to end",
        ) from error


def _seen(client: Client, stack: StackId) -> tuple[Manifest | None, datetime]:
    """Return the lease, if there is one, and the time."""
    return together(lambda: client.get(lease_path(stack)), lambda: server_time(client))


def _taken(hold: HeldLock) -> LockedError:
    return LockedError(
        f"stack {hold.stack}: locked by {hold}",
        hint="wait for that run with --wait-lock 10m; if it died, its lock expires "
        f"{span(hold.seconds)} after its last sign of life",
    )


def _fresh(stack: StackId, now: datetime) -> Manifest:
    labels = {MANAGED_BY: FIELD_MANAGER, RECORD_LABEL: stack.name}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": f"stackctl.{stack.name}",
            "namespace": stack.namespace,
            "labels": labels,
        },
        "spec": {"acquireTime": _stamp(now)},
    }


def _held(lease: Manifest, claim: Claim, now: datetime) -> Manifest:
    spec = lease["spec"] | {
        "holderIdentity": claim.holder or "unknown",
        "leaseDurationSeconds": ceil(claim.lease),
        "renewTime": _stamp(now),
    }
    return lease | {"spec": spec}


def _hold(stack: StackId, lease: Manifest, now: datetime) -> HeldLock:
    spec: dict[str, Any] = lease.get("spec", {})
    seconds = float(spec.get("leaseDurationSeconds") or LEASE_SECONDS)
    renewed = spec.get("renewTime") or ""
    return HeldLock(
        stack=stack,
        holder=spec.get("holderIdentity") or "",
        since=_readable(spec.get("acquireTime") or ""),
        renewed=_readable(renewed),
        seconds=seconds,
        expired=not spec.get("holderIdentity") or _expired(renewed, seconds, now),
        uid=lease["metadata"]["uid"],
    )


def _expired(renewed: str, seconds: float, now: datetime) -> bool:
    if not renewed:
        return True
    last = datetime.fromisoformat(renewed.replace("Z", "+00:00"))
    return now - last > timedelta(seconds=seconds)


def _renewal(lease: Manifest) -> datetime:
    """Return when a lease that we hold was renewed, by the API server's clock."""
    return datetime.fromisoformat(lease["spec"]["renewTime"].replace("Z", "+00:00"))


def _readable(time: str) -> str:
    return f"{time[:19]}Z" if time else ""


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _clock() -> float:
    """Return the time that has passed, a sleep of this machine included where that is known."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
