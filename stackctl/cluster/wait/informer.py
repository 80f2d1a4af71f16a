"""One LIST and WATCH, told to the scene for as long as a run lasts.

Where the whole cluster may not be watched, the namespaces of what is waited for are. Where
watching is not allowed at all, the list is asked for again and again; where that is not allowed
either, the objects by name. What the objects say is for `wait`.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.cluster.wait.store import ObjectStore
from stackctl.errors import AccessDenied, ClusterError, Interrupted, StackError
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.run.events import Notice, Notify

POLL_SECONDS = 2.0
LOOK_SECONDS = 0.1  # how late a namespace is watched that is waited for as well


@dataclass(slots=True)
class Informer:
    """The objects of one kind, in all namespaces or in one, as they change."""

    client: Client
    resource: ApiResource
    scene: ObjectStore
    notify: Notify
    stop: threading.Event
    namespace: str = ""
    labels: str = ""
    names: frozenset[Ref] = frozenset()  # what is asked for by name, if it must be
    without: str = ""  # what cannot be told if it is denied and nobody waits for it
    listed: bool = False  # all that there was has been seen
    trouble: ClusterError | None = None  # why nothing comes, at the moment
    ended: StackError | None = None  # why nothing will ever come
    _refusal: AccessDenied | None = None
    _known: dict[Ref, Manifest] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    @property
    def path(self) -> str:
        """Where the objects are."""
        return self.resource.path(self.namespace)

    @property
    def broken(self) -> bool:
        """Tell whether it ended without having been told to."""
        thread = self._thread
        return not (thread is None or thread.is_alive() or self.stop.is_set() or self.ended)

    def start(self) -> None:
        """Begin to tell."""
        self._thread = threading.Thread(target=self._run, name=self.path, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the end after `stop` was set."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        for tell in self._ways():
            try:
                self._persist(tell)
            except AccessDenied as refusal:
                self._refusal, self.listed = refusal, False
            except Interrupted as interruption:
                self._end(interruption)
                return
            else:
                return
        if self.without:
            self.notify(Notice(f"{self._refusal}; {self.without}"))
        self._end(self._refusal)

    def _ways(self) -> list[Callable[[], None]]:
        """Return how to learn of the objects, the way that takes most rights first."""
        if self.names and self.resource.namespaced and not self.namespace:
            return [self._follow, self._divide]
        ways = [self._follow, lambda: self._poll(self._list)]
        return [*ways, lambda: self._poll(self._read)] if self.names else ways

    def _divide(self) -> None:
        """Let a feed for each namespace tell, for as long as all of them do."""
        parts: dict[str, Informer] = {}
        while not self.stop.is_set():
            for ref in tuple(self.names):
                if ref.namespace not in parts:
                    parts[ref.namespace] = self._part(ref.namespace)
                parts[ref.namespace].names |= {ref}
            for part in parts.values():
                if part.ended is not None:
                    raise part.ended
                if part.broken:
                    raise RuntimeError(f"nothing tells about {part.path} any more")
            self.listed = all(part.listed for part in parts.values())
            self.trouble = next((each.trouble for each in parts.values() if each.trouble), None)
            self.stop.wait(LOOK_SECONDS)

    def _part(self, namespace: str) -> "Informer":
        part = Informer(
            client=self.client,
            resource=self.resource,
            scene=self.scene,
            notify=self.notify,
            stop=self.stop,
            namespace=namespace,
            labels=self.labels,
            names=frozenset(ref for ref in self.names if ref.namespace == namespace),
        )
        part.start()
        return part

    def _end(self, reason: StackError | None) -> None:
        self.ended = reason
        self.scene.touch()

    def _persist(self, tell: Callable[[], None]) -> None:
        """Go on telling through everything that may pass."""
        while not self.stop.is_set():
            try:
                tell()
            except AccessDenied:
                raise
            except ClusterError as error:
                self.trouble = error
                self.stop.wait(POLL_SECONDS)

    def _follow(self) -> None:
        for event in self.client.follow(self.path, labels=self.labels, stop=self.stop):
            self.trouble = None
            match event.type:
                case "LISTED":
                    self._ready()
                case "DELETED":
                    self.scene.remove(event.object)
                case "ADDED" | "MODIFIED":
                    self.scene.put(event.object)

    def _poll(self, read: Callable[[], Iterable[Manifest]]) -> None:
        while not self.stop.is_set():
            self._compare({ref_of(obj): obj for obj in read()})
            self.trouble = None
            self._ready()
            self.stop.wait(POLL_SECONDS)

    def _list(self) -> Iterable[Manifest]:
        return self.client.list(self.path, labels=self.labels).items

    def _read(self) -> Iterable[Manifest]:
        paths = [self.resource.path(ref.namespace, ref.name) for ref in self.names]
        return [obj for path in paths if (obj := self.client.get(path)) is not None]

    def _compare(self, fresh: dict[Ref, Manifest]) -> None:
        for ref, obj in self._known.items():
            if ref not in fresh:
                self.scene.remove(obj)
        for obj in fresh.values():
            self.scene.put(obj)
        self._known = fresh

    def _ready(self) -> None:
        if self.listed:
            return
        self.listed = True
        if self._refusal:
            self.notify(Notice(f"{self._refusal}; asking every {POLL_SECONDS:.0f} s instead"))
        self.scene.touch()
