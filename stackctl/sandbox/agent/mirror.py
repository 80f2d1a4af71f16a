"""What the cluster holds: a copy of each kind somebody needs, kept up to date by watches.

Concerns ask for all objects of a kind and are woken when one changes. What they do then is theirs.
"""

import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.api.informer import Informer
from stackctl.api.polling import Wakeup
from stackctl.api.store import ObjectStore
from stackctl.errors import ClusterError, NotFound, NotServed
from stackctl.model.objects.kinds import DEFINITION, SECRET, GroupKind, kind_of
from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.log import Log

PODS: GroupKind = ("", "Pod")
NODES: GroupKind = ("", "Node")
SERVICES: GroupKind = ("", "Service")
CLAIMS: GroupKind = ("", "PersistentVolumeClaim")
VOLUMES: GroupKind = ("", "PersistentVolume")
SLICES: GroupKind = ("discovery.k8s.io", "EndpointSlice")
_JOIN_SECONDS = 5.0


class Mirror:
    """Copies of kinds."""

    def __init__(self, client: Client, stop: threading.Event, log: Log) -> None:
        self.stop = stop  # of the whole agent
        self._client = client
        self._log = log
        self._store = ObjectStore()
        self._informers: dict[GroupKind, Informer] = {}

    def wakeup(self, *kinds: GroupKind) -> Wakeup:
        """Return what wakes a concern when an object of these kinds changes."""
        return self._store.wakeup(lambda obj: kind_of(obj) in kinds)

    def follow(self, resource: ApiResource) -> None:
        """Begin to copy the objects of a kind."""

        def tell(error: ClusterError) -> None:
            if not isinstance(error, NotFound | NotServed):  # not served yet, or no more
                self._log(f"watch {resource.plural}: {error}")

        informer = Informer(
            self._client,
            resource,
            self._store,
            threading.Event(),
            keep=partial(_kept, resource.group_kind),
            on_trouble=tell,
        )
        self._informers[resource.group_kind] = informer
        informer.start()

    def forget(self, kind: GroupKind) -> None:
        """Stop copying a kind."""
        informer = self._informers.pop(kind, None)
        if informer is not None:
            informer.stop.set()
            informer.join(_JOIN_SECONDS)
            for obj in self._store.of_kind(*kind):
                self._store.remove(obj)

    def close(self) -> None:
        """Stop copying everything, and wake everybody to see that the agent ends."""
        for informer in tuple(self._informers.values()):
            informer.stop.set()
        self._store.touch()

    def resource(self, kind: GroupKind) -> ApiResource | None:
        """Return how a kind is copied; None when it is not."""
        informer = self._informers.get(kind)
        return informer.resource if informer else None

    def all(self, kind: GroupKind) -> list[Manifest]:
        """Return the objects of a kind as they are now."""
        return self._store.of_kind(*kind)

    def missing(self, kinds: Iterable[GroupKind]) -> list[GroupKind]:
        """Return the kinds that have not been read yet."""
        informers = {kind: self._informers.get(kind) for kind in kinds}
        return [kind for kind, each in informers.items() if each is None or not each.listed]


def _kept(kind: GroupKind, manifest: Any) -> Any:
    """Drop, in place, what nobody here reads and what makes up most of an object.

    The informer keeps a reference to the same object: a shortened copy would save nothing.
    """
    if not isinstance(manifest, dict):
        return manifest
    if isinstance(metadata := manifest.get("metadata"), dict):
        metadata.pop("managedFields", None)
    if kind == SECRET:  # that they are there is enough
        manifest.pop("data", None)
    spec = manifest.get("spec") if kind == DEFINITION else None
    versions = spec.get("versions") if isinstance(spec, dict) else None
    for version in versions if isinstance(versions, list) else ():
        if isinstance(version, dict):
            version.pop("schema", None)
    return manifest
