"""Ask, and carry out what was agreed to; shared by every verb that changes a stack."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from stackctl.actions import plans
from stackctl.actions.recover import Recovery
from stackctl.cluster import helm
from stackctl.cluster.connection import Connection
from stackctl.cluster.lock import LEASE_SECONDS, Claim
from stackctl.cluster.run import Intent, Options, execute
from stackctl.errors import ApplyError, ConflictError, NotReadyError
from stackctl.model.events import Notice, Notify
from stackctl.model.failure import OnFailure
from stackctl.model.outcome import DeployOutcome, TargetInfo
from stackctl.model.plan import Action, Plan

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
    wait_lock: float = 0.0  # seconds to wait for a run of somebody else to end
    lease: float = LEASE_SECONDS  # after which a holder that gives no sign of life counts as dead
    on_failure: OnFailure = OnFailure.CONTINUE
    allow_recreate: bool = False  # delete and make anew what cannot become what is wanted

    @property
    def claim(self) -> Claim:
        """Who wants the lock."""
        return Claim(self.holder, self.wait_lock, self.lease)


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
    if intent.settled:
        return outcome
    if not options.dry_run:
        _require_consent(intent.plan, options)
    for note in helm.notes(connection, intent.plan, pool):
        notify(Notice(note))
    if options.dry_run:
        return outcome
    if not agree(intent.plan, connection.info):
        return replace(outcome, agreed=False)
    run = Options(options.claim, options.timeout, options.wait, options.on_failure)
    try:
        result, release = execute(connection, intent, run, pool, notify, now)
    except (ApplyError, NotReadyError) as failure:
        if options.on_failure is OnFailure.ROLLBACK:
            recovery = Recovery(connection, intent.stack, run, pool, notify, now)
            raise recovery.after(failure) from failure
        raise
    return replace(outcome, release=release, components=result.states)


def _require_consent(plan: Plan, options: DeployOptions) -> None:
    """Refuse to delete what is to be made anew unless the user said that it may be."""
    found = [change for change in plan.changes if change.action is Action.RECREATE]
    if found and not options.allow_recreate:
        lines = [f"  {change.ref}: {change.reason}" for change in found]
        raise ConflictError(
            "\n".join(["objects would have to be deleted and made anew:", *lines]),
            hint="--allow-recreate does that; while it lasts, what they do is interrupted",
        )
