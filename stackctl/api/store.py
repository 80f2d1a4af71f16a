"""The objects of the cluster as they were last seen, shared by all that watch and all that wait.

Nothing in here asks the API server, or judges what it said.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from stackctl.api.polling import Wakeup
from stackctl.model.objects.kinds import GroupKind, kind_of
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.readiness.children import controller


class ObjectStore:
    """What was seen; to be used from many threads."""

    def __init__(
        self,
        *,
        keeps_deleted: bool = False,
        settled: Callable[[Manifest], bool] = lambda _: False,
    ) -> None:
        self._changing = threading.Lock()
        self._children_version = 0
        self._objects: defaultdict[GroupKind, dict[Ref, Manifest]] = defaultdict(dict)
        self._owned: dict[str, dict[str, Manifest]] = {}  # by the controller's uid, then their own
        self._settled = settled  # tells of what is controlled that nothing follows from it now
        self._unsettled: dict[str, dict[str, Manifest]] = {}
        self._keeps_deleted = keeps_deleted
        self._deleted: dict[str, Manifest] = {}  # by uid, as last seen
        self._wakeups: list[Wakeup] = []

    @property
    def children_version(self) -> int:
        """A number that grows with every change of something that is controlled by another."""
        return self._children_version

    def wakeup(self, wants: Callable[[Manifest], bool]) -> Wakeup:
        """Return what is rung by every change that is wanted, as long as the store is there."""
        wakeup = Wakeup(wants)
        with self._changing:
            self._wakeups.append(wakeup)
        return wakeup

    @contextmanager
    def waking(self, wants: Callable[[Manifest], bool]) -> Iterator[Wakeup]:
        """Give what is rung by every change that is wanted while the block runs."""
        wakeup = self.wakeup(wants)
        try:
            yield wakeup
        finally:
            with self._changing:
                self._wakeups.remove(wakeup)

    def touch(self, changed: Manifest | None = None) -> None:
        """Wake who wants to know of an object, or everybody."""
        with self._changing:
            for wakeup in self._wakeups:
                if changed is None or wakeup.wants(changed):
                    wakeup.ring()

    def put(self, obj: Manifest) -> None:
        """Remember an object, in place of what was known of it."""
        with self._changing:
            objects, ref, uid = self._objects[kind_of(obj)], ref_of(obj), _uid(obj)
            former = objects.get(ref)
            if former and _uid(former) != uid:
                self._forget(former)
            objects[ref] = obj
            if owner := controller(obj):
                self._owned.setdefault(owner, {})[uid] = obj
                if self._settled(obj):
                    _drop(self._unsettled, owner, uid)
                else:
                    self._unsettled.setdefault(owner, {})[uid] = obj
                self._children_version += 1
        self.touch(obj)

    def offer(self, obj: Manifest) -> None:
        """Remember an object as its own change was answered, if nothing is known of it."""
        with self._changing:
            # What was deleted since does not come back by an old answer.
            if _uid(obj) not in self._deleted:
                self._objects[kind_of(obj)].setdefault(ref_of(obj), obj)

    def remove(self, obj: Manifest) -> None:
        """Forget an object that was deleted."""
        with self._changing:
            objects, ref = self._objects[kind_of(obj)], ref_of(obj)
            if ref in objects and _uid(objects[ref]) == _uid(obj):
                del objects[ref]
            self._forget(obj)
        self.touch(obj)

    def get(self, ref: Ref) -> Manifest | None:
        """Return an object as it was last seen."""
        with self._changing:
            return self._objects[ref.group, ref.kind].get(ref)

    def of_kind(self, group: str, kind: str) -> list[Manifest]:
        """Return every object of a kind."""
        with self._changing:
            return list(self._objects[group, kind].values())

    def owned(self, uid: str) -> Iterable[Manifest]:
        """Return what an object controls."""
        with self._changing:
            return tuple(self._owned.get(uid, {}).values())

    def unsettled(self, uid: str) -> Iterable[Manifest]:
        """Return what an object controls and what may still have something to say."""
        with self._changing:
            return tuple(self._unsettled.get(uid, {}).values())

    def deleted(self, uid: str) -> Manifest | None:
        """Return the last state of an object that was seen to be deleted and had no controller."""
        with self._changing:
            return self._deleted.get(uid)

    def _forget(self, obj: Manifest) -> None:
        if owner := controller(obj):
            _drop(self._owned, owner, _uid(obj))
            _drop(self._unsettled, owner, _uid(obj))
            self._children_version += 1
        elif self._keeps_deleted:
            self._deleted[_uid(obj)] = obj


def _drop(owned: dict[str, dict[str, Manifest]], owner: str, uid: str) -> None:
    siblings = owned.get(owner, {})
    siblings.pop(uid, None)
    if not siblings:
        owned.pop(owner, None)


def _uid(obj: Manifest) -> str:
    return str(obj["metadata"]["uid"])
