"""Waits until what was applied is ready, and says early when it will never be.

One LIST and WATCH for each kind serves every component of a run; Pods are watched where there
are workloads. How an object stands is judged in `standing`; waiting for the end of something is
done in `gone`.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from stackctl.api.client import Client
from stackctl.api.discovery import Discovery
from stackctl.cluster.silence import silence
from stackctl.cluster.wait import diagnosis
from stackctl.cluster.wait.deletion import Deletion
from stackctl.cluster.wait.informer import Informer
from stackctl.cluster.wait.readiness_context import ReadinessContext
from stackctl.cluster.wait.store import ObjectStore
from stackctl.cluster.wait.target_status import Judge, TargetStatus, asks_for_pods
from stackctl.cluster.wait.targets import Progress, Target
from stackctl.errors import Interrupted, NotReadyError, NotServed
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.readiness.children import WORKLOADS
from stackctl.model.readiness.pod_faults import Patience
from stackctl.model.readiness.readiness import BUILT_IN, settles
from stackctl.model.readiness.status import Status
from stackctl.model.run.events import Notify
from stackctl.model.shapes.ready_rules import NO_RULES, ReadyRules

LOOK_SECONDS = 0.25  # how late a stop, a deadline or the end of a grace may be noticed
GATHER_SECONDS = 0.03  # changes come in bursts
SERVED_SECONDS = 0.1  # between two looks at what the server serves
JOIN_SECONDS = 1.0
UNEXPLAINED = "why Pods fail cannot be told"
NAMED = 5  # objects whose causes are looked up when time is up


class Observer:
    """Watches the objects of one stack for the components of one run; a context manager."""

    def __init__(
        self,
        client: Client,
        discovery: Discovery,
        *,
        stack: StackId,
        notify: Notify,
        now: Callable[[], float] = time.monotonic,
        patience: Patience | None = None,
        rules: ReadyRules = NO_RULES,
    ) -> None:
        self.client = client
        self.discovery = discovery
        self.now = now
        self.scene = ObjectStore()
        self._labels = stack.selector
        self._notify = notify
        self._judge = Judge(
            self.scene, ReadinessContext(client, discovery, rules), patience or Patience(), now
        )
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._feeds: dict[tuple[str, str, str, str], Informer] = {}

    def __enter__(self) -> "Observer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        end = time.monotonic() + JOIN_SECONDS
        for feed in tuple(self._feeds.values()):
            feed.join(max(0.0, end - time.monotonic()))

    def wait(
        self,
        targets: Sequence[Target],
        *,
        deadline: float,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        """Return when every target is ready.

        Raises:
            NotReadyError: one will never be by itself, or time is up.
            Interrupted: `stop` was set.
        """
        watched = [each for each in targets if settles(each.ref.group, each.ref.kind)]
        at_once = len(targets) - len(watched)
        for target in watched:
            if target.answer is not None:
                self.scene.offer(target.answer)
        standings = [self._judge.ready(target) for target in watched]
        # Much is ready as soon as it is accepted; it has to be followed only if it could fall back.
        feeds = self._observe(each.target for each in standings if not _stays(each))

        def look() -> list[TargetStatus]:
            insist(feeds)
            standings[:] = [self._judge.again(each) for each in standings]
            return [self._with_pods(each) for each in standings]

        def told(ready: int, total: int, missing: str) -> None:
            progress(ready + at_once, total + at_once, missing)

        with self.scene.bell(each.ref for each in watched) as bell:
            self._until(look, bell, deadline, told, stop)

    def wait_established(
        self,
        crds: Sequence[Target],
        *,
        deadline: float,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        """Return when the kinds that CRDs define can be used; discovery knows them then.

        Raises:
            NotReadyError: a definition is refused, or time is up.
            Interrupted: `stop` was set.
        """
        feeds = self._observe(crds)

        def look() -> list[TargetStatus]:
            insist(feeds)
            return [self._judge.served(crd) for crd in crds]

        with self.scene.bell(each.ref for each in crds) as bell:
            standings = self._until(look, bell, deadline, progress, stop)
        definitions = [each.live for each in standings]
        if any(crd.fresh for crd in crds):
            self.discovery.refresh()  # it may know a definition of the same name that is gone
        while missing := [name for crd in definitions if crd for name in self._unserved(crd)]:
            if self.now() >= deadline:
                raise NotReadyError(f"not served in time: {', '.join(missing)}")
            if stop.wait(SERVED_SECONDS):
                raise Interrupted(f"stopped while waiting for {missing[0]} to be served")
            self.discovery.refresh()

    def wait_gone(
        self,
        targets: Sequence[Target],
        *,
        deadline: float,
        progress: Progress,
        stop: threading.Event,
        controllers: Mapping[str, str] | None = None,
    ) -> None:
        """Return when every target is gone; see `gone.Departure`."""
        departure = Deletion(self.client, self.discovery, self.now, controllers or {})
        departure.wait(targets, deadline=deadline, progress=progress, stop=stop)

    def feed(
        self,
        group: str,
        kind: str,
        version: str = "",
        *,
        namespace: str = "",
        labels: str = "",
        names: Iterable[Ref] = (),
        without: str = "",
    ) -> Informer:
        """Return what tells about a kind; it is started when it is first asked for.

        Raises:
            NotServed: the cluster does not know the kind.
        """
        key = (group, kind, namespace, labels)
        with self._starting:
            if key not in self._feeds:
                resource = self.discovery.find(group, kind, version)
                if resource is None:
                    raise NotServed(f"the cluster does not serve {kind} of {group}", status=404)
                self._feeds[key] = Informer(
                    client=self.client,
                    resource=resource,
                    scene=self.scene,
                    notify=self._notify,
                    stop=self._stop,
                    namespace=namespace,
                    labels=labels,
                    names=frozenset(names),
                    without=without,
                )
                self._feeds[key].start()
            self._feeds[key].names |= frozenset(names)
            return self._feeds[key]

    def _observe(self, targets: Iterable[Target]) -> list[Informer]:
        """Follow the kinds of targets."""
        kinds: dict[tuple[str, str, str], list[Ref]] = defaultdict(list)
        for each in targets:
            kinds[each.ref.group, each.ref.kind, each.version].append(each.ref)
        return [self.feed(*kind, labels=self._labels, names=names) for kind, names in kinds.items()]

    def _with_pods(self, standing: TargetStatus) -> TargetStatus:
        """Follow the Pods of a workload that hangs; without them it is not given up."""
        if not asks_for_pods(standing):
            return standing
        feeds = list(self._children(standing.target.ref))
        seen = all(feed.listed or feed.ended for feed in feeds)
        if standing.status is Status.FAILED and not seen:
            return replace(standing, status=Status.IN_PROGRESS)
        return standing

    def _children(self, ref: Ref) -> Iterator[Informer]:
        """Follow the Pods in the namespace of a workload."""
        if ref.kind != "Pod":
            yield self.feed("", "Pod", namespace=ref.namespace, without=UNEXPLAINED)
        if ref.kind == "Deployment":
            yield self.feed("apps", "ReplicaSet", namespace=ref.namespace, without=UNEXPLAINED)

    def _until(
        self,
        look: Callable[[], list[TargetStatus]],
        bell: threading.Event,
        deadline: float,
        progress: Progress,
        stop: threading.Event,
    ) -> list[TargetStatus]:
        """Look again whenever the bell has rung, until nothing is missing."""
        told = None
        while True:
            bell.clear()
            standings = look()
            failed = [each for each in standings if each.status is Status.FAILED]
            if failed := [each for each in failed if not self._passes(each)]:
                raise _error([self._explained(each) for each in failed[:NAMED]], failed)
            missing = [each for each in standings if each.status is not Status.CURRENT]
            news = (
                len(standings) - len(missing),
                len(standings),
                str(missing[0]) if missing else "",
            )
            if news != told:
                told = news
                progress(*news)
            if not missing:
                return standings
            if self.now() >= deadline:
                raise self._late(missing, len(standings))
            if stop.wait(GATHER_SECONDS):
                raise Interrupted(f"stopped while waiting for {missing[0]}")
            bell.wait(LOOK_SECONDS)

    def _passes(self, standing: TargetStatus) -> bool:
        """Tell whether a node is on its way for a Pod that finds none."""
        fault = standing.fault
        if fault is None or fault.reason != "Unschedulable":
            return False
        if coming := diagnosis.scaling_up(self.client, fault):
            self._judge.forgive(fault)
        return coming

    def _late(self, missing: Sequence[TargetStatus], total: int) -> NotReadyError:
        if mute := silence(self.client):
            names = [str(each.target.ref) for each in missing]
            lines = [f"{mute}; whether these are ready is not known:", *names]
            return NotReadyError("\n  ".join(lines), hint=mute.hint)
        named = [self._explained(each) for each in missing[:NAMED]]
        named += [str(each) for each in missing[NAMED:]]
        trouble = {str(feed.trouble) for feed in tuple(self._feeds.values()) if feed.trouble}
        lines = [f"time is up, {len(missing)} of {total} objects not ready:", *named, *trouble]
        return _error(lines, missing)

    def _explained(self, standing: TargetStatus) -> str:
        """Add to a standing what events and logs tell about it."""
        return "\n    ".join([str(standing), *self._causes(standing)])

    def _causes(self, standing: TargetStatus) -> Iterator[str]:
        if standing.fault:
            yield from diagnosis.of_fault(self.client, standing.fault)
        elif pod := self._judge.unready_pod(standing):
            yield from diagnosis.of_pod(self.client, pod)
        elif standing.live:
            yield from diagnosis.of_object(self.client, standing.live)

    def _unserved(self, crd: Manifest) -> list[str]:
        """Name what a CRD defines and the server does not serve yet."""
        spec = crd["spec"]
        group, kind = spec["group"], spec["names"]["kind"]
        return [
            f"{kind}.{each['name']}.{group}"
            for each in spec["versions"]
            if each.get("served") and self.discovery.find(group, kind, each["name"]) is None
        ]


def insist(feeds: Sequence[Informer]) -> None:
    """Raise what keeps us from ever seeing the targets."""
    for feed in feeds:
        if feed.ended is not None:
            raise feed.ended
        if feed.broken:
            raise RuntimeError(f"nothing tells about {feed.path} any more")


def _stays(standing: TargetStatus) -> bool:
    """Tell whether a target is ready and nothing is run that could end that."""
    ref = standing.target.ref
    plain = ref.group in BUILT_IN and (ref.group, ref.kind) not in WORKLOADS
    return plain and standing.status is Status.CURRENT


def _error(lines: Sequence[str], standings: Sequence[TargetStatus]) -> NotReadyError:
    """Make an error of what was found; the first hint is the one to follow."""
    hints = [each.hint for each in standings if each.hint]
    return NotReadyError("\n  ".join(lines), hint=hints[0] if hints else _describe(standings[0]))


def _describe(standing: TargetStatus) -> str:
    ref = standing.target.ref
    where = f" -n {ref.namespace}" if ref.namespace else ""
    kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
    return f"kubectl{where} describe {kind.lower()} {ref.name}"
