"""Ask, and carry out what was agreed to; shared by every verb that changes a stack."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from stackctl.actions import plan_file
from stackctl.actions.failure_rollback import Recovery
from stackctl.cluster.change.intent import RunIntent
from stackctl.cluster.change.run import RunOptions, execute
from stackctl.cluster.connection import Connection
from stackctl.cluster.look import helm
from stackctl.cluster.record import recording
from stackctl.cluster.record.lock import LEASE_SECONDS, Claim
from stackctl.errors import ApplyError, ConflictError, NotReadyError
from stackctl.model.objects.wording import first_few
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.run.events import Notice, Notify
from stackctl.model.run.failure_policy import OnFailure
from stackctl.model.run.outcome import DeployOutcome, TargetInfo

_NAMED = 3

Agree = Callable[[Plan, TargetInfo], bool]
AgreeStrays = Callable[[tuple[Change, ...], TargetInfo], bool]
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
    # Whether what the stack has made and no record names is pruned as well: its own question.
    agree_strays: AgreeStrays = lambda *_: False

    @property
    def claim(self) -> Claim:
        """Who wants the lock."""
        return Claim(self.holder, self.wait_lock, self.lease)


def bring_about(
    intent: RunIntent,
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
        settle = plan_file.keep if options.dry_run else plan_file.require
        settle(options.plan, intent, connection.info)
    _mend(intent, connection, pool, notify, options)
    if intent.strays and _agreed_strays(intent, connection, notify, options):
        intent = intent.with_strays()
        outcome = replace(outcome, plan=intent.plan)
    if intent.settled:
        return outcome
    if not options.dry_run:
        _require_consent(intent.plan, options)
    for note in helm.notes(connection, intent.plan, pool):
        notify(Notice(note))
    if options.dry_run:
        return outcome
    with connection.client.pausing():
        agreed = agree(intent.plan, connection.info)
    if not agreed:
        return replace(outcome, agreed=False)
    left = connection.client.end_look(options.timeout)
    run = RunOptions(options.claim, left, options.wait, options.on_failure)
    try:
        result, release = execute(connection, intent, run, pool, notify, now)
    except (ApplyError, NotReadyError) as failure:
        if options.on_failure is OnFailure.ROLLBACK:
            whole = replace(run, timeout=options.timeout)
            recovery = Recovery(connection, intent.stack, whole, pool, notify, now)
            raise recovery.after(failure) from failure
        raise
    return replace(outcome, release=release, components=result.states)


def _mend(
    intent: RunIntent,
    connection: Connection,
    pool: Executor,
    notify: Notify,
    options: DeployOptions,
) -> None:
    """Store the recorded objects of components again that are lost, where they are the same."""
    if not intent.lost:
        return
    names = ", ".join(part.name for part in intent.lost)
    done = "they would be stored again" if options.dry_run else "they are stored again"
    notify(Notice(f"the recorded objects of {names} were lost; {done}"))
    if not options.dry_run:
        recording.keep_shards(connection.client, intent.stack, intent.lost, pool)


def _agreed_strays(
    intent: RunIntent, connection: Connection, notify: Notify, options: DeployOptions
) -> bool:
    """Ask whether what nothing names goes as well; where nobody says so it stays, and is told."""
    with connection.client.pausing():
        agreed = not options.dry_run and options.agree_strays(intent.strays, connection.info)
    if agreed:
        return True
    named = first_few([each.ref for each in intent.strays], _NAMED)
    notify(
        Notice(
            f"made by the stack, as label and field manager say, and in no record: {named}; "
            "--prune-unrecorded deletes that"
        )
    )
    return False


def _require_consent(plan: Plan, options: DeployOptions) -> None:
    """Refuse to delete what is to be made anew unless the user said that it may be."""
    found = [change for change in plan.changes if change.action is Action.RECREATE]
    if found and not options.allow_recreate:
        lines = [f"  {change.ref}: {change.reason}" for change in found]
        raise ConflictError(
            "\n".join(["objects would have to be deleted and made anew:", *lines]),
            hint="--allow-recreate does that; while it lasts, what they do is interrupted",
        )
