"""What a cluster has to say about a bundle before anything is changed."""

from collections.abc import Sequence
from concurrent.futures import Executor

from stackctl import __version__
from stackctl.cluster import facts, releases, snapshot
from stackctl.cluster.connection import Connection
from stackctl.cluster.prune import spare
from stackctl.cluster.run import Intent
from stackctl.errors import ConflictError, PreflightError
from stackctl.model.bundle import Bundle
from stackctl.model.events import Notify, Step
from stackctl.model.outcome import TargetInfo
from stackctl.model.plan import make
from stackctl.model.preflight import Finding, check


def look(
    connection: Connection, stack: str, bundle: Bundle, notify: Notify, pool: Executor
) -> Intent:
    """Check, look and plan: steps 6 to 8 of every change."""
    notify(Step("looking at the cluster"))
    require_facts(check(bundle, facts.read(connection)))
    recorded = releases.current(connection.client, stack)
    inventory = recorded.release.inventory if recorded else ()
    seen = snapshot.take(connection, bundle, stack, inventory, pool)
    created = {entry.ref for entry in inventory if entry.created}
    plan = spare(connection, make(bundle, stack, seen, inventory), created, pool)
    return Intent(stack, bundle, plan, recorded, __version__)


def require_cluster(wanted: str, info: TargetInfo) -> None:
    """Refuse another cluster than the one the stack file names."""
    if wanted and wanted != info.cluster_uid:
        raise ConflictError(
            f"the stack file is meant for the cluster {wanted}, "
            f"and context {info.context} leads to {info.cluster_uid}",
            hint="choose another context with --context, or correct spec.target.clusterUID",
        )


def require_facts(findings: Sequence[Finding]) -> None:
    """Refuse a cluster that lacks something; everything missing is named."""
    if findings:
        lines = [f"  {each.subject}: {each.message}" for each in findings]
        hint = next((each.hint for each in findings if each.hint), "")
        raise PreflightError("\n".join(["the cluster lacks what is needed", *lines]), hint=hint)
