"""Moves custom resources on while the operator that owns their kind has a ready Pod.

The states and their order are in `lifecycles`. An operator with a process registered for its
Service is a real one, and its resources are not touched.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.errors import ClusterError, NotServed
from stackctl.model.objects.conditions import holds
from stackctl.model.objects.kinds import DEFINITION, SECRET, GroupKind, kind_of
from stackctl.model.objects.refs import Manifest, labels_of, ref_of
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    Lifecycle,
    Operator,
    covers,
    is_operator,
    next_step,
)
from stackctl.sandbox.agent.log import Log
from stackctl.sandbox.agent.mirror import PODS, SERVICES, Mirror
from stackctl.sandbox.agent.simulation.devices import is_ready
from stackctl.sandbox.agent.webhooks.addresses import key_of
from stackctl.sandbox.agent.webhooks.routes import Routes
from stackctl.sandbox.agent.writes import merge

_IDLE_SECONDS = 5.0  # the routes are a file, which wakes nobody
_AGAIN_SECONDS = 2.0
# Schemas let through what no operator could read; one such object must not stop the others.
_NONSENSE = (AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class _Due:
    """When an object in a state is to move on."""

    state: str
    at: float


class Operators:
    """Everybody who would look after custom resources."""

    def __init__(
        self,
        client: Client,
        mirror: Mirror,
        routes: Routes,
        lifecycles: Sequence[Lifecycle],
        log: Log,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._mirror = mirror
        self._routes = routes
        self._lifecycles = lifecycles
        self._log = log
        self._now = now
        self._due: dict[str, _Due] = {}  # by uid
        self._senseless: dict[str, str] = {}  # by uid: the version that could not be read
        self._wakeup = mirror.wakeup(DEFINITION, PODS, SECRET, *map(_kind_of, lifecycles))

    def run(self) -> None:
        """Work until the agent ends."""
        while not self._wakeup.wait(self._pause(), self._mirror.stop):
            self._follow_kinds()
            self._look()

    def _pause(self) -> float:
        soonest = min((due.at for due in self._due.values()), default=float("inf"))
        return max(0.0, min(soonest - self._now(), _IDLE_SECONDS))

    def _follow_kinds(self) -> None:
        """Copy the kinds that are served, and no longer those that are not."""
        served = {each.group_kind: each for each in served_kinds(self._mirror.all(DEFINITION))}
        for kind in map(_kind_of, self._lifecycles):
            resource = served.get(kind)
            if resource != self._mirror.resource(kind):
                self._mirror.forget(kind)
                if resource is not None:
                    self._mirror.follow(resource)

    def _look(self) -> None:
        pods = self._mirror.all(PODS)
        local = local_services(self._mirror.all(SERVICES), self._routes.read())
        seen = set()
        for lifecycle in self._lifecycles:
            running = running_pods(lifecycle.operator, pods, local)
            for manifest in self._mirror.all(_kind_of(lifecycle)) if running else ():
                if any(covers(lifecycle.operator, pod, manifest) for pod in running):
                    seen.add(manifest["metadata"]["uid"])
                    self._try(lifecycle, manifest)
        self._due = {uid: due for uid, due in self._due.items() if uid in seen}
        self._senseless = {uid: old for uid, old in self._senseless.items() if uid in seen}

    def _try(self, lifecycle: Lifecycle, manifest: Manifest) -> None:
        uid, version = manifest["metadata"]["uid"], manifest["metadata"]["resourceVersion"]
        if self._senseless.get(uid) == version:
            return
        try:
            self._advance(lifecycle, manifest)
        except ClusterError as error:
            self._log(f"{ref_of(manifest)}: {error}")
            self._due[uid] = _Due(lifecycle.state_of(manifest), self._now() + _AGAIN_SECONDS)
        except _NONSENSE as error:
            self._log(f"{ref_of(manifest)}: makes no sense: {error!r}")
            self._due.pop(uid, None)
            self._senseless[uid] = version

    def _advance(self, lifecycle: Lifecycle, manifest: Manifest) -> None:
        uid, state = manifest["metadata"]["uid"], lifecycle.state_of(manifest)
        if self._settle_finalizer(lifecycle, manifest):
            return
        step = next_step(lifecycle, manifest)
        if step is None:
            self._due.pop(uid, None)
            return
        due = self._due.get(uid)
        if due is None or due.state != state:
            due = self._due[uid] = _Due(state, self._now() + step.seconds)
        if self._now() < due.at:
            return
        # If the state stays what it is, it is tried again; a new one sets its own time.
        self._due[uid] = _Due(state, self._now() + _AGAIN_SECONDS)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        status = lifecycle.describe(manifest, step.state, now)
        if _says_more(status, manifest.get("status") or {}):
            place = "" if lifecycle.whole else "/status"
            merge(self._client, f"{self._path_of(manifest)}{place}", {"status": status})
            reached = lifecycle.state_of(manifest | {"status": status})
            self._log(f"simulated: {lifecycle.operator.name}: {ref_of(manifest)}: {reached}")

    def _settle_finalizer(self, lifecycle: Lifecycle, manifest: Manifest) -> bool:
        """Hold an object or let it go, as its operator would; True when that is all for now."""
        metadata = manifest["metadata"]
        finalizers = metadata.get("finalizers") or []
        leaving = "deletionTimestamp" in metadata
        if lifecycle.finalizer and leaving == (lifecycle.finalizer in finalizers):
            others = [name for name in finalizers if name != lifecycle.finalizer]
            wanted = others if leaving else [*others, lifecycle.finalizer]
            version = metadata["resourceVersion"]
            change = {"metadata": {"finalizers": wanted, "resourceVersion": version}}
            merge(self._client, self._path_of(manifest), change)
        return leaving

    def _path_of(self, manifest: Manifest) -> str:
        resource, metadata = self._mirror.resource(kind_of(manifest)), manifest["metadata"]
        if resource is None:
            raise NotServed(f"{manifest['kind']} is not served any more", status=404)
        return resource.path(metadata.get("namespace", ""), metadata["name"])


def served_kinds(definitions: Sequence[Manifest]) -> Iterator[ApiResource]:
    """Return what is served of every established definition."""
    for definition in definitions:
        spec = definition["spec"]
        leaving = "deletionTimestamp" in definition["metadata"]
        stored = [entry for entry in spec["versions"] if entry["storage"] and entry["served"]]
        versions = stored or [entry for entry in spec["versions"] if entry["served"]]
        if versions and holds(definition, "Established") and not leaving:
            yield ApiResource(
                spec["group"],
                versions[0]["name"],
                spec["names"]["kind"],
                spec["names"]["plural"],
                namespaced=spec["scope"] == "Namespaced",
            )


def local_services(services: Sequence[Manifest], routes: Mapping[str, str]) -> list[Manifest]:
    """Pick the Services that have a process of their own."""
    return [service for service in services if key_of(service) in routes]


def running_pods(
    operator: Operator, pods: Sequence[Manifest], local: Sequence[Manifest]
) -> list[Manifest]:
    """Return the ready Pods of an operator; none where a real one does the work."""
    images = [pod for pod in pods if is_operator(operator, pod)]
    if any(_selects(service, pod) for service in local for pod in pods if _shares(operator, pod)):
        return []
    return list(filter(is_ready, images))


def _shares(operator: Operator, pod: Manifest) -> bool:
    """Return whether a Pod runs the operator's image, be it another program of it."""
    return any(operator.image in container["image"] for container in pod["spec"]["containers"])


def _selects(service: Manifest, pod: Manifest) -> bool:
    selector = service["spec"].get("selector") or {}
    same_namespace = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return bool(selector) and same_namespace and selector.items() <= labels_of(pod).items()


def _says_more(status: Manifest, known: Manifest) -> bool:
    """Return whether a status differs from the known one in more than its times."""
    return any(_timeless(value) != _timeless(known.get(key)) for key, value in status.items())


def _timeless(value: object) -> object:
    if isinstance(value, list):
        return [_timeless(entry) for entry in value]
    if isinstance(value, dict):
        return {key: entry for key, entry in value.items() if not key.startswith("last")}
    return value


def _kind_of(lifecycle: Lifecycle) -> GroupKind:
    return lifecycle.group, lifecycle.kind
