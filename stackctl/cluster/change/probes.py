"""Conditions beyond the objects' own status: resources on nodes, webhooks that answer.

Which probes a component has is said in its component.yaml.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

from stackctl.api.client import encode
from stackctl.api.http.exchange import Request
from stackctl.cluster.change.session import Session
from stackctl.cluster.silence import silence
from stackctl.cluster.wait.store import ObjectStore
from stackctl.cluster.wait.wait import LOOK_SECONDS, insist
from stackctl.errors import (
    AlreadyExists,
    ClusterError,
    Interrupted,
    NotReadyError,
    NotServed,
    Rejected,
    Unreachable,
)
from stackctl.model.catalogue.component import Probe
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.quantities import count
from stackctl.model.objects.refs import FIELD_MANAGER, Manifest, ref_of, version_of
from stackctl.model.readiness.allocation import Allocation
from stackctl.model.readiness.children import pods_of

Tell = Callable[[str], None]
PAUSE_SECONDS = 0.25  # between two attempts


def probe(
    session: Session, part: BundleComponent, each: Probe, requires: Needs, tell: Tell
) -> None:
    """Return when a component's condition holds.

    Raises:
        NotReadyError: it never will, or time is up.
        Interrupted: the run was abandoned.
    """
    if each.allocatable:
        _wait_allocatable(session, part, each.allocatable, requires.gpu, tell)
    if each.accepts:
        _wait_accepted(session, part, each.accepts, tell)


def _wait_allocatable(
    session: Session, part: BundleComponent, resource: str, needs: GpuNeeds | None, tell: Tell
) -> None:
    observer, told = session.observer, ""
    nodes = observer.feed("", "Node")
    while True:
        version = observer.scene.version
        insist([nodes])
        found = _allocation(observer.scene, part, resource, needs)
        if nodes.listed and found.complete:
            return
        if nodes.listed and str(found) != told:
            told = str(found)
            tell(told)
        if observer.now() >= session.deadline:
            if mute := silence(observer.client):
                raise NotReadyError(f"{mute}; {found}, as far as is known", hint=mute.hint)
            raise NotReadyError(f"time is up, {found}", hint=_hint(observer.scene, part, found))
        if session.abandoned.is_set():
            raise Interrupted(f"stopped while waiting for {resource}")
        observer.scene.wait(version, LOOK_SECONDS)


def _allocation(
    scene: ObjectStore, part: BundleComponent, resource: str, needs: GpuNeeds | None
) -> Allocation:
    """Read what the nodes that a component's DaemonSets chose have of a resource."""
    there = {
        node["metadata"]["name"]: count(_allocatable(node).get(resource, "0"))
        for node in scene.of_kind("", "Node")
    }
    sets, pods = _daemons(scene, part), _pods(scene, part)
    chosen = {pod["spec"].get("nodeName") for pod in pods} & there.keys()
    if not pods:  # we may not be allowed to see them: then whoever has some should have all
        chosen = {name for name, count in there.items() if count}
    placed = [(each.get("status") or {}).get("desiredNumberScheduled", 0) for each in sets]
    return Allocation(
        resource,
        {name: there[name] for name in chosen},
        per_node=needs.perNode if needs else 1,
        least_nodes=max([needs.nodes if needs else 1, *placed]),
    )


def _daemons(scene: ObjectStore, part: BundleComponent) -> list[Manifest]:
    refs = [ref_of(each) for each in part.objects if kind_of(each) == ("apps", "DaemonSet")]
    return [live for ref in refs if (live := scene.get(ref)) is not None]


def _pods(scene: ObjectStore, part: BundleComponent) -> list[Manifest]:
    return [pod for each in _daemons(scene, part) for pod in pods_of(each, scene.owned)]


def _allocatable(node: Manifest) -> Mapping[str, str]:
    return (node.get("status") or {}).get("allocatable") or {}


def _hint(scene: ObjectStore, part: BundleComponent, found: Allocation) -> str:
    """Point at the log of what should have offered the resource."""
    for pod in _pods(scene, part):
        metadata = pod["metadata"]
        if pod["spec"].get("nodeName") in found.short:
            return f"kubectl -n {metadata['namespace']} logs {metadata['name']} --all-containers"
    return "kubectl get nodes --show-labels"


def _wait_accepted(session: Session, part: BundleComponent, sample: str, tell: Tell) -> None:
    """Send an object that is not stored, until every webhook that looks at it has answered."""
    manifest = (part.samples or {})[sample]
    now, told = session.observer.now, ""
    while True:
        try:
            _try(session, manifest)
        except (NotServed, Unreachable) as error:
            trouble: ClusterError = error
        except Rejected as error:
            if error.status < 500 and error.status != 429:
                raise _refused(sample, error) from error
            trouble = error
        else:
            return
        if str(trouble) != told:
            told = str(trouble)
            tell(told)
        if now() >= session.deadline:
            raise NotReadyError(f"time is up, {trouble}", hint=trouble.hint) from trouble
        if session.abandoned.wait(PAUSE_SECONDS):
            raise Interrupted(f"stopped while waiting for {ref_of(manifest)} to be accepted")


def _try(session: Session, manifest: Manifest) -> None:
    discovery, ref = session.connection.discovery, ref_of(manifest)
    resource = discovery.find(ref.group, ref.kind, version_of(manifest))
    if resource is None:
        discovery.refresh()
        raise NotServed(f"{ref}: {manifest['apiVersion']} is not served", status=404)
    query = {"dryRun": "All", "fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
    with suppress(AlreadyExists):  # which is said only after everybody has agreed
        session.connection.client.send(
            Request(
                method="POST",
                path=resource.path(ref.namespace),
                query=query,
                body=encode(manifest),
                verb="create",
                what=str(ref),
                retry_until=session.observer.now(),  # repeated by ourselves, and sooner
            )
        )


def _refused(sample: str, error: Rejected) -> NotReadyError:
    return NotReadyError(f"{sample} is not accepted: {error}", hint=error.hint)
