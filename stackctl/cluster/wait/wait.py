"""Waits until what was applied is ready, and says early when it will never be.

One LIST and WATCH for each kind serves every component of a run; Pods are watched where there
are workloads. The status of an object is found out in `target_status`; waiting for the end of
something is done in `deletion`.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import TracebackType

from stackctl.api.client import Client
from stackctl.api.discovery import Discovery
from stackctl.api.informer import Informer
from stackctl.api.polling import NotYet, once, until
from stackctl.api.store import ObjectStore
from stackctl.cluster.silence import silence
from stackctl.cluster.wait import diagnosis
from stackctl.cluster.wait.acceptance import takes_pods
from stackctl.cluster.wait.deletion import Deletion
from stackctl.cluster.wait.readiness_context import ReadinessContext
from stackctl.cluster.wait.target_status import (
    Assessor,
    TargetStatus,
    asks_for_nodes,
    asks_for_pods,
)
from stackctl.cluster.wait.targets import Progress, Target
from stackctl.errors import NotReadyError, NotServed
from stackctl.model.objects.refs import Manifest, Ref, ref_of, version_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.readiness import kept
from stackctl.model.readiness.children import WORKLOADS, controller, is_settled, short_of_pods
from stackctl.model.readiness.kubectl import describe
from stackctl.model.readiness.pod_faults import REFUSALS, Patience, PodFault
from stackctl.model.readiness.readiness import BUILT_IN, settles
from stackctl.model.readiness.status import Status
from stackctl.model.run.events import Notify
from stackctl.model.shapes.ready_rules import NO_RULES, ReadyRules

LOOK_SECONDS = 0.25  # how late a stop, a deadline or the end of a grace may be noticed
SERVED_SECONDS = 0.1  # between two looks at what the server serves
JOIN_SECONDS = 1.0
FIELDS = {("", "Event"): REFUSALS}  # what is looked for of a kind
UNMADE = "why no Pods are made cannot be told"
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
        self.store = ObjectStore(keeps_deleted=True, settled=is_settled)
        self._labels = stack.selector
        self._notify = notify
        self._assessor = Assessor(
            self.store, ReadinessContext(client, discovery, rules), patience or Patience(), now
        )
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._informers: dict[tuple[str, str, str, str], Informer] = {}

    def __enter__(self) -> "Observer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        end = self.now() + JOIN_SECONDS
        for informer in tuple(self._informers.values()):
            informer.join(max(0.0, end - self.now()))

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
                self.store.offer(target.answer)
        statuses = [self._assessor.assess(target) for target in watched]
        # Much is ready as soon as it is accepted; it has to be followed only if it could fall back.
        informers = self._observe(each.target for each in statuses if not _stays(each))

        def look() -> list[TargetStatus]:
            statuses[:] = [self._assessor.again(each) for each in statuses]
            return [self._with_pods(each) for each in statuses]

        def tell(ready: int, total: int, missing: str) -> None:
            progress(ready + at_once, total + at_once, missing)

        self._until(look, informers, watched, deadline, tell, stop)

    @property
    def ended(self) -> frozenset[Ref]:
        """What goes by itself and was seen to complete."""
        return frozenset(self._assessor.ended)

    def expect(self, manifest: Manifest) -> None:
        """Follow a kind from now on whose objects may be gone before they are waited for."""
        ref = ref_of(manifest)
        with suppress(NotServed):  # it is said when the object is sent
            self.informer(
                ref.group, ref.kind, version_of(manifest), labels=self._labels, names=[ref]
            )

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
        informers = self._observe(crds)

        def look() -> list[TargetStatus]:
            return [self._assessor.assess_definition(crd) for crd in crds]

        statuses = self._until(look, informers, crds, deadline, progress, stop)
        definitions = [each.live for each in statuses if each.live]
        if any(crd.fresh for crd in crds):
            self.discovery.refresh()  # it may know a definition of the same name that is gone

        def look_at_discovery() -> bool | NotYet:
            if not any(map(self._unserved, definitions)):
                return True
            self.discovery.refresh()
            missing = [name for crd in definitions for name in self._unserved(crd)]
            return not missing or NotYet(
                SERVED_SECONDS,
                late=lambda: NotReadyError(f"not served in time: {', '.join(missing)}"),
                stopped=f"stopped while waiting for {missing[0]} to be served",
            )

        until(look_at_discovery, deadline=deadline, now=self.now, wait=stop.wait)

    def wait_gone(
        self,
        targets: Sequence[Target],
        *,
        deadline: float,
        progress: Progress,
        stop: threading.Event,
        controllers: Mapping[str, str] | None = None,
    ) -> None:
        """Return when every target is gone; see `Deletion`."""
        deletion = Deletion(self.client, self.discovery, self.now, controllers or {})
        deletion.wait(targets, deadline=deadline, progress=progress, stop=stop)

    def informer(
        self,
        group: str,
        kind: str,
        version: str = "",
        *,
        namespace: str = "",
        labels: str = "",
        names: Collection[Ref] = (),
        without: str = "",
    ) -> Informer:
        """Return what tells about a kind; it is started when it is first asked for.

        Raises:
            NotServed: the cluster does not know the kind.
        """
        key = (group, kind, namespace, labels)
        with self._starting:
            if key not in self._informers:
                resource = self.discovery.find(group, kind, version)
                if resource is None:
                    raise NotServed(f"the cluster does not serve {kind} of {group}", status=404)
                self._informers[key] = Informer(
                    client=self.client,
                    resource=resource,
                    store=self.store,
                    stop=self._stop,
                    namespace=namespace,
                    labels=labels,
                    fields=FIELDS.get((group, kind), ""),
                    names=frozenset(names),
                    without=without,
                    keep=kept.of_kind(group, kind),
                    notify=self._notify,
                )
                self._informers[key].start()
            self._informers[key].ask_for(names)
            return self._informers[key]

    def _observe(self, targets: Iterable[Target]) -> list[Informer]:
        """Follow the kinds of targets."""
        kinds: dict[tuple[str, str, str], list[Ref]] = defaultdict(list)
        for each in targets:
            kinds[each.ref.group, each.ref.kind, each.version].append(each.ref)
        return [
            self.informer(*kind, labels=self._labels, names=names) for kind, names in kinds.items()
        ]

    def _with_pods(self, found: TargetStatus) -> TargetStatus:
        """Follow the Pods of a workload that hangs; without them it is not given up."""
        if not asks_for_pods(found):
            return found
        informers = list(self._children(found.target.ref))
        if found.live is not None and asks_for_nodes(found.live):
            informers.append(self.informer("", "Node", without=UNEXPLAINED))
        if found.live is not None and short_of_pods(found.live):
            space = found.target.ref.namespace
            informers.append(self.informer("", "Event", namespace=space, without=UNMADE))
        seen = all(each.listed or each.ended for each in informers)
        if found.status is Status.FAILED and not seen:
            return replace(found, status=Status.IN_PROGRESS)
        return found

    def _children(self, ref: Ref) -> Iterator[Informer]:
        """Follow the Pods in the namespace of a workload."""
        if ref.kind != "Pod":
            yield self.informer("", "Pod", namespace=ref.namespace, without=UNEXPLAINED)
        if ref.kind == "Deployment":
            yield self.informer("apps", "ReplicaSet", namespace=ref.namespace, without=UNEXPLAINED)

    def _until(
        self,
        look: Callable[[], list[TargetStatus]],
        informers: Iterable[Informer],
        targets: Iterable[Target],
        deadline: float,
        progress: Progress,
        stop: threading.Event,
    ) -> list[TargetStatus]:
        """Look again at every change that may matter, until nothing is missing."""
        refs = frozenset(each.ref for each in targets)
        tell = once(progress)

        def look_and_tell() -> list[TargetStatus] | NotYet:
            for informer in informers:
                informer.check()
            began = self.now()
            statuses = look()
            wakeup.spare(self.now() - began)
            self._refuse_failed(statuses)
            missing = [each for each in statuses if each.status is not Status.CURRENT]
            total = len(statuses)
            tell(total - len(missing), total, str(missing[0]) if missing else "")
            return (
                statuses
                if not missing
                else NotYet(
                    max(LOOK_SECONDS, wakeup.gather),
                    late=lambda: self._late(missing, total),
                    stopped=f"stopped while waiting for {missing[0]}",
                )
            )

        with self.store.waking(lambda obj: bool(controller(obj)) or ref_of(obj) in refs) as wakeup:
            wait = partial(wakeup.wait, stop=stop)
            return until(look_and_tell, deadline=deadline, now=self.now, wait=wait)

    def _refuse_failed(self, statuses: Iterable[TargetStatus]) -> None:
        failed = [each for each in statuses if each.status is Status.FAILED]
        if failed := [each for each in failed if not self._passes(each)]:
            raise _error([self._explained(each) for each in failed[:NAMED]], failed)

    def _passes(self, found: TargetStatus) -> bool:
        """Return whether a fault is one that ends by itself."""
        fault = found.fault
        if fault is None or found.live is None or not self._is_over(fault, found.live):
            return False
        self._assessor.forgive(fault)
        return True

    def _is_over(self, fault: PodFault, live: Manifest) -> bool:
        """Return whether a node is on its way for a Pod, or Pods are refused no more."""
        if fault.refused:
            return takes_pods(self.client, self.discovery, live)
        return fault.reason == "Unschedulable" and diagnosis.scaling_up(self.client, fault)

    def _late(self, missing: Sequence[TargetStatus], total: int) -> NotReadyError:
        if mute := silence(self.client):
            names = [str(each.target.ref) for each in missing]
            lines = [f"{mute}; whether these are ready is not known:", *names]
            return NotReadyError("\n  ".join(lines), hint=mute.hint)
        named = [self._explained(each) for each in missing[:NAMED]]
        named += [str(each) for each in missing[NAMED:]]
        informers = tuple(self._informers.values())
        trouble = {str(each.trouble) for each in informers if each.trouble}
        lines = [f"time is up, {len(missing)} of {total} objects not ready:", *named, *trouble]
        return _error(lines, missing)

    def _explained(self, found: TargetStatus) -> str:
        """Add to a status what events and logs tell about it."""
        return "\n    ".join([str(found), *self._causes(found)])

    def _causes(self, found: TargetStatus) -> Iterator[str]:
        if found.fault:
            yield from diagnosis.of_fault(self.client, found.fault)
        elif pod := self._assessor.unready_pod(found):
            yield from diagnosis.of_pod(self.client, pod)
        elif found.live:
            yield from diagnosis.of_object(self.client, found.live)

    def _unserved(self, crd: Manifest) -> list[str]:
        """Name what a CRD defines and the server does not serve yet."""
        spec = crd["spec"]
        group, kind = spec["group"], spec["names"]["kind"]
        return [
            f"{kind}.{each['name']}.{group}"
            for each in spec["versions"]
            if each.get("served") and self.discovery.find(group, kind, each["name"]) is None
        ]


def _stays(found: TargetStatus) -> bool:
    """Return whether a target is ready and nothing is run that could end that."""
    ref = found.target.ref
    plain = ref.group in BUILT_IN and (ref.group, ref.kind) not in WORKLOADS
    return plain and found.status is Status.CURRENT


def _error(lines: Sequence[str], statuses: Sequence[TargetStatus]) -> NotReadyError:
    """Make an error of what was found; the first hint is the one to follow."""
    hints = [each.hint for each in statuses if each.hint]
    return NotReadyError(
        "\n  ".join(lines), hint=hints[0] if hints else describe(statuses[0].target.ref)
    )
