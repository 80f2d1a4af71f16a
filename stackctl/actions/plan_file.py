"""Plans kept in files: written by a dry run, and the only thing the run after it may do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from stackctl.actions.compose import StackRequest
from stackctl.cluster.change.intent import RunIntent
from stackctl.errors import ConflictError, UsageError
from stackctl.model.plan.plan_file import Base, SavedPlan, contradictions, divergences, saved
from stackctl.model.resolve.overrides import merge
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
    """Ask for what a plan was made of; only files may lie elsewhere, and secrets are said again.

    Raises:
        ConflictError: something else is said beside it.
        UsageError: a secret is not said.
    """
    plan, said = read_plan(path), merge(request.sets)
    _require_the_same(path, plan, request, said)
    recipe = plan.recipe
    if missing := recipe.missing(said):
        raise UsageError(
            f"{path}: made with {' '.join(f'--set {key}=…' for key in missing)}, and a plan keeps "
            "no secrets",
            hint=f"add {' '.join(f'--set {key}=VALUE' for key in missing)}",
        )
    file = request.stack_file or (Path(recipe.stack_file) if recipe.stack_file else None)
    return replace(
        request,
        profile=request.profile if file else plan.profile,
        stack_file=file,
        stack=request.stack or (recipe.stack or None if file else plan.base.stack.name),
        record=request.record or (recipe.record or None if file else plan.base.stack.namespace),
        sets=recipe.with_sets(said),
        catalogs=request.catalogs or tuple(map(Path, recipe.catalogs)),
        take_over=recipe.take_over,
        keep=plan.keeps,
    )


def planned_revision(path: Path) -> int | None:
    """Tell which revision a plan goes back to; None where it is the plan of another verb."""
    verb, revision, *_ = [*read_plan(path).command.split(), "", ""]
    return int(revision) if verb == "rollback" and revision.isdigit() else None


def planned_take_over(path: Path, said: Sequence[str]) -> tuple[str, ...]:
    """Tell whose fields a plan takes.

    Raises:
        ConflictError: others are named beside it.
    """
    plan = read_plan(path)
    _require_the_same(path, plan, StackRequest(take_over=tuple(said)), {})
    return plan.recipe.take_over


def _require_the_same(
    path: Path, plan: SavedPlan, request: StackRequest, said: Mapping[str, str]
) -> None:
    lines = [
        f"  {line}"
        for line in contradictions(
            plan,
            profile=request.profile,
            stack=request.stack,
            record=request.record,
            sets=said,
            take_over=request.take_over,
            reset=request.keep is False,
        )
    ]
    if lines:
        raise ConflictError(
            "\n".join([f"{path}: the plan says something else:", *lines]),
            hint=f"leave that out: the plan, made with `{plan.command}`, has all of it",
        )


def _taken_down(intent: RunIntent, target: TargetInfo) -> SavedPlan:
    recorded = intent.recorded
    base = Base(
        cluster=target.cluster_uid or target.server,  # who may not know which one it is
        stack=intent.stack,
        revision=recorded.release.revision if recorded else 0,
        bundle=intent.bundle.digest,
    )
    made = saved(
        intent.plan, base, context=target.context, command=intent.command, tool=intent.tool
    )
    return replace(made, recipe=intent.recipe)
