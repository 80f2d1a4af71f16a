"""Records a run as Kubernetes Events on the stack's record: `kubectl get events -n NAMESPACE`.

It is best effort: nothing waits for it, save a moment at the end for what is on its way, and a
cluster that refuses it changes nothing. What a run does is decided elsewhere.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from stackctl.api.client import Client, encode
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.errors import Forbidden, Interrupted, NotFound, StackError, headline
from stackctl.model.objects.refs import FIELD_MANAGER, MANAGED_BY, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.events import ComponentProgress, ComponentState, Event, Notify
from stackctl.secrets import SECRETS

WRITE_SECONDS = 5.0  # for one event
LAST_SECONDS = 1.0  # for what is left to write when the run ends
LONGEST_NOTE = 1024
LONGEST_INSTANCE = 128
_TOLD = {
    ComponentState.READY: ("ComponentReady", "Normal"),
    ComponentState.FAILED: ("ComponentFailed", "Warning"),
    ComponentState.SKIPPED: ("ComponentSkipped", "Warning"),
    ComponentState.REMOVED: ("ComponentRemoved", "Normal"),
}


class EventRecorder:
    """Records what happens in one run, from any thread; written by one of its own."""

    def __init__(self, client: Client, stack: StackId, holder: str, action: str) -> None:
        self._client = client
        self._stack = stack
        self._holder = holder
        self._action = action  # Deploy, Rollback, Teardown
        self._revision = 0
        self._refused = False
        self._time: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        # Nobody waits for it to end: an interpreter that does would be held up by a slow server.
        self._writer = threading.Thread(target=self._write_all, name="events", daemon=True)
        self._writer.start()

    def begin(self, revision: int, note: str, now: Callable[[], datetime]) -> None:
        """Record that the run begins, and on which revision everything is recorded from now on.

        `now` is the API server's time: it sorts its events by that.
        """
        self._revision = revision
        self._time = now
        self.record(f"{self._action}Started", self._of_stack(note))

    def end(self, error: BaseException | None) -> None:
        """Record how the run ended."""
        if error is None:
            self.record(f"{self._action}Finished", self._of_stack("done"))
        elif isinstance(error, KeyboardInterrupt | Interrupted):
            said = headline(error) if str(error) else "interrupted"
            self.record(f"{self._action}Interrupted", self._of_stack(said), "Warning")
        else:
            self.record(f"{self._action}Failed", self._of_stack(headline(error)), "Warning")

    def residue(self, refs: Iterable[Ref]) -> None:
        """Record what a teardown left."""
        left = ", ".join(map(str, refs))
        self.record("ResidueFound", self._of_stack(f"still there: {left}"), "Warning")

    def record(self, reason: str, note: str, kind: str = "Normal") -> None:
        """Record one thing."""
        if self._revision:
            self._events.put(self._event(reason, note, kind))

    def beside(self, notify: Notify) -> Notify:
        """Record what becomes of components, beside telling whoever else is told."""

        def told(event: Event) -> None:
            notify(event)
            if isinstance(event, ComponentProgress) and event.state in _TOLD:
                reason, kind = _TOLD[event.state]
                why = f": {event.waiting_for}" if event.waiting_for else ""
                self.record(reason, f"{event.component} {event.state}{why}", kind)

        return told

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Record how the block went, whatever way it ends."""
        try:
            yield
        except BaseException as error:
            self.end(error)
            raise
        else:
            self.end(None)

    def close(self) -> None:
        """Write what is left to write, if that takes no time to speak of."""
        self._events.put(None)
        self._writer.join(LAST_SECONDS)
        self._refused = True

    def _of_stack(self, note: str) -> str:
        """Name the stack, once: most errors do so themselves."""
        named = f"stack {self._stack}: "
        return named + note.removeprefix(named)

    def _write_all(self) -> None:
        while (event := self._events.get()) is not None and not self._refused:
            self._write(event)

    def _write(self, event: dict[str, Any]) -> None:
        try:
            self._client.request(
                "POST",
                f"/apis/events.k8s.io/v1/namespaces/{self._stack.namespace}/events",
                body=encode(event),
                content_type="application/json",
                timeout=WRITE_SECONDS,
                retry_until=self._client.now(),
            )
        except (NotFound, Forbidden):
            self._refused = True  # the namespace is gone, or is going, or it is not for us to write
        except StackError:
            pass

    def _event(self, reason: str, note: str, kind: str) -> dict[str, Any]:
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": f"stackctl.{self._stack.name}.{time.time_ns():x}",
                "namespace": self._stack.namespace,
                "labels": {MANAGED_BY: FIELD_MANAGER, RECORD_LABEL: self._stack.name},
            },
            "eventTime": _micro(self._time()),
            "reportingController": "stackctl.dev/stackctl",
            "reportingInstance": (self._holder or "unknown")[:LONGEST_INSTANCE],
            "action": self._action,
            "reason": reason,
            "regarding": {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "namespace": self._stack.namespace,
                "name": f"stackctl.{self._stack.name}.v{self._revision}",
            },
            "note": SECRETS.mask(note)[:LONGEST_NOTE],
            "type": kind,
        }


@contextmanager
def record_events(
    client: Client, stack: StackId, holder: str, action: str
) -> Iterator[EventRecorder]:
    """Record what happens in the block; at its end, what is on its way is waited for."""
    recorder = EventRecorder(client, stack, holder, action)
    try:
        yield recorder
    finally:
        recorder.close()


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
