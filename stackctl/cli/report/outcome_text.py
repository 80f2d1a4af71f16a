"""How the end of a deploy or a teardown looks as text."""

from collections.abc import Iterable, Sequence

from stackctl.cli.options.options import OutputOptions
from stackctl.cli.report.plan_text import objects, plan_lines, target_lines, unseen_lines
from stackctl.cli.report.upgrade_text import review_lines
from stackctl.cli.terminal.progress_board import elapsed
from stackctl.cli.terminal.terminal import Paint, plain
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.run.outcome import DeployOutcome, Residue, TargetInfo, TeardownOutcome


def deploy_lines(
    outcome: DeployOutcome,
    paint: Paint,
    width: int | None,
    shown: OutputOptions,
    word: str = "deployed",
) -> list[str]:
    """Say what a deploy, or what goes like one, did."""
    plan = outcome.plan
    if outcome.dry_run:
        review = review_lines(outcome.review, paint, width) if outcome.review else []
        return _dry(plan, outcome.target, paint, width, shown, review)
    if not outcome.agreed:
        return []
    end = f"on {_where(outcome.target)} in {elapsed(outcome.seconds)}"
    if outcome.release is None:
        head = paint("nothing to change:", "green", "bold")
        return [f"{head} stack {plan.stack}, {objects(len(plan.changes))}, checked {end}"]
    changed = len(plan.changes) - plan.counts[Action.UNCHANGED]
    head = f"{paint(f'{word}:', 'green', 'bold')} stack {plan.stack}, profile {plan.profile}"
    return [
        f"{head}, revision {outcome.release.revision}",
        f"  {changed} of {objects(len(plan.changes))} changed {end}",
    ]


def teardown_lines(
    outcome: TeardownOutcome, paint: Paint, width: int | None, shown: OutputOptions
) -> list[str]:
    """Say what a teardown removed, kept and left."""
    plan = outcome.plan
    kept = _list("kept on purpose:", "yellow", outcome.kept, paint)
    if outcome.dry_run:
        return [*_dry(plan, outcome.target, paint, width, shown), *kept]
    if not outcome.agreed:
        return []
    end = f"on {_where(outcome.target)} in {elapsed(outcome.seconds)}"
    removed = objects(plan.counts[Action.PRUNE])
    none = "none seen" if outcome.unseen else "none"
    return [
        f"{paint('removed:', 'green', 'bold')} stack {plan.stack}, {removed} {end}",
        *kept,
        *(
            _list("residue:", "red", outcome.residue, paint)
            or [f"residue: {paint(none, 'green', 'bold')}"]
        ),
        *unseen_lines(outcome.unseen, paint, width),
    ]


def _dry(
    plan: Plan,
    target: TargetInfo,
    paint: Paint,
    width: int | None,
    shown: OutputOptions,
    review: Sequence[str] = (),
) -> list[str]:
    head = [*target_lines(target, paint, width), "", *review]
    return [*head, *plan_lines(plan, paint, width=width, verbose=shown.verbose)]


def _where(target: TargetInfo) -> str:
    return plain(target.context) + (" (simulated)" if target.simulated else "")


def _list(title: str, style: str, found: Iterable[Residue], paint: Paint) -> list[str]:
    lines = [f"  {plain(str(each.ref))}: {plain(each.why)}" for each in found]
    return [paint(title, style, "bold"), *lines] if lines else []
