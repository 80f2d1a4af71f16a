"""Conditions beyond the objects' own status: resources on nodes, webhooks that answer.

Which probes a component has is said in its component.yaml.
"""

from collections.abc import Callable, Mapping
from functools import partial

from stackctl.api.polling import NotYet, once, until
from stackctl.api.store import ObjectStore
from stackctl.cluster.change.session import Session
from stackctl.cluster.silence import silence
from stackctl.cluster.wait.acceptance import try_creation
from stackctl.cluster.wait.wait import LOOK_SECONDS
from stackctl.errors import (
    ClusterError,
    NotReadyError,
    NotServed,
    Rejected,
    Unreachable,
)
from stackctl.model.catalogue.component import Probe
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.readiness.accelerators import offered_count
from stackctl.model.readiness.allocation import Allocation
from stackctl.model.readiness.children import pods_of

Tell = Callable[[str], None]
_TELLING = frozenset({("", "Node"), ("", "Pod"), ("apps", "DaemonSet")})  # what is allocated
PAUSE_SECONDS = 0.25  # between two attempts


def probe(
    session: Session, part: BundleComponent, each: Probe, requires: Needs, tell: Tell
) -> Allocation | None:
    """Return when a component's condition holds; what the nodes have, where it is about that.

    Raises:
        NotReadyError: it never will, or time is up.
        Interrupted: the run was abandoned.
    """
    if each.accepts:
        _wait_accepted(session, part, each.accepts, tell)
    if not each.allocatable:
        return None
    return _wait_allocatable(session, part, each.allocatable, requires.gpu, tell)


def _wait_allocatable(
    session: Session, part: BundleComponent, resource: str, needs: GpuNeeds | None, tell: Tell
) -> Allocation:
    observer, store = session.observer, session.observer.store
    nodes, tell_news = observer.informer("", "Node"), once(tell)

    def look() -> Allocation | NotYet:
        nodes.check()
        began = observer.now()
        found = _allocation(store, part, resource, needs)
        wakeup.spare(observer.now() - began)
        if nodes.listed and found.complete:
            return found
        if nodes.listed:
            tell_news(str(found))

        def late() -> NotReadyError:
            if mute := silence(observer.client):
                return NotReadyError(f"{mute}; {found}, as far as is known", hint=mute.hint)
            return NotReadyError(f"time is up, {found}", hint=_hint(store, part, found))

        return NotYet(
            max(LOOK_SECONDS, wakeup.gather),
            late=late,
            stopped=f"stopped while waiting for {resource}",
        )

    with store.waking(lambda obj: kind_of(obj) in _TELLING) as wakeup:
        return until(
            look,
            deadline=session.deadline,
            now=observer.now,
            wait=partial(wakeup.wait, stop=session.abandoned),
        )


def _allocation(
    store: ObjectStore, part: BundleComponent, resource: str, needs: GpuNeeds | None
) -> Allocation:
    """Read what the nodes that a component's DaemonSets chose have of a resource."""
    there = {
        node["metadata"]["name"]: offered_count(resource, _allocatable(node))
        for node in store.of_kind("", "Node")
    }
    wanted = needs if needs is not None and needs.resource == resource else None
    sets, pods = _daemons(store, part), _pods(store, part)
    chosen = {pod["spec"].get("nodeName") for pod in pods} & there.keys()
    if not pods:  # we may not be allowed to see them: then whoever has some should have all
        chosen = {name for name, count in there.items() if count}
    placed = [(each.get("status") or {}).get("desiredNumberScheduled", 0) for each in sets]
    return Allocation(
        resource,
        {name: there[name] for name in chosen},
        per_node=wanted.offered if wanted else 1,
        least_nodes=max([wanted.nodes if wanted else 1, *placed]),
    )


def _daemons(store: ObjectStore, part: BundleComponent) -> list[Manifest]:
    refs = [ref_of(each) for each in part.objects if kind_of(each) == ("apps", "DaemonSet")]
    return [live for ref in refs if (live := store.get(ref)) is not None]


def _pods(store: ObjectStore, part: BundleComponent) -> list[Manifest]:
    return [pod for each in _daemons(store, part) for pod in pods_of(each, store.owned)]


def _allocatable(node: Manifest) -> Mapping[str, str]:
    return (node.get("status") or {}).get("allocatable") or {}


def _hint(store: ObjectStore, part: BundleComponent, found: Allocation) -> str:
    """Point at the log of what should have offered the resource."""
    for pod in _pods(store, part):
        metadata = pod["metadata"]
        if pod["spec"].get("nodeName") in found.short:
            return f"kubectl -n {metadata['namespace']} logs {metadata['name']} --all-containers"
    return "kubectl get nodes --show-labels"


def _wait_accepted(session: Session, part: BundleComponent, sample: str, tell: Tell) -> None:
    """Send an object that is not stored, until every webhook that looks at it has answered."""
    manifest = (part.samples or {})[sample]
    tell_news, client = once(tell), session.connection.client

    def look() -> bool | NotYet:
        try:
            try_creation(
                client, session.connection.discovery, manifest, f"a trial {ref_of(manifest).kind}"
            )
        except (NotServed, Unreachable) as error:
            trouble: ClusterError = error
        except Rejected as error:
            if error.status < 500 and error.status != 429:
                raise _refused(sample, error) from error
            trouble = error
        else:
            return True
        tell_news(str(trouble))
        return NotYet(
            PAUSE_SECONDS,
            late=lambda: NotReadyError(f"time is up, {trouble}", hint=trouble.hint),
            stopped=f"stopped while waiting for {ref_of(manifest)} to be accepted",
        )

    until(look, deadline=session.deadline, now=session.observer.now, wait=session.abandoned.wait)


def _refused(sample: str, error: Rejected) -> NotReadyError:
    return NotReadyError(f"{sample} is not accepted: {error}", hint=error.hint)
