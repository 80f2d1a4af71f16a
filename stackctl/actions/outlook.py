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
from stackctl.model.events import Notice, Notify, Step
from stackctl.model.outcome import TargetInfo
from stackctl.model.plan import make
from stackctl.model.preflight import Finding, check, foreign_namespaces, unchecked
from stackctl.model.stack_id import StackId


def look(
    connection: Connection,
    stack: StackId,
    bundle: Bundle,
    notify: Notify,
    pool: Executor,
    *,
    known: Sequence[int] = (),
) -> Intent:
    """Check, look and plan: steps 6 to 8 of every change; `known` revisions are not asked for."""
    notify(Step("looking at the cluster"))
    pool.submit(connection.discovery.all)  # known by the time it is asked for
    recording = pool.submit(releases.current, connection.client, stack, known)
    seen = facts.read(connection, pool, foreign_namespaces(bundle))
    require_facts(check(bundle, seen))
    for gap in unchecked(bundle, seen):
        notify(Notice(gap))
    recorded = recording.result()
    inventory = recorded.release.inventory if recorded else ()
    found = snapshot.take(connection, bundle, stack, inventory, pool)
    created = {entry.ref for entry in inventory if entry.created}
    plan = spare(connection, make(bundle, stack, found, inventory), created, pool)
    return Intent(stack, bundle, plan, recorded, __version__)


def require_cluster(wanted: str, info: TargetInfo) -> None:
    """Refuse another cluster than the one the stack file names, and one we may not know."""
    if wanted and not info.cluster_uid:
        raise ConflictError(
            f"the stack file is meant for the cluster {wanted}, and whether context "
            f"{info.context} leads to it cannot be seen: cannot get the namespace kube-system",
            hint="ask for that permission, or take spec.target.clusterUID out of the stack file",
        )
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
