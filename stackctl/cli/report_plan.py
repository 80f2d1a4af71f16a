"""How a plan looks as text: a line for each component, and each change that deserves its own.

Field differences are in `report_diff`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from stackctl.cli.terminal import Paint, plain, shorten, wrap
from stackctl.model.objects import Ref
from stackctl.model.outcome import TargetInfo
from stackctl.model.plan import Action, Change, Plan

ORDER = (
    Action.CREATE,
    Action.UPDATE,
    Action.RECREATE,
    Action.ADOPT,
    Action.PRUNE,
    Action.UNCHANGED,
)
STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.RECREATE: "red",
    Action.ADOPT: "magenta",
    Action.PRUNE: "red",
    Action.UNCHANGED: "dim",
}
# Changes that take something away or over are always listed one by one.
_ONE_BY_ONE = frozenset({Action.UPDATE, Action.RECREATE, Action.ADOPT})
_FEW = 3


def target_line(target: TargetInfo, paint: Paint) -> str:
    """Name the cluster that is about to be touched."""
    parts = [f"context {paint(plain(target.context), 'bold')}"]
    if target.simulated:
        parts[0] += paint(" (simulated)", "cyan")
    parts += [plain(target.server), f"Kubernetes {plain(target.version)}"]
    return " · ".join(part for part in parts if part)


def plan_lines(
    plan: Plan, paint: Paint, *, width: int | None = None, verbose: bool = False
) -> list[str]:
    """Write a plan, a line for each component and what is worth a line of its own."""
    lines = []
    for component, changes in by_component(plan.changes).items():
        lines += _component(component, changes, _name_width(plan), paint, width, verbose)
    return [*lines, *([""] if lines else []), summary(plan, paint)]


def by_component(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Group changes by component, in plan order."""
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.component, []).append(change)
    return grouped


def summary(plan: Plan, paint: Paint) -> str:
    """Count the changes of a plan."""
    if plan.empty:
        return f"Nothing would change: {objects(len(plan.changes))} as planned."
    parts = [
        paint(f"{action.sign}{count} {action}", STYLES[action])
        for action in ORDER
        if (count := plan.counts[action])
    ]
    return f"Plan: {'  '.join(parts)}"


def objects(count: int) -> str:
    """Count objects in words."""
    return f"{count} object{'' if count == 1 else 's'}"


def kinds(refs: Iterable[Ref]) -> list[str]:
    """Count objects by kind, the most frequent first."""
    counted = Counter(ref.kind for ref in refs)
    return [f"{count} {kind}" for kind, count in sorted(counted.items(), key=_frequency)]


def _frequency(item: tuple[str, int]) -> tuple[int, str]:
    return (-item[1], item[0])


def _name_width(plan: Plan) -> int:
    return max((len(change.component) for change in plan.changes), default=0)


def _component(  # noqa: PLR0913 - a drawing needs its canvas
    name: str,
    changes: Sequence[Change],
    room: int,
    paint: Paint,
    width: int | None,
    verbose: bool,
) -> list[str]:
    counts = Counter(change.action for change in changes)
    signs = "  ".join(
        paint(f"{action.sign}{counts[action]}", STYLES[action]) for action in ORDER if counts[action]
    )
    lines = [f"{paint(name.ljust(room), 'bold')}  {signs}"]
    for action in ORDER:
        chosen = [change for change in changes if change.action is action]
        if verbose or action in _ONE_BY_ONE or 0 < len(chosen) <= _FEW:
            skipped = action is Action.UNCHANGED and not verbose
            lines += [] if skipped else [_change(change, paint, width) for change in chosen]
        elif chosen and action is not Action.UNCHANGED:
            lines += _kinds(action, chosen, paint, width)
    return lines


def _kinds(
    action: Action, changes: Sequence[Change], paint: Paint, width: int | None
) -> list[str]:
    text = ", ".join(kinds(change.ref for change in changes))
    first, *more = wrap(text, width and width - 4)
    return [f"  {paint(action.sign, STYLES[action])} {first}", *(f"    {line}" for line in more)]


def _change(change: Change, paint: Paint, width: int | None) -> str:
    why = plain(change.reason) or ", ".join(each.path for each in change.differences)
    ref = plain(str(change.ref))
    room = None if width is None else max(width - 6 - len(ref), 0)
    tail = f"  {paint(shorten(why, room), 'dim')}" if why else ""
    return f"  {paint(change.action.sign, STYLES[change.action])} {ref}{tail}"
