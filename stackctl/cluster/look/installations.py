"""What runs on a cluster: the workloads that may be another installation of a component.

What they tell is decided in `model.plan.installations`.
"""

from collections.abc import Sequence
from concurrent.futures import Executor, Future

from stackctl.cluster.connection import Connection
from stackctl.errors import Forbidden
from stackctl.model.objects.refs import Manifest

_KINDS = {"deployments": "Deployment", "daemonsets": "DaemonSet", "statefulsets": "StatefulSet"}
Looked = tuple[Sequence[Manifest], str]  # and why some could not be looked at


def begin(connection: Connection, pool: Executor) -> list[Future[Looked]]:
    """Begin to list the workloads of the whole cluster."""
    return [pool.submit(_list, connection, plural) for plural in _KINDS]


def collect(begun: Sequence[Future[Looked]]) -> Looked:
    """Return the workloads that there are, and why not all of them are seen."""
    answers = [each.result() for each in begun]
    return (
        [item for items, _ in answers for item in items],
        next((why for _, why in answers if why), ""),
    )


def served(connection: Connection) -> frozenset[str]:
    """Name the kinds that are served, as plural.group."""
    return frozenset(f"{each.plural}.{each.group}" for each in connection.discovery.all())


def _list(connection: Connection, plural: str) -> Looked:
    try:
        items = connection.client.list(f"/apis/apps/v1/{plural}").items
    except Forbidden as refusal:
        return (), str(refusal)
    typed = {"apiVersion": "apps/v1", "kind": _KINDS[plural]}
    return [{**item, **typed} for item in items], ""
