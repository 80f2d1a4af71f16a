"""Ask, and carry out what was agreed to; shared by every verb that changes a stack."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from stackctl.cluster.change.intent import RunIntent
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.context import RunContext
from stackctl.cluster.status.health import assess_stack, stands_well
from stackctl.errors import ApplyError, ConflictError, NotReadyError, ReleaseError
from stackctl.model.compose.stages import RUNS
from stackctl.model.objects.refs import annotations_of
from stackctl.model.objects.wording import first_few
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.plan.warnings import volumes_left
from stackctl.model.run.events import ComponentState, Notice
from stackctl.model.run.failure_policy import OnFailure
from stackctl.model.run.outcome import DeployOutcome, StackStatus, TargetInfo

_NAMED = 3

Agree = Callable[[Plan, TargetInfo], bool]


def execute_plan(
    run: RunContext, intent: RunIntent, agree: Agree, options: RunOptions
) -> DeployOutcome:
    """Ask about a plan and carry it out; nothing happens where nothing would change."""
    outcome = _carried_out(run, intent, agree, options)
    return replace(outcome, seconds=run.seconds)


def _carried_out(
    run: RunContext, intent: RunIntent, agree: Agree, options: RunOptions
) -> DeployOutcome:
    if options.plan is not None:
        from stackctl.actions import plan_file

        settle = plan_file.keep if options.dry_run else plan_file.require
        settle(options.plan, intent, run.info)
    _mend(run, intent, options)
    if intent.strays and _agreed_strays(run, intent, options):
        intent = intent.with_strays()
    outcome = DeployOutcome(run.info, intent.plan, None, dry_run=options.dry_run)
    # That it completed has to be recorded before it goes.
    ends = intent.unseen_ends and options.wait and not options.dry_run
    if intent.settled and not ends:
        return _settled(run, intent, agree, options, outcome)
    if not options.dry_run:
        _require_consent(intent.plan, options)
    from stackctl.cluster.look import helm

    for note in helm.notes(run.connection, intent.plan, run.pool):
        run.notify(Notice(note))
    if options.dry_run:
        return outcome
    with run.client.pausing():
        agreed = agree(intent.plan, run.info)
    if not agreed:
        return replace(outcome, agreed=False)
    return _changed(run, intent, options, outcome)


def _changed(
    run: RunContext, intent: RunIntent, options: RunOptions, outcome: DeployOutcome
) -> DeployOutcome:
    # Half of all runs change nothing and need none of it.
    from stackctl.actions.failure_rollback import undo
    from stackctl.cluster.change.run import execute

    left = run.client.end_look(options.timeout)
    try:
        result, release = execute(run, intent, replace(options, timeout=left))
    except (ApplyError, NotReadyError) as failure:
        if options.on_failure is OnFailure.ROLLBACK:
            raise undo(run, intent.stack, options, failure) from failure
        raise
    return replace(outcome, release=release, components=result.states)


def _settled(
    run: RunContext, intent: RunIntent, agree: Agree, options: RunOptions, outcome: DeployOutcome
) -> DeployOutcome:
    """See that what has not to be changed is ready, and wait for it where it is not.

    Raises:
        NotReadyError: it will not be, or time is up.
    """
    if options.dry_run or not options.wait or intent.recorded is None:
        return outcome
    seen = {each.ref: each.live for each in intent.plan.changes if each.live is not None}
    if stands_well(run.connection, intent.recorded.release, seen, run.pool):
        return outcome
    with run.client.pausing():
        agreed = agree(intent.plan, run.info)
    if not agreed:
        return replace(outcome, agreed=False)
    from stackctl.cluster.change.run import await_ready

    left = run.client.end_look(options.timeout)
    result = await_ready(run, intent, replace(options, timeout=left))
    if result.failures:
        raise _not_ready(intent, result)
    found = assess_stack(run.connection, intent.stack, run.pool)
    _require_gpus(found)
    _require_no_findings(found)
    return replace(outcome, components=result.states)


def _require_gpus(status: StackStatus) -> None:
    """See that the nodes there are offer the GPUs they have, whether or not a DaemonSet is happy.

    A node that takes no Pods is none that the device plugin is meant for, so that the plugin is
    ready without it. One that is gone altogether was perhaps taken away: that is `status`'s to say.

    Raises:
        NotReadyError: nodes keep their GPUs to themselves.
    """
    for each in status.gpus:
        if each.allocatable < each.expected and each.closed:
            nodes = first_few([f"{name} {why}" for name, why in each.closed.items()], _NAMED)
            count = f"{each.allocatable}/{each.expected} {each.resource}"
            raise _said_of_settled([f"{count}; {nodes}"], next(iter(each.hints), ""))


def _require_no_findings(status: StackStatus) -> None:
    """See that what is served can be: a Secret that is gone or has expired, an untrusted webhook.

    Pods are ready without; whoever calls them next is not served.

    Raises:
        NotReadyError: something is wrong that no change of the stack's objects mends.
    """
    if status.findings:
        lines = [f"{each.subject}: {each.message}" for each in status.findings]
        raise _said_of_settled(lines, status.findings[0].hint)


def _said_of_settled(lines: Sequence[str], hint: str) -> NotReadyError:
    gap = " " if len(lines) == 1 else "\n"
    return NotReadyError(f"nothing to change, but not ready:{gap}" + "\n".join(lines), hint=hint)


def _not_ready(intent: RunIntent, result: Outcome) -> NotReadyError:
    """Say of a stack in which nothing has to be changed what is not ready, and why."""
    sizes = {part.name: len(part.objects) for part in intent.touched.components}
    lines = []
    for name, error in result.failures.items():
        ready = result.ready.get(name, 0)
        count = f" {ready}/{sizes[name]}" if ready < sizes[name] else ""
        lines.append(f"{name}{count}: {error}")
    if skipped := [name for name, s in result.states.items() if s is ComponentState.SKIPPED]:
        lines.append(f"not looked at: {', '.join(skipped)}")
    hint = next((error.hint for error in result.failures.values() if error.hint), "")
    return _said_of_settled(lines, hint)


def _mend(run: RunContext, intent: RunIntent, options: RunOptions) -> None:
    """Store again what is lost of the newest revision, and is the same in what is wanted now."""
    if intent.lost:
        names = ", ".join(part.name for part in intent.lost)
        done = "they would be stored again" if options.dry_run else "they are stored again"
        run.notify(Notice(f"the recorded objects of {names} were lost; {done}"))
        if not options.dry_run:
            from stackctl.cluster.record import recording, releases

            # Somebody may be deleting all of the record, and its namespace.
            recording.ensure_namespace(run.client, intent.stack, run.stop)
            releases.require_latest(run.client, intent.stack, intent.recorded)
            recording.keep_shards(run.client, intent.stack, intent.lost, run.pool)
    if intent.settled and intent.secret_sets:
        _mend_settings(run, intent, options)


def _mend_settings(run: RunContext, intent: RunIntent, options: RunOptions) -> None:
    """Store again what `--set` said of secrets, where only that is lost; a new revision has it."""
    from stackctl.cluster.record import releases, secret_settings

    assert intent.recorded is not None  # noqa: S101 - it is settled
    release = intent.recorded.release
    try:
        releases.secret_sets(run.client, release)
    except ReleaseError:
        names = ", ".join(intent.secret_sets)
        done = "it would be stored again" if options.dry_run else "it is stored again"
        run.notify(Notice(f"what --set said of {names} was lost; {done}"))
        if not options.dry_run:
            secret_settings.keep(run.client, release, intent.secret_sets)


def _agreed_strays(run: RunContext, intent: RunIntent, options: RunOptions) -> bool:
    """Ask whether what nothing names goes as well; where nobody says so it stays, and is told."""
    with run.client.pausing():
        agreed = not options.dry_run and (
            options.prune_unrecorded or options.agree_strays(intent.strays, run.info)
        )
    if agreed:
        return True
    named = first_few([each.ref for each in intent.strays], _NAMED)
    run.notify(
        Notice(
            f"made by the stack, as label and field manager say, and in no record: {named}; "
            "--prune-unrecorded deletes that"
        )
    )
    return False


def _runs_anew(change: Change) -> bool:
    """Tell what is there to be run whenever it changes, and interrupts nothing."""
    return change.live is not None and RUNS in annotations_of(change.live)


def _require_consent(plan: Plan, options: RunOptions) -> None:
    """Refuse to delete what is to be made anew unless the user said that it may be.

    Who is asked sees in the plan what would be made anew, and says yes to that.
    """
    found = [
        change
        for change in plan.changes
        if change.action is Action.RECREATE and not _runs_anew(change)
    ]
    if found and options.yes and not options.allow_recreate:
        lines = [
            f"  {change.ref}: {said}"
            for change in found
            for said in (change.reason, *volumes_left(change))
        ]
        raise ConflictError(
            "\n".join(["objects would have to be deleted and made anew:", *lines]),
            hint="--allow-recreate does that; while it lasts, what they do is interrupted",
        )
