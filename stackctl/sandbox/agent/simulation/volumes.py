"""Gives claims of the sandbox's storage class a volume, grows it, and removes it with its claim.

Nothing is ever written to such a volume: it is an object of the API server alone. What is bound to
what is decided by Kubernetes itself; this is the provisioner that it waits for.
"""

from collections.abc import Iterable, Iterator

from stackctl.api.client import Client
from stackctl.errors import ClusterError
from stackctl.model.objects.kinds import GroupKind
from stackctl.model.objects.quantities import amount
from stackctl.model.objects.refs import Manifest, annotations_of
from stackctl.sandbox.agent.log import Log
from stackctl.sandbox.agent.mirror import CLAIMS, VOLUMES, Mirror
from stackctl.sandbox.agent.writes import MANAGER, merge
from stackctl.sandbox.plane.population import PROVISIONER

_IDLE_SECONDS = 60.0
_VOLUMES = "/api/v1/persistentvolumes"
_KINDS: tuple[GroupKind, ...] = (CLAIMS, VOLUMES)
# Kubernetes's words: who is to make a volume, on which node its first Pod will run, who made it.
_WANTED = "volume.kubernetes.io/storage-provisioner"
_NODE = "volume.kubernetes.io/selected-node"
_MADE = "pv.kubernetes.io/provisioned-by"


class Volumes:
    """The provisioner of the sandbox's storage class."""

    def __init__(self, client: Client, mirror: Mirror, log: Log) -> None:
        self._client = client
        self._mirror = mirror
        self._log = log
        self._wakeup = mirror.wakeup(*_KINDS)

    def run(self) -> None:
        """Work until the agent ends."""
        while not self._wakeup.wait(_IDLE_SECONDS, self._mirror.stop):
            if not self._mirror.missing(_KINDS):
                self._look()

    def _look(self) -> None:
        claims, volumes = self._mirror.all(CLAIMS), self._mirror.all(VOLUMES)
        try:
            for volume in wanted(claims, volumes):
                self._client.apply(_path(volume), volume, manager=MANAGER, force=True)
            for claim, volume in outgrown(claims, volumes):
                self._grow(claim, volume)
            for volume in released(volumes):
                self._client.delete(_path(volume), uid=volume["metadata"]["uid"])
        except ClusterError as error:
            self._log(f"volumes: {error}")

    def _grow(self, claim: Manifest, volume: Manifest) -> None:
        """Make a volume as large as its claim has become, and say so in both."""
        capacity = {"storage": _asked(claim)}
        merge(self._client, _path(volume), {"spec": {"capacity": capacity}})
        metadata = claim["metadata"]
        claims = f"/api/v1/namespaces/{metadata['namespace']}/persistentvolumeclaims"
        path = f"{claims}/{metadata['name']}/status"
        merge(self._client, path, {"status": {"capacity": capacity}})


def wanted(claims: Iterable[Manifest], volumes: Iterable[Manifest]) -> Iterator[Manifest]:
    """Yield the volumes that are to be made: where a Pod waits for one, on its node."""
    there = {volume["metadata"]["name"] for volume in volumes}
    for claim in claims:
        annotations = annotations_of(claim)
        waits = not claim["spec"].get("volumeName") and _NODE in annotations
        if waits and annotations.get(_WANTED) == PROVISIONER and _name(claim) not in there:
            yield _volume(claim)


def outgrown(
    claims: Iterable[Manifest], volumes: Iterable[Manifest]
) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield claims that ask for more than they have, each with its volume."""
    ours = {volume["metadata"]["name"]: volume for volume in volumes if _is_ours(volume)}
    for claim in claims:
        volume = ours.get(claim["spec"].get("volumeName", ""))
        has = (claim.get("status", {}).get("capacity") or {}).get("storage")
        if volume and has and amount(_asked(claim)) > amount(has):
            yield claim, volume


def released(volumes: Iterable[Manifest]) -> Iterator[Manifest]:
    """Yield the volumes whose claim is gone."""
    for volume in volumes:
        leaving = "deletionTimestamp" in volume["metadata"]
        if _is_ours(volume) and not leaving and volume["status"].get("phase") == "Released":
            yield volume


def _volume(claim: Manifest) -> Manifest:
    metadata, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": _name(claim), "annotations": {_MADE: PROVISIONER}},
        "spec": {
            "capacity": {"storage": _asked(claim)},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "storageClassName": spec["storageClassName"],
            "persistentVolumeReclaimPolicy": "Delete",
            "csi": {"driver": PROVISIONER, "volumeHandle": _name(claim)},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
        },
    }


def _name(claim: Manifest) -> str:
    return f"pvc-{claim['metadata']['uid']}"


def _asked(claim: Manifest) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _is_ours(volume: Manifest) -> bool:
    return annotations_of(volume).get(_MADE) == PROVISIONER


def _path(volume: Manifest) -> str:
    return f"{_VOLUMES}/{volume['metadata']['name']}"
