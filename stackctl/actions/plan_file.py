"""Plans kept in files: written by a dry run, and the only thing the run after it may do."""

from dataclasses import replace
from pathlib import Path

from stackctl.actions.compose import StackRequest
from stackctl.cluster.change.intent import RunIntent
from stackctl.errors import ConflictError
from stackctl.model.plan.plan_file import Base, SavedPlan, divergences, saved
from stackctl.model.run.outcome import TargetInfo
from stackctl.sources.planfile import read_plan, write_plan


def keep(path: Path, intent: RunIntent, target: TargetInfo) -> None:
    """Write down what a dry run came to."""
    write_plan(path, _taken_down(intent, target))


def require(path: Path, intent: RunIntent, target: TargetInfo) -> None:
    """Refuse to do anything but what a file says.

    Raises:
        ConflictError: something is different now; everything that is, is named.
    """
    then = read_plan(path)
    lines = [f"  {line}" for line in divergences(then, _taken_down(intent, target))]
    if lines:
        raise ConflictError(
            "\n".join([f"{path}: the plan is not what would happen now:", *lines]),
            hint=f"the plan was made with `{then.command}`; "
            "make it anew with the same options and --dry-run",
        )


def planned_request(path: Path, request: StackRequest) -> StackRequest:
    """Fill in from a plan which stack and profile are meant, where nobody says."""
    plan = read_plan(path)
    named = request.profile is not None or request.stack_file is not None
    return replace(
        request,
        profile=request.profile if named else plan.profile,
        stack=request.stack or (None if request.stack_file else plan.base.stack.name),
        record=request.record or (None if request.stack_file else plan.base.stack.namespace),
        keep=plan.keeps if request.keep is None else request.keep,
    )


def _taken_down(intent: RunIntent, target: TargetInfo) -> SavedPlan:
    recorded = intent.recorded
    base = Base(
        cluster=target.cluster_uid or target.server,  # who may not know which one it is
        stack=intent.stack,
        revision=recorded.release.revision if recorded else 0,
        bundle=intent.bundle.digest,
    )
    return saved(
        intent.plan, base, context=target.context, command=intent.command, tool=intent.tool
    )
