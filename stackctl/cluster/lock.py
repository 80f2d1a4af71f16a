"""One run at a time on a stack: a Lease that is renewed while the run lasts.

Time is the API server's (the `Date` of its answers), so that two machines whose clocks differ
agree on when a lease has expired. What the lock protects is for `releases`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from stackctl.api.client import Client
from stackctl.errors import AlreadyExists, ClusterError, LockedError, Rejected, StaleWrite
from stackctl.model.objects import FIELD_MANAGER, MANAGED_BY, RECORD_NAMESPACE, Manifest

LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{RECORD_NAMESPACE}/leases"
DURATION = timedelta(seconds=30)
RENEW_SECONDS = 10.0
RECORD_LABEL = "stackctl.dev/record"

Sleep = Callable[[float], None]


class Lock:
    """A lease that is held; `lost` is set when somebody else has taken it."""

    def __init__(
        self, client: Client, stack: str, holder: str, lease: Manifest, abandoned: threading.Event
    ) -> None:
        self._client = client
        self._abandoned = abandoned
        self._path = f"{LEASES}/{lease_name(stack)}"
        self._holder = holder
        self._lease = lease
        self._released = threading.Event()
        self.lost = threading.Event()
        self._renewer = threading.Thread(target=self._renew, name="lock", daemon=True)
        self._renewer.start()

    def release(self) -> None:
        """Give the lock back; a lock that was lost is left to its new holder."""
        self._released.set()
        self._renewer.join()
        if not self.lost.is_set():
            self._client.delete(self._path, uid=self._lease["metadata"]["uid"])

    def stamp(self) -> str:
        """Say what time it is for the API server, as RFC 3339."""
        return server_time(self._client).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _renew(self) -> None:
        while not self._released.wait(RENEW_SECONDS):
            try:
                self._lease = self._client.replace(
                    self._path, _held(self._lease, self._holder, server_time(self._client))
                )
            except Rejected:
                # Deleted or taken over: from now on every write would be somebody else's.
                self.lost.set()
                self._abandoned.set()
                return
            except ClusterError:
                continue  # the lease outlives two failed renewals


@contextmanager
def locked(client: Client, stack: str, holder: str, abandoned: threading.Event) -> Iterator[Lock]:
    """Hold the stack's lock; `abandoned` is set when it is lost.

    Raises:
        LockedError: another run holds it; the message says who, and since when.
    """
    lock = Lock(client, stack, holder, _acquire(client, stack, holder), abandoned)
    try:
        yield lock
    finally:
        lock.release()


def lease_name(stack: str) -> str:
    """Name the Lease of a stack."""
    return f"stackctl.{stack}"


def held_by(client: Client, stack: str) -> str:
    """Say who holds the lock and since when; empty when nobody does."""
    lease = client.get(f"{LEASES}/{lease_name(stack)}")
    return _holder(lease) if lease is not None and not _expired(lease, server_time(client)) else ""


def server_time(client: Client) -> datetime:
    """Ask the API server what time it is."""
    answer = client.request("GET", "/version")
    date = answer.headers.get("Date")
    return parsedate_to_datetime(date) if date else datetime.now(UTC)


def _acquire(client: Client, stack: str, holder: str) -> Manifest:
    path = f"{LEASES}/{lease_name(stack)}"
    now = server_time(client)
    found = client.get(path)
    try:
        if found is None:
            return client.create(LEASES, _held(_fresh(stack, now), holder, now))
        if not _expired(found, now):
            raise LockedError(
                f"stack {stack}: locked by {_holder(found)}",
                hint="wait for that run to end; its lock expires "
                f"{int(DURATION.total_seconds())} s after it stops renewing it",
            )
        taken = found | {"spec": found["spec"] | {"acquireTime": _stamp(now)}}
        return client.replace(path, _held(taken, holder, now))
    except (AlreadyExists, StaleWrite) as error:
        raise LockedError(
            f"stack {stack}: another run took the lock at the same moment",
            hint="wait for that run to end",
        ) from error


def _fresh(stack: str, now: datetime) -> Manifest:
    labels = {MANAGED_BY: FIELD_MANAGER, RECORD_LABEL: stack}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": lease_name(stack),
            "namespace": RECORD_NAMESPACE,
            "labels": labels,
        },
        "spec": {"acquireTime": _stamp(now)},
    }


def _held(lease: Manifest, holder: str, now: datetime) -> Manifest:
    spec = lease["spec"] | {
        "holderIdentity": holder,
        "leaseDurationSeconds": int(DURATION.total_seconds()),
        "renewTime": _stamp(now),
    }
    return lease | {"spec": spec}


def _expired(lease: Manifest, now: datetime) -> bool:
    spec: dict[str, Any] = lease.get("spec", {})
    renewed = spec.get("renewTime")
    if not spec.get("holderIdentity") or not renewed:
        return True
    last = datetime.fromisoformat(renewed.replace("Z", "+00:00"))
    duration = timedelta(seconds=spec.get("leaseDurationSeconds") or DURATION.total_seconds())
    return now - last > duration


def _holder(lease: Manifest) -> str:
    spec = lease.get("spec", {})
    return f"{spec.get('holderIdentity')} since {spec.get('acquireTime', 'an unknown time')[:19]}Z"


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
