"""The status of what is waited for, by what was seen of the objects and of their Pods.

Nothing in here asks the API server for more than the store holds, except what readiness needs to
know of a kind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from stackctl.api.store import ObjectStore
from stackctl.cluster.wait.readiness_context import ReadinessContext
from stackctl.cluster.wait.targets import Target
from stackctl.model.objects.conditions import holds
from stackctl.model.objects.refs import Manifest, Ref, group_of
from stackctl.model.readiness.children import (
    RESTARTED,
    WORKLOADS,
    faults_of,
    off_every_node,
    refused_pods,
    short_of_pods,
    unready_pods,
)
from stackctl.model.readiness.ending import GONE, goes_by_itself, has_completed
from stackctl.model.readiness.kubectl import restart
from stackctl.model.readiness.pod_faults import Patience, PodFault, unready
from stackctl.model.readiness.readiness import OBSERVING, assess, established
from stackctl.model.readiness.status import Assessment, Status

FaultKey = tuple[str, str, str]
TAKEN_NOW = "the API server would take a Pod now, and the controller tries again by itself"


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """The status of a target, and what it follows from."""

    target: Target
    status: Status
    message: str = ""
    hint: str = ""
    live: Manifest | None = None
    fault: PodFault | None = None
    children_version: int = 0  # how far what objects control had changed

    def __str__(self) -> str:
        return f"{self.target.ref}: {self.message or self.status.value}"


class Assessor:
    """Finds the status of targets; remembers since when their Pods have shown a fault."""

    def __init__(
        self,
        store: ObjectStore,
        context: ReadinessContext,
        patience: Patience,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._context = context
        self._patience = patience
        self._now = now
        self._since: dict[Ref, dict[FaultKey, float]] = {}
        self._forgiven: dict[FaultKey, str] = {}  # and in which words
        self.ended: set[Ref] = set()  # what goes by itself and was seen to complete

    def forgive(self, fault: PodFault) -> None:
        """Take a fault for one that passes by itself, until it is told in other words."""
        self._forgiven[fault.key] = fault.text

    def assess(self, target: Target) -> TargetStatus:
        """Find out whether a target is ready."""
        version, live = self._store.children_version, self._store.get(target.ref)
        if live is None or target.is_older(live):
            return self._unseen(target)
        surroundings = self._context.around(
            target.ref, target.version, may_match_no_node=target.may_match_no_node
        )
        if (target.ref.group, target.ref.kind) == ("", "PersistentVolumeClaim"):
            surroundings = replace(surroundings, binds_late=self._context.binds_late(live))
        found = _status(target, assess(live, surroundings), live)
        found = replace(found, children_version=version)
        self._note_end(target, live)
        return self._with_pods(found, live) if asks_for_pods(found) else found

    def again(self, former: TargetStatus) -> TargetStatus:
        """Find the status once more, unless nothing can have changed."""
        same = former.live is not None and self._store.get(former.target.ref) is former.live
        alike = former.children_version == self._store.children_version and former.fault is None
        alike = alike and not (former.live is not None and _asks_around(former.live))
        if same and (alike or former.status is Status.CURRENT):
            return former
        return self.assess(former.target)

    def assess_definition(self, target: Target) -> TargetStatus:
        """Find out whether a CustomResourceDefinition serves its kind."""
        live = self._store.get(target.ref)
        if live is None or target.is_older(live):
            return self._unseen(target)
        return _status(target, established(live), live)

    def unready_pod(self, found: TargetStatus) -> Manifest | None:
        """Return a Pod that keeps a workload from being ready."""
        if found.live is None:
            return None
        return next(unready_pods(found.live, self._store.unsettled), None)

    def _unseen(self, target: Target) -> TargetStatus:
        last = self._store.deleted(target.uid)
        if last is None:
            waiting = "the change has not been seen yet" if target.fresh else "not looked at yet"
            return TargetStatus(target, Status.IN_PROGRESS, waiting)
        self._note_end(target, last)
        if target.ref in self.ended:
            return TargetStatus(target, Status.CURRENT, GONE)
        if goes_by_itself(last) and not holds(last, "Failed"):
            return TargetStatus(target, Status.CURRENT, "gone as it asked to be")
        return TargetStatus(target, Status.FAILED, "was deleted by somebody else")

    def _note_end(self, target: Target, obj: Manifest) -> None:
        if not goes_by_itself(obj):
            return
        rule = self._context.around(target.ref, target.version).rule
        if has_completed(obj, rule):
            self.ended.add(target.ref)

    def _with_pods(self, found: TargetStatus, live: Manifest) -> TargetStatus:
        """Let the Pods of a workload say why it is not ready."""
        faults = [*faults_of(live, self._store.unsettled, self._patience), *self._around(live)]
        since = self._note(found.target.ref, faults)
        for fault in faults:
            grace = fault.grace
            if not found.target.fresh:
                grace = max(grace, self._patience.inherited)
            if self._now() - since[fault.key] >= grace and not self._is_forgiven(fault):
                return _faulty(found, fault, Status.FAILED)
        if faults:
            return self._with_way_out(_faulty(found, faults[0], found.status), live)
        if pod := self.unready_pod(found):
            said = f"{found.message}; Pod {pod['metadata']['name']}: {unready(pod)}"
            return replace(found, message=said)
        return found

    def _is_forgiven(self, fault: PodFault) -> bool:
        return self._forgiven.get(fault.key) == fault.text

    def _with_way_out(self, found: TargetStatus, live: Manifest) -> TargetStatus:
        """Say of a refusal that is over that it is, and what shortens the wait."""
        fault = found.fault
        if fault is None or not (fault.refused and self._is_forgiven(fault)):
            return found
        hint = restart(found.target.ref) if live["kind"] in RESTARTED else found.hint
        return replace(found, message=f"{found.message}; {TAKEN_NOW}", hint=hint)

    def _around(self, live: Manifest) -> Iterator[PodFault]:
        """Read in nodes and events what neither a workload nor its Pods tell."""
        if asks_for_nodes(live):
            yield from off_every_node(live, self._store.of_kind("", "Node"), self._patience)
        if short_of_pods(live):
            yield from refused_pods(live, self._store.of_kind("", "Event"), self._patience)

    def _note(self, ref: Ref, faults: list[PodFault]) -> dict[FaultKey, float]:
        known, now = self._since.get(ref, {}), self._now()
        self._since[ref] = {fault.key: known.get(fault.key, now) for fault in faults}
        return self._since[ref]


def _status(target: Target, found: Assessment, live: Manifest) -> TargetStatus:
    return TargetStatus(target, found.status, found.message, found.hint, live)


def _faulty(found: TargetStatus, fault: PodFault, status: Status) -> TargetStatus:
    return replace(found, status=status, message=fault.message, hint=fault.hint, fault=fault)


def asks_for_pods(found: TargetStatus) -> bool:
    """Return whether only its Pods can say why a workload is not ready."""
    ref, live = found.target.ref, found.live
    return (
        found.status in {Status.IN_PROGRESS, Status.FAILED}
        and (ref.group, ref.kind) in WORKLOADS
        and live is not None
        and _is_observed(live)
    )


def asks_for_nodes(live: Manifest) -> bool:
    """Return whether only the nodes can say why a DaemonSet runs nowhere."""
    wanted = (live.get("status") or {}).get("desiredNumberScheduled", 0)
    return live["kind"] == "DaemonSet" and not wanted


def _asks_around(live: Manifest) -> bool:
    return asks_for_nodes(live) or short_of_pods(live)


def _is_observed(live: Manifest) -> bool:
    """Return whether the Pods there are can be of the present generation."""
    unseen = 0 if (group_of(live), live["kind"]) in OBSERVING else None
    observed = (live.get("status") or {}).get("observedGeneration", unseen)
    return observed is None or observed >= live["metadata"].get("generation", 0)
