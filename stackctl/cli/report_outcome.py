"""How the end of a deploy or a teardown looks as text."""

from collections.abc import Iterable

from stackctl.cli.board import elapsed
from stackctl.cli.options import Shown
from stackctl.cli.report_plan import objects, plan_lines, target_line
from stackctl.cli.terminal import Paint, plain
from stackctl.model.objects import Ref
from stackctl.model.outcome import DeployOutcome, Residue, TeardownOutcome
from stackctl.model.plan import Action, Plan


def deploy_lines(
    outcome: DeployOutcome, paint: Paint, width: int | None, shown: Shown
) -> list[str]:
    """Say what a deploy did."""
    plan, simulated = outcome.plan, " (simulated)" if outcome.target.simulated else ""
    if outcome.dry_run:
        head = [target_line(outcome.target, paint), ""]
        return [*head, *plan_lines(plan, paint, width=width, verbose=shown.verbose)]
    if not outcome.agreed:
        return []
    where = f"on {plain(outcome.target.context)}{simulated}"
    took = f"in {elapsed(outcome.seconds)}"
    if outcome.release is None:
        return [
            f"{paint('nothing to change:', 'green', 'bold')} stack {plan.stack} is as profile "
            f"{plan.profile} says, {objects(len(plan.changes))} {where}, checked {took}"
        ]
    changed = sum(count for action, count in plan.counts.items() if action != Action.UNCHANGED)
    return [
        f"{paint('deployed:', 'green', 'bold')} stack {plan.stack}, profile {plan.profile}, "
        f"revision {outcome.release.revision}: {changed} of {objects(len(plan.changes))} changed "
        f"{where} {took}"
    ]


def teardown_lines(
    outcome: TeardownOutcome, paint: Paint, width: int | None, shown: Shown
) -> list[str]:
    """Say what a teardown removed, kept and left."""
    plan = outcome.plan
    if outcome.dry_run:
        head = [target_line(outcome.target, paint), ""]
        return [*head, *plan_lines(plan, paint, width=width, verbose=shown.verbose)]
    if not outcome.agreed:
        return []
    simulated = " (simulated)" if outcome.target.simulated else ""
    return [
        f"{paint('removed:', 'green', 'bold')} stack {plan.stack}, {_pruned(plan)} "
        f"on {plain(outcome.target.context)}{simulated} in {elapsed(outcome.seconds)}",
        *_list("kept on purpose:", "yellow", outcome.kept, paint),
        *(
            _list("residue:", "red", outcome.residue, paint)
            or [f"residue: {paint('none', 'green', 'bold')}"]
        ),
    ]


def _pruned(plan: Plan) -> str:
    return objects(plan.counts[Action.PRUNE])


def _list(title: str, style: str, found: Iterable[Residue], paint: Paint) -> list[str]:
    lines = [f"  {_named(each.ref)}: {plain(each.why)}" for each in found]
    return [paint(title, style, "bold"), *lines] if lines else []


def _named(ref: Ref) -> str:
    return plain(str(ref))
