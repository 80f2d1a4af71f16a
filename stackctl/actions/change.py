"""Ask, and carry out what was agreed to; shared by every verb that changes a stack."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from stackctl.actions import plans
from stackctl.cluster.connection import Connection
from stackctl.cluster.run import Intent, Options, execute
from stackctl.model.events import Notify
from stackctl.model.outcome import DeployOutcome, TargetInfo
from stackctl.model.plan import Plan

Agree = Callable[[Plan, TargetInfo], bool]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """How a deploy goes about it."""

    timeout: float = 600.0  # seconds for the whole run
    wait: bool = True
    dry_run: bool = False
    holder: str = ""  # user@host: holds the lock and is recorded
    plan: Path | None = None  # written by a dry run; else nothing but what it says is done


def bring_about(
    intent: Intent,
    connection: Connection,
    pool: Executor,
    *,
    agree: Agree,
    notify: Notify,
    options: DeployOptions,
    now: Clock,
) -> DeployOutcome:
    """Ask about a plan and carry it out; nothing happens where nothing would change."""
    outcome = DeployOutcome(connection.info, intent.plan, None, dry_run=options.dry_run)
    if options.plan is not None:
        settle = plans.keep if options.dry_run else plans.require
        settle(options.plan, intent, connection.info)
    if intent.settled or options.dry_run:
        return outcome
    if not agree(intent.plan, connection.info):
        return replace(outcome, agreed=False)
    run = Options(options.timeout, options.wait, options.holder)
    result, release = execute(connection, intent, run, pool, notify, now)
    return replace(outcome, release=release, components=result.states)
