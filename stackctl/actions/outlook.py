"""What a cluster has to say about a bundle before anything is changed."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from stackctl import __version__
from stackctl.cluster import facts, releases, snapshot
from stackctl.cluster.connection import Connection
from stackctl.cluster.prune import spare
from stackctl.cluster.run import Intent
from stackctl.cluster.unseen import learn, unseen
from stackctl.errors import ConflictError, PreflightError, Unreachable
from stackctl.model.bundle import Bundle, secrets_in
from stackctl.model.events import Notice, Notify, Step
from stackctl.model.outcome import TargetInfo
from stackctl.model.plan import Action, Change, Plan, make
from stackctl.model.preflight import Finding, check, foreign_namespaces, unchecked
from stackctl.model.release import Entry
from stackctl.model.stack_id import StackId
from stackctl.secrets import SECRETS

LATER = "run it again in a moment; what is served: kubectl api-resources"


def look(
    connection: Connection, stack: StackId, bundle: Bundle, notify: Notify, pool: Executor
) -> Intent:
    """Check, look and plan: steps 6 to 8 of every change."""
    notify(Step("looking at the cluster"))
    pool.submit(connection.discovery.all)  # known by the time it is asked for
    recording = pool.submit(releases.current, connection.client, stack)
    seen = facts.read(connection, pool, foreign_namespaces(bundle))
    require_facts(check(bundle, seen))
    for gap in unchecked(bundle, seen):
        notify(Notice(gap))
    recorded = recording.result()
    inventory = recorded.release.inventory if recorded else ()
    learn(connection.client, connection.discovery, (entry.ref for entry in inventory))
    found = snapshot.take(connection, bundle, stack, inventory, pool)
    SECRETS.learn(secrets_in(bundle, found.live))
    created = {entry.ref for entry in inventory if entry.created}
    plan = spare(connection, make(bundle, stack, found, inventory), created, pool)
    plan = _with_unseen(plan, connection, inventory, notify)
    return Intent(stack, bundle, plan, recorded, __version__)


def _with_unseen(
    plan: Plan, connection: Connection, inventory: Sequence[Entry], notify: Notify
) -> Plan:
    """Keep on record what may be there and cannot be looked at.

    Raises:
        Unreachable: it would have to be made, if it is not there.
    """
    planned = {change.ref: change.action for change in plan.changes}
    known = {entry.ref: entry.component for entry in inventory}
    asked = [ref for ref in known if planned.get(ref) in (None, Action.CREATE)]
    doubts = unseen(connection.client, connection.discovery, asked)
    for ref, why in doubts.items():
        # Where a server is down, the bundle may be what mends it.
        if ref in planned and ref.group not in connection.discovery.silent:
            raise Unreachable(f"{ref}: whether it is there cannot be told: {why}", hint=LATER)
        notify(Notice(f"{ref} is not looked at, and stays on record: {why}"))
    kept = (
        Change(ref, known[ref], Action.UNCHANGED, reason=f"not looked at: {why}")
        for ref, why in doubts.items()
        if ref not in planned
    )
    return replace(plan, changes=(*plan.changes, *kept))


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
