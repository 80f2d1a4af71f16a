"""Finds what Helm looks after on a cluster, and its records of it.

What that means is said in `model.helm`; nothing of Helm's is ever changed.
"""

from collections.abc import Container, Mapping, Sequence
from concurrent.futures import Executor

from stackctl.cluster.connection import Connection
from stackctl.cluster.look.removal_impact import labelled, listable
from stackctl.model.objects.refs import Ref
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
from stackctl.model.plan.removal import KeptObject

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
    found = labelled(connection, kinds, RECORDS, pool).objects
    records = {ref: item for ref, item in found.items() if ref.namespace in namespaces}
    if not records:
        return ()
    signed, complete = _signed(connection, pool)
    return tuple(forgotten(records, signed)) if complete else ()


def _signed(
    connection: Connection, pool: Executor
) -> tuple[Mapping[HelmRelease, Sequence[Ref]], bool]:
    """Find what is Helm's, and whether that is all there is."""
    found = labelled(connection, listable(connection), SIGNED, pool)
    return by_release(found.objects), not found.hidden
