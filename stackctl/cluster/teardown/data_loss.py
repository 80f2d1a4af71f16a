"""Which data of users a removal takes along, object by object, with the volumes behind claims.

What is deleted is decided in `scope`; in here it is only looked at.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from stackctl.cluster.connection import Connection
from stackctl.errors import Forbidden
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.plan.plan import DataLoss

_VOLUMES = "/api/v1/persistentvolumes"
_UNSEEN = "whether its volume goes too cannot be seen: cannot list persistentvolumes"
INSTANCE = "a user's object"


def losses(
    connection: Connection, instances: Iterable[Ref], claims: Iterable[Ref]
) -> tuple[DataLoss, ...]:
    """Name users' objects, claims, and the volumes that go with those."""
    found = tuple(dict.fromkeys(claims))
    told = (DataLoss(ref, INSTANCE) for ref in dict.fromkeys(instances))
    return (*told, *(_claims(connection, found) if found else ()))


def _claims(connection: Connection, claims: tuple[Ref, ...]) -> Iterator[DataLoss]:
    try:
        volumes = _by_claim(connection.client.list(_VOLUMES).items)
    except Forbidden:
        return (DataLoss(ref, _UNSEEN) for ref in claims)
    return chain.from_iterable(
        _claim(ref, volumes.get((ref.namespace, ref.name))) for ref in claims
    )


def _by_claim(volumes: Iterable[Manifest]) -> Mapping[tuple[str, str], Manifest]:
    found = {}
    for each in volumes:
        claim = each["spec"].get("claimRef") or {}
        found[claim.get("namespace", ""), claim.get("name", "")] = each
    return found


def _claim(ref: Ref, volume: Manifest | None) -> Iterator[DataLoss]:
    if volume is None:
        yield DataLoss(ref, "a claim that has no volume yet")
        return
    spec, name = volume["spec"], volume["metadata"]["name"]
    size = (spec.get("capacity") or {}).get("storage", "of unknown size")
    goes = spec.get("persistentVolumeReclaimPolicy") == "Delete"
    yield DataLoss(
        ref, f"a claim, {size}" if goes else f"a claim; its volume {name}, {size}, stays"
    )
    if goes:
        where = f"the volume of {ref.namespace}/{ref.name}"
        yield DataLoss(Ref("", "PersistentVolume", "", name), f"{where}, {size}; deleted with it")
