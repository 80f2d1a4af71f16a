"""Keeps a store up to date about the objects of one kind, for as long as somebody wants to know.

Where the whole cluster may not be watched, the namespaces of what is waited for are. Where
watching is not allowed at all, the list is asked for again and again; where that is not allowed
either, the objects by name. What the objects say is for whoever reads the store.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.api.listing import Listing
from stackctl.api.store import ObjectStore
from stackctl.api.watching import LISTED, Known, WatchEvent
from stackctl.errors import AccessDenied, ClusterError, Interrupted, StackError
from stackctl.model.objects.refs import Ref
from stackctl.model.objects.wording import span
from stackctl.model.run.events import Notice, Notify
from stackctl.model.shapes.json_text import Keep

POLL_SECONDS = 2.0  # between two lists, where nothing may be watched
TROUBLE_SECONDS = 1.0  # before what failed is tried again

Source = Callable[[], Iterator[WatchEvent]]


@dataclass(slots=True)
class Informer:
    """The objects of one kind, in all namespaces or in one, as they change."""

    client: Client
    resource: ApiResource
    store: ObjectStore
    stop: threading.Event
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    names: frozenset[Ref] = frozenset()  # what is asked for by name, if it must be
    without: str = ""  # what cannot be told if it is denied and nobody waits for it
    keep: Keep | None = None  # of each object what somebody reads, as it is decoded
    notify: Notify = lambda _: None
    on_trouble: Callable[[ClusterError], None] = lambda _: None
    _listed: bool = False
    _trouble: ClusterError | None = None
    _ended: StackError | None = None
    _refusal: AccessDenied | None = None
    _known: Known = field(default_factory=Known)
    _parts: dict[str, "Informer"] = field(default_factory=dict)  # by namespace
    _naming: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    @property
    def path(self) -> str:
        """Where the objects are."""
        return self.resource.path(self.namespace)

    @property
    def listed(self) -> bool:
        """All that there was has been seen."""
        return all(each._listed for each in self._tellers())

    @property
    def trouble(self) -> ClusterError | None:
        """Why nothing comes, at the moment."""
        return next((each._trouble for each in self._tellers() if each._trouble), None)

    @property
    def ended(self) -> StackError | None:
        """Why nothing will ever come."""
        return next((each._ended for each in self._tellers() if each._ended), None)

    def check(self) -> None:
        """Raise what keeps it from ever telling anything."""
        for each in (self, *self._parts.values()):
            working = each._thread is None or each._thread.is_alive()  # looked at first
            if each._ended is not None:
                raise each._ended
            if not (working or each._parts or each.stop.is_set()):
                raise RuntimeError(f"nothing tells about {each.path} any more")

    def start(self) -> None:
        """Begin to tell."""
        self._thread = threading.Thread(target=self._run, name=self.path, daemon=True)
        self._thread.start()

    def ask_for(self, refs: Iterable[Ref]) -> None:
        """Add objects that are asked for by name, if they must be."""
        with self._naming:
            self.names |= frozenset(refs)
            if self._parts:
                self._divide()

    def join(self, seconds: float) -> None:
        """Wait for the end after `stop` was set."""
        for each in self._tellers():
            if each._thread is not None:
                each._thread.join(seconds)

    def _tellers(self) -> tuple["Informer", ...]:
        return tuple(self._parts.values()) or (self,)

    def _run(self) -> None:
        for source in self._sources():
            try:
                self._persist(source)
            except AccessDenied as refusal:
                self._refusal, self._listed = refusal, False
            except Interrupted as interruption:
                self._end(interruption)
                return
            else:
                return
        if self._is_divisible:
            with self._naming:
                self._divide()
            return
        if self.without:
            self.notify(Notice(f"{self._refusal}; {self.without}"))
        self._end(self._refusal)

    @property
    def _is_divisible(self) -> bool:
        return bool(self.names) and self.resource.namespaced and not self.namespace

    def _sources(self) -> list[Source]:
        """Return how to learn of the objects, the way that takes most rights first."""
        if self._is_divisible:
            return [self._watch]
        lists: list[Source] = [self._watch, lambda: self._poll(self._list)]
        return [*lists, lambda: self._poll(self._read)] if self.names else lists

    def _divide(self) -> None:
        """Let each namespace have an informer of its own."""
        for namespace in {ref.namespace for ref in self.names}:
            names = frozenset(ref for ref in self.names if ref.namespace == namespace)
            if namespace in self._parts:
                self._parts[namespace].names = names
                continue
            part = Informer(
                client=self.client,
                resource=self.resource,
                store=self.store,
                stop=self.stop,
                namespace=namespace,
                labels=self.labels,
                names=names,
                keep=self.keep,
                notify=self.notify,
            )
            part.start()
            self._parts = {**self._parts, namespace: part}

    def _end(self, reason: StackError | None) -> None:
        self._ended = reason
        self.store.touch()

    def _persist(self, source: Source) -> None:
        """Go on telling through everything that may pass."""
        while not self.stop.is_set():
            try:
                for event in source():
                    self._trouble = None
                    self._tell(event)
            except AccessDenied:
                raise
            except ClusterError as error:
                self._trouble = error
                self.on_trouble(error)
                self.stop.wait(TROUBLE_SECONDS)

    def _tell(self, event: WatchEvent) -> None:
        match event.type:
            case "LISTED":
                self._note_list()
            case "DELETED":
                self.store.remove(event.object)
            case "ADDED" | "MODIFIED":
                self.store.put(event.object)

    def _note_list(self) -> None:
        if self._listed:
            return
        self._listed = True
        if self._refusal:
            self.notify(Notice(f"{self._refusal}; asking every {span(POLL_SECONDS)} instead"))
        self.store.touch()

    def _watch(self) -> Iterator[WatchEvent]:
        return self.client.follow(
            self.path,
            labels=self.labels,
            fields=self.fields,
            stop=self.stop,
            known=self._known,
            keep=self.keep,
        )

    def _poll(self, read: Callable[[], Listing]) -> Iterator[WatchEvent]:
        while not self.stop.is_set():
            yield from self._known.compare(read())
            yield LISTED
            self.stop.wait(POLL_SECONDS)

    def _list(self) -> Listing:
        return self.client.list(self.path, labels=self.labels, fields=self.fields, keep=self.keep)

    def _read(self) -> Listing:
        paths = [self.resource.path(ref.namespace, ref.name) for ref in self.names]
        found = [obj for path in paths if (obj := self.client.get(path)) is not None]
        return Listing(tuple(found), "")
