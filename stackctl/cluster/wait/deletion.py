"""Waits until what was deleted is really gone, and names what stands in the way.

Deleting is done in `apply`; finalizers are never touched here.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource, Discovery
from stackctl.api.polling import NotYet, once, until
from stackctl.cluster.look.unseen import definition_gone, unseen
from stackctl.cluster.silence import silence
from stackctl.cluster.wait.targets import Progress, Target
from stackctl.errors import (
    AccessDenied,
    ApplyError,
    NotServed,
    OutOfTime,
    Unreachable,
)
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.finalizers import remedy, stuck

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 0.5
LIST_FROM = 6  # with as many in one place, a LIST is cheaper than the GETs
WORKERS = 8
NAMED = 10


@dataclass(frozen=True, slots=True)
class Deletion:
    """What waiting for the end of objects needs."""

    client: Client
    discovery: Discovery
    now: Callable[[], float]
    controllers: Mapping[str, str] = field(default_factory=dict)  # API group → workload

    def wait(
        self,
        targets: Sequence[Target],
        *,
        deadline: float,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        """Return when every target is gone; another object of its name does not count.

        Raises:
            ApplyError: time is up; names what is left, its finalizers and who should have answered.
            Interrupted: `stop` was set.
        """
        left, pause, tell = list(targets), FIRST_SECONDS, once(progress)

        def look() -> bool | NotYet:
            nonlocal left, pause
            before, left = len(left), self._still_there(left, deadline)
            tell(len(targets) - len(left), len(targets), str(left[0].ref) if left else "")
            pause = FIRST_SECONDS if len(left) < before else min(pause * 1.5, LONGEST_SECONDS)
            return not left or NotYet(
                pause,
                late=lambda: self._late(left),
                stopped=f"stopped while waiting for {left[0].ref} to be deleted",
            )

        until(look, deadline=deadline, now=self.now, wait=stop.wait)

    def _still_there(self, left: Sequence[Target], deadline: float) -> list[Target]:
        """Return what is not gone; what cannot be seen when time is up is not gone either."""
        try:
            return self._remaining(left)
        except (OutOfTime, Unreachable) as error:
            if self.now() >= deadline:
                raise self._late(left) from error
            raise

    def _remaining(self, targets: Sequence[Target]) -> list[Target]:
        """Return the targets that are still there."""
        places: dict[tuple[ApiResource, str], list[Target]] = defaultdict(list)
        unknown = []
        for target in targets:
            if resource := self._resource(target):
                places[resource, target.ref.namespace].append(target)
            else:
                unknown.append(target.ref)
        doubts = unseen(self.client, self.discovery, unknown)
        looks = [part for place, group in places.items() for part in _looks(*place, group)]
        with ThreadPoolExecutor(min(WORKERS, len(looks) or 1)) as pool:
            there = {target for found in pool.map(self._look, looks) for target in found}
        return [target for target in targets if target in there or target.ref in doubts]

    def _resource(self, target: Target) -> ApiResource | None:
        """Find where a target is; with its kind gone, where it was."""
        ref = target.ref
        return self.discovery.address(ref.group, ref.kind, target.version)

    def _look(self, look: "_Look") -> list[Target]:
        resource, namespace, targets = look.resource, look.namespace, look.targets
        if len(targets) == 1:
            return [target for target in targets if self._read(resource, target)]
        try:
            items = self.client.list(resource.path(namespace), metadata_only=True).items
        except NotServed:
            return [] if definition_gone(self.client, resource) else list(targets)
        except AccessDenied:
            return [target for target in targets if self._read(resource, target)]
        uids = {item["metadata"]["name"]: item["metadata"]["uid"] for item in items}
        return [each for each in targets if _is_same(each, uids.get(each.ref.name))]

    def _read(self, resource: ApiResource, target: Target) -> bool:
        path = resource.path(target.ref.namespace, target.ref.name)
        try:
            live = self.client.get(path, metadata_only=True)
        except NotServed:
            return not definition_gone(self.client, resource)
        return live is not None and _is_same(target, live["metadata"]["uid"])

    def _late(self, left: Sequence[Target]) -> ApplyError:
        if mute := silence(self.client):
            names = [str(each.ref) for each in left]
            lines = [f"{mute}; whether these are gone is not known:", *names]
            return ApplyError("\n  ".join(lines), hint=mute.hint)
        lines, hints = [], []
        for target in left[:NAMED]:
            try:
                live = self._live(target)
            except (OutOfTime, Unreachable) as error:
                lines.append(f"{target.ref}: {error}")
                continue
            lines.append(f"{target.ref}: {stuck(live, self.controllers) if live else 'just gone'}")
            hints += [remedy(live)] if live else []
        lines += [str(target.ref) for target in left[NAMED:]]
        count = f"{len(left)} object{'' if len(left) == 1 else 's'}"
        return ApplyError(
            "\n  ".join([f"time is up, {count} not gone:", *lines]), hint=hints[0] if hints else ""
        )

    def _live(self, target: Target) -> Manifest | None:
        resource = self._resource(target)
        if resource is None:
            return None
        try:
            return self.client.get(resource.path(target.ref.namespace, target.ref.name))
        except NotServed:
            return None


def _is_same(target: Target, uid: str | None) -> bool:
    return uid is not None and target.uid in ("", uid)


@dataclass(frozen=True, slots=True)
class _Look:
    """One request: for one object, or for all of a kind in one place."""

    resource: ApiResource
    namespace: str
    targets: tuple[Target, ...]


def _looks(resource: ApiResource, namespace: str, targets: Sequence[Target]) -> Iterator[_Look]:
    if len(targets) >= LIST_FROM:
        yield _Look(resource, namespace, tuple(targets))
        return
    for target in targets:
        yield _Look(resource, namespace, (target,))
