"""The objects of the cluster as they were last seen, shared by all that watch and all that wait.

Nothing in here asks the API server, or judges what it said.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.readiness.children import controller


class ObjectStore:
    """What was seen; to be used from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._kin = 0
        self._objects: dict[Ref, Manifest] = {}
        self._owned: dict[str, dict[str, Manifest]] = {}  # by the controller's uid, then their own
        self._gone: dict[str, Manifest] = {}  # by uid, as last seen
        self._bells: dict[threading.Event, frozenset[Ref]] = {}

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self._version

    @property
    def kin(self) -> int:
        """A number that grows with every change of something that is controlled by another."""
        return self._kin

    def wait(self, version: int, seconds: float) -> None:
        """Return when there is something newer than a version, or after some time."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != version, seconds)

    @contextmanager
    def bell(self, refs: Iterable[Ref]) -> Iterator[threading.Event]:
        """Give what is set by every change that may matter to these objects."""
        bell = threading.Event()
        with self._changed:
            self._bells[bell] = frozenset(refs)
        try:
            yield bell
        finally:
            with self._changed:
                del self._bells[bell]

    def touch(self, ref: Ref | None = None) -> None:
        """Wake who waits for an object, or everybody."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()
            for bell, refs in self._bells.items():
                if ref is None or ref in refs:
                    bell.set()

    def put(self, obj: Manifest) -> None:
        """Remember an object, in place of what was known of it."""
        with self._changed:
            ref, uid = ref_of(obj), obj["metadata"]["uid"]
            former = self._objects.get(ref)
            if former and former["metadata"]["uid"] != uid:
                self._forget(former)
            self._objects[ref] = obj
            if owner := controller(obj):
                self._owned.setdefault(owner, {})[uid] = obj
                self._kin += 1
        self.touch(None if owner else ref)

    def offer(self, obj: Manifest) -> None:
        """Remember an object as its own change was answered, if nothing is known of it."""
        with self._changed:
            # What was deleted since does not come back by an old answer.
            if obj["metadata"]["uid"] not in self._gone:
                self._objects.setdefault(ref_of(obj), obj)

    def remove(self, obj: Manifest) -> None:
        """Forget an object that was deleted."""
        with self._changed:
            known = self._objects.get(ref_of(obj))
            if known and known["metadata"]["uid"] == obj["metadata"]["uid"]:
                del self._objects[ref_of(obj)]
            self._forget(obj)
        self.touch(None if controller(obj) else ref_of(obj))

    def get(self, ref: Ref) -> Manifest | None:
        """Return an object as it was last seen."""
        with self._changed:
            return self._objects.get(ref)

    def of_kind(self, group: str, kind: str) -> list[Manifest]:
        """Return every object of a kind."""
        with self._changed:
            known = self._objects.items()
            return [obj for ref, obj in known if (ref.group, ref.kind) == (group, kind)]

    def owned(self, uid: str) -> Iterable[Manifest]:
        """Return what an object controls."""
        with self._changed:
            return tuple(self._owned.get(uid, {}).values())

    def gone(self, uid: str) -> Manifest | None:
        """Return the last state of an object that was seen to be deleted."""
        with self._changed:
            return self._gone.get(uid)

    def _forget(self, obj: Manifest) -> None:
        uid = obj["metadata"]["uid"]
        if owner := controller(obj):
            self._owned.get(owner, {}).pop(uid, None)
            self._kin += 1
        else:
            self._gone[uid] = obj
