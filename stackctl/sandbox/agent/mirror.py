"""What the cluster holds: a copy of each kind somebody needs, kept up to date by watches.

Concerns ask for all objects of a kind and are woken when one changes. What they do then is theirs.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stackctl.api.client import Client
from stackctl.errors import ClusterError, NotFound, NotServed
from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.log import Log

_AGAIN_SECONDS = 1.0
_SETTLE_SECONDS = 0.02  # changes come in bursts; one look at the whole burst is enough


class Bell:
    """Wakes one concern."""

    def __init__(self, stop: threading.Event) -> None:
        self._rung = threading.Event()
        self._stop = stop

    def ring(self) -> None:
        """Something changed."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Sleep until something changed or the time is over; False when the agent ends."""
        self._rung.wait(seconds)
        self._stop.wait(_SETTLE_SECONDS)
        self._rung.clear()
        return not self._stop.is_set()


@dataclass(slots=True)
class _Copy:
    """The objects of one kind by namespace and name, and whether they are all there."""

    path: str
    stop: threading.Event
    objects: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    complete: bool = False


class Mirror:
    """Copies of kinds; a kind goes by any name the caller likes."""

    def __init__(self, client: Client, stop: threading.Event, log: Log) -> None:
        self._client = client
        self._stop = stop
        self._log = log
        self._copies: dict[str, _Copy] = {}
        self._bells: defaultdict[str, list[Bell]] = defaultdict(list)
        self._changing = threading.Lock()

    def bell(self, *kinds: str) -> Bell:
        """Make a bell that rings when an object of these kinds changes."""
        bell = Bell(self._stop)
        self.connect(bell, *kinds)
        return bell

    def connect(self, bell: Bell, *kinds: str) -> None:
        """Make a bell ring for more kinds."""
        for kind in kinds:
            self._bells[kind].append(bell)

    def follow(self, kind: str, path: str) -> None:
        """Begin to copy the objects under a path."""
        copy = _Copy(path, threading.Event())
        with self._changing:
            self._copies[kind] = copy
        name = f"watch {kind}"
        threading.Thread(target=self._keep, args=(kind, copy), name=name, daemon=True).start()

    def forget(self, kind: str) -> None:
        """Stop copying a kind."""
        with self._changing:
            copy = self._copies.pop(kind, None)
        if copy is not None:
            copy.stop.set()

    def close(self) -> None:
        """Stop copying everything, and wake everybody to see that the agent ends."""
        for kind in list(self._copies):
            self.forget(kind)
        for bells in self._bells.values():
            for bell in bells:
                bell.ring()

    def path(self, kind: str) -> str:
        """Return what is being copied under this name; empty for nothing."""
        copy = self._copies.get(kind)
        return copy.path if copy else ""

    def all(self, kind: str) -> list[Manifest]:
        """Return the objects of a kind as they are now."""
        with self._changing:
            copy = self._copies.get(kind)
            return list(copy.objects.values()) if copy else []

    def missing(self, kinds: Iterable[str]) -> list[str]:
        """Name the kinds that have not been read yet."""
        with self._changing:
            complete = {kind for kind, copy in self._copies.items() if copy.complete}
        return [kind for kind in kinds if kind not in complete]

    def _keep(self, kind: str, copy: _Copy) -> None:
        while not copy.stop.is_set():
            try:
                self._read(kind, copy)
            except (NotFound, NotServed):  # a kind that is not served yet, or no more
                copy.stop.wait(_AGAIN_SECONDS)
            except ClusterError as error:
                self._log(f"watch {kind}: {error}")
                copy.stop.wait(_AGAIN_SECONDS)

    def _read(self, kind: str, copy: _Copy) -> None:
        """Copy until the watch breaks; a new list then says what is really there."""
        listed: set[tuple[str, str]] | None = set()
        for event in self._client.follow(copy.path, stop=copy.stop):
            if event.type == "LISTED":
                self._drop_others(copy, listed or set())
                listed, copy.complete = None, True
            else:
                key = self._note(copy, event.type, event.object)
                if listed is not None:
                    listed.add(key)
            for bell in self._bells[kind]:
                bell.ring()
            if copy.stop.is_set():
                return

    def _note(self, copy: _Copy, event: str, manifest: Manifest) -> tuple[str, str]:
        _shed(manifest)
        metadata = manifest["metadata"]
        key = metadata.get("namespace", ""), metadata["name"]
        with self._changing:
            if event == "DELETED":
                copy.objects.pop(key, None)
            else:
                copy.objects[key] = manifest
        return key

    def _drop_others(self, copy: _Copy, listed: set[tuple[str, str]]) -> None:
        with self._changing:
            for key in copy.objects.keys() - listed:
                del copy.objects[key]


def _shed(manifest: Manifest) -> None:
    """Drop, in place, what nobody here reads and what makes up most of an object.

    The watch keeps a reference to the same object: a shortened copy would save nothing.
    """
    manifest["metadata"].pop("managedFields", None)
    if manifest["kind"] == "CustomResourceDefinition":
        for version in manifest["spec"]["versions"]:
            version.pop("schema", None)
