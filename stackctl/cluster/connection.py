"""A cluster that answers: its client, what it serves and which one it is.

Credentials and requests belong to `api`; what the cluster has belongs to `facts`.
"""

import threading
from dataclasses import dataclass

from stackctl.api.access.kubeconfig import Access
from stackctl.api.client import Client
from stackctl.api.discovery import Discovery
from stackctl.api.http.limits import Allowance
from stackctl.api.together import together
from stackctl.errors import ClusterError, Forbidden
from stackctl.model.run.events import Notify
from stackctl.model.run.outcome import TargetInfo

KUBE_SYSTEM = "/api/v1/namespaces/kube-system"


@dataclass(frozen=True, slots=True)
class Connection:
    """What every step on a cluster is given."""

    client: Client
    discovery: Discovery
    info: TargetInfo
    stop: threading.Event  # set when the user interrupts


def connect(
    access: Access, notify: Notify, stop: threading.Event, allowance: Allowance | None = None
) -> Connection:
    """Reach the cluster and learn which one it is, before anything else is asked of it.

    The allowance is for all looking, from here until the client is told that it ends.

    Raises:
        ClusterError: it does not answer.
    """
    client = Client(access, notify=notify, stop=stop)
    if allowance is not None:
        client.look_within(allowance)
    # Where nothing answers, that is said of the version.
    version, uid = together(lambda: _version(client), lambda: _identity(client))
    info = TargetInfo(
        context=access.context,
        server=access.server,
        cluster_uid=uid,
        version=version,
        simulated=access.simulated,
    )
    return Connection(client, Discovery(client), info, stop)


def _identity(client: Client) -> str:
    """Tell one cluster from all others; empty where we may not see what does."""
    try:
        system = client.get(KUBE_SYSTEM, metadata_only=True)
    except Forbidden:
        return ""
    if system is None:
        raise ClusterError(f"{client.access.server}: the namespace kube-system is missing")
    return str(system["metadata"]["uid"])


def _version(client: Client) -> str:
    answer = client.get("/version") or {}
    return str(answer.get("gitVersion") or "")
