"""Bring a cluster to the state a profile describes, or show what that would take."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from stackctl import __version__
from stackctl.actions.compose import Request, compose_stack
from stackctl.cluster import facts, releases, snapshot
from stackctl.cluster.connection import Connection
from stackctl.cluster.run import Intent, Options, execute
from stackctl.cluster.session import workers
from stackctl.errors import ConflictError, PreflightError
from stackctl.model.events import Notify, Step
from stackctl.model.outcome import DeployOutcome, TargetInfo
from stackctl.model.plan import Plan, make
from stackctl.model.preflight import Finding, check

Agree = Callable[[Plan, TargetInfo], bool]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """How a deploy goes about it."""

    timeout: float = 600.0  # seconds for the whole run
    wait: bool = True
    dry_run: bool = False
    holder: str = ""  # user@host: holds the lock and is recorded


def diff(request: Request, connection: Connection, notify: Notify) -> tuple[Plan, TargetInfo]:
    """Show what a deploy would change; nothing is written."""
    with workers() as pool:
        return outlook(request, connection, notify, pool).plan, connection.info


def deploy(
    request: Request,
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: DeployOptions,
    now: Clock = time.monotonic,
) -> DeployOutcome:
    """Compose, look, plan, ask, apply, wait, prune and record.

    Raises:
        StackError: its class says how far it came; from `ApplyError` on, it is recorded.
    """
    began = now()
    with workers() as pool:
        intent = outlook(request, connection, notify, pool)
        outcome = DeployOutcome(connection.info, intent.plan, None, dry_run=options.dry_run)
        if intent.settled or options.dry_run:
            return replace(outcome, seconds=now() - began)
        if not agree(intent.plan, connection.info):
            return replace(outcome, agreed=False)
        run = Options(options.timeout, options.wait, options.holder)
        result, release = execute(connection, intent, run, pool, notify, now)
    return replace(outcome, release=release, components=result.states, seconds=now() - began)


def outlook(request: Request, connection: Connection, notify: Notify, pool: Executor) -> Intent:
    """Compose the bundle and compare it with the cluster."""
    composed = compose_stack(request)
    _require_cluster(composed.cluster_uid, connection.info)
    notify(Step("looking at the cluster"))
    _require_facts(check(composed.bundle.requires, facts.read(connection)))
    recorded = releases.current(connection.client, composed.stack)
    inventory = recorded.release.inventory if recorded else ()
    seen = snapshot.take(connection, composed.bundle, composed.stack, inventory, pool)
    plan = make(composed.bundle, composed.stack, seen, inventory)
    return Intent(composed.stack, composed.bundle, plan, recorded, __version__)


def _require_cluster(wanted: str, info: TargetInfo) -> None:
    if wanted and wanted != info.cluster_uid:
        raise ConflictError(
            f"the stack file is meant for the cluster {wanted}, "
            f"and context {info.context} leads to {info.cluster_uid}",
            hint="choose another context with --context, or correct spec.target.clusterUID",
        )


def _require_facts(findings: Sequence[Finding]) -> None:
    if findings:
        lines = [f"  {each.subject}: {each.message}" for each in findings]
        hint = next((each.hint for each in findings if each.hint), "")
        raise PreflightError("\n".join(["the cluster lacks what is needed", *lines]), hint=hint)
