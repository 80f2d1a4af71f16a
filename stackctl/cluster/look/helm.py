"""Finds what Helm looks after on a cluster, and its records of it.

What that means is said in `model.helm`; nothing of Helm's is ever changed.
"""

from collections.abc import Container, Mapping, Sequence
from concurrent.futures import Executor

from stackctl.api.discovery import ApiResource
from stackctl.cluster.connection import Connection
from stackctl.errors import AccessDenied, Rejected
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.plan.helm import (
    RECORDS,
    SIGNED,
    HelmRelease,
    by_release,
    farewells,
    forgotten,
    losing,
)
from stackctl.model.plan.plan import Plan
from stackctl.model.plan.removal import BOOKKEEPING, KeptObject

Found = Sequence[tuple[Ref, Manifest]]
_DRIVERS = ("Secret", "ConfigMap")  # kinds that Helm keeps its records in


def notes(connection: Connection, plan: Plan, pool: Executor) -> tuple[str, ...]:
    """Return what a plan that takes objects over from Helm leaves to be done."""
    if not losing(plan.changes):
        return ()
    signed, _ = _signed(connection, pool)
    return tuple(farewells(plan.changes, signed))


def empty_records(
    connection: Connection, namespaces: Container[str], pool: Executor
) -> tuple[KeptObject, ...]:
    """Find in namespaces what Helm has on record although nothing of it is on the cluster."""
    kinds = [kind for name in _DRIVERS if (kind := connection.discovery.find("", name))]
    answers = pool.map(lambda kind: _list(connection, kind, RECORDS), kinds)
    found = (each for answer in answers for each in answer or ())
    records = {ref: item for ref, item in found if ref.namespace in namespaces}
    if not records:
        return ()
    signed, complete = _signed(connection, pool)
    return tuple(forgotten(records, signed)) if complete else ()


def _signed(
    connection: Connection, pool: Executor
) -> tuple[Mapping[HelmRelease, Sequence[Ref]], bool]:
    """Find what is Helm's, and whether that is all there is."""
    kinds: dict[tuple[str, str], ApiResource] = {}
    for each in connection.discovery.all():
        if {"list", "delete"} <= set(each.verbs) and each.kind not in BOOKKEEPING:
            kinds.setdefault((each.group, each.kind), each)
    answers = list(pool.map(lambda kind: _list(connection, kind, SIGNED), kinds.values()))
    found = {ref: item for answer in answers for ref, item in answer or ()}
    return by_release(found), None not in answers


def _list(connection: Connection, kind: ApiResource, labels: str) -> Found | None:
    """List objects of a kind; None where we may not."""
    try:
        items = connection.client.list(kind.path(), labels=labels, metadata_only=True).items
    except AccessDenied:
        return None
    except Rejected as refusal:
        if refusal.status not in (404, 405):
            raise
        return ()  # in discovery, but not to be listed, or not any more
    return [(kind.ref(item), item) for item in items]
