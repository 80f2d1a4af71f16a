"""Which data of users a removal takes along, object by object, with the volumes behind claims.

What is deleted is decided in `scope`; in here it is only looked at.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from stackctl.cluster.connection import Connection
from stackctl.errors import Forbidden
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.plan.plan import DataLoss
from stackctl.model.plan.removal import HOLDS_DATA, KeptObject

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


def with_volumes(connection: Connection, kept: Iterable[KeptObject]) -> tuple[KeptObject, ...]:
    """Name of claims that stay which volume stays with them, where that can be seen."""
    found = tuple(kept)
    if not any(each.why == HOLDS_DATA for each in found):
        return found
    try:
        volumes = _by_claim(connection.client.list(_VOLUMES).items)
    except Forbidden:
        return found
    return tuple(
        replace(each, why=f"{HOLDS_DATA}: {_size(volume)} in {volume['metadata']['name']}")
        if each.why == HOLDS_DATA and (volume := volumes.get((each.ref.namespace, each.ref.name)))
        else each
        for each in found
    )


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
    spec, name, size = volume["spec"], volume["metadata"]["name"], _size(volume)
    goes = spec.get("persistentVolumeReclaimPolicy") == "Delete"
    yield DataLoss(
        ref, f"a claim, {size}" if goes else f"a claim; its volume {name}, {size}, stays"
    )
    if goes:
        where = f"the volume of {ref.namespace}/{ref.name}"
        yield DataLoss(Ref("", "PersistentVolume", "", name), f"{where}, {size}; deleted with it")


def _size(volume: Manifest) -> str:
    return str((volume["spec"].get("capacity") or {}).get("storage", "of unknown size"))
