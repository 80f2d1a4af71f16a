"""Find the cluster that is meant and reach it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from stackctl.api.access.access import Access
from stackctl.api.access.kubeconfig import find_access
from stackctl.api.http.limits import Allowance
from stackctl.cluster import connection
from stackctl.cluster.connection import Connection
from stackctl.errors import NoTarget
from stackctl.model.run.events import Notice, Notify


@dataclass(frozen=True, slots=True)
class TargetRequest:
    """Which cluster the user asks for; empty means as kubectl would decide."""

    kubeconfig: str | None = None
    context: str | None = None


def connect(
    wish: TargetRequest,
    env: Mapping[str, str],
    notify: Notify,
    stop: threading.Event,
    allowance: Allowance | None = None,
) -> Connection:
    """Reach the cluster that kubectl's rules lead to.

    Only where neither a kubeconfig nor in-cluster credentials exist is a running sandbox meant.
    """
    return connection.connect(_access(wish, env, notify), notify, stop, allowance)


def _access(wish: TargetRequest, env: Mapping[str, str], notify: Notify) -> Access:
    try:
        return find_access(kubeconfig=wish.kubeconfig, context=wish.context, env=env)
    except NoTarget:
        from stackctl.sandbox.inspection import kubeconfig, running_sandboxes
        from stackctl.sandbox.machine.places import DEFAULT_NAME

        running = running_sandboxes(environment=env)
        if not running:
            raise
        name = DEFAULT_NAME if DEFAULT_NAME in running else running[0]
        notify(Notice(f"no kubeconfig found: using the running sandbox {name!r} (simulated)"))
        path = kubeconfig(name, environment=env)
        return find_access(kubeconfig=str(path), context=None, env=env)
