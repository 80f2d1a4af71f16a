"""The questions before anything is changed: show what would be done and get an answer.

How a plan looks is in `report.plan`; what an answer leads to is the actions'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackctl.cli.terminal.terminal import plain, somebody_is_there
from stackctl.errors import ConflictError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackctl.cli.report.rendering import Page
    from stackctl.cli.report.report import Report
    from stackctl.model.plan.plan import Change, Plan
    from stackctl.model.plan.upgrades import Review
    from stackctl.model.run.outcome import TargetInfo


class Question:
    """Shows what would change on a cluster, and asks whether to go ahead.

    For several clusters: after `hold`, plans are shown and kept, and nothing is agreed to; `put`
    asks about all of them at once; after a yes, what was shown is agreed to, and nothing else.
    """

    def __init__(self, report: Report, *, yes: bool, dry_run: bool) -> None:
        """Make sure that somebody can answer.

        Raises:
            UsageError: nobody is there.
        """
        self.open = not (yes or dry_run)
        if self.open:
            require_somebody(
                "this command changes the cluster",
                hint="add --yes to go ahead, or --dry-run to see what would change",
            )
        self._report = report
        self._yes = yes
        self._holding = False
        self._shown: dict[str, Plan] = {}

    @property
    def held(self) -> tuple[str, ...]:
        """The contexts whose plans wait for an answer."""
        return tuple(self._shown)

    def hold(self) -> None:
        """Keep plans from now on, until `put` asks about them."""
        self._holding = True

    def __call__(self, plan: Plan, target: TargetInfo, review: Review | None = None) -> bool:
        """Show what would change, and ask."""
        if self._shown and not self._holding:
            _require_same(self._shown[target.context], plan, target)
            return True
        if not (self._yes and self._report.shown.quiet):
            lines = _proposal(plan, target, review, self._report.margin)
            self._report.present(lines if self._holding else [*lines, ""])
        if self._holding:
            self._shown[target.context] = plan
        elif self._yes or plan.empty or self._report.ask(_proceed([target.context])):
            return True
        return False

    def strays(self, changes: Sequence[Change], target: TargetInfo) -> bool:
        """Ask whether what no record names goes as well; not where one question is for all."""
        if not self.open or self._holding or self._shown:
            return False
        told = f"on {target.context}, in no record, and made by the stack as label and field "
        refs = [plain(f"  - {each.ref}") for each in changes]
        self._report.present([f"{plain(told)}manager say:", *refs, ""])
        return self._report.ask(f"Delete these {len(changes)} as well? [y/N] ", no="They stay.")

    def put(self, failed: Sequence[str]) -> bool:
        """Ask once about everything that was held; what failed is named, for it is left out."""
        self._holding = False
        if not self._shown:
            return False
        if failed:
            self._report.note(f"left out, for it failed: {', '.join(failed)}")
        changing = [context for context, plan in self._shown.items() if not plan.empty]
        if not changing:
            return True
        self._report.say([""])
        return self._report.ask(_proceed(changing))


def require_somebody(what: str, *, hint: str) -> None:
    """Make sure that somebody can answer.

    Raises:
        UsageError: nobody is there.
    """
    if not somebody_is_there():
        raise UsageError(f"there is no terminal to ask on, and {what}", hint=hint)


def _proposal(plan: Plan, target: TargetInfo, review: Review | None, page: Page) -> list[str]:
    from stackctl.cli.report.plan import plan_lines, target_lines, unprefaced
    from stackctl.cli.report.upgrade import review_lines

    reviewed = review_lines(review, page.paint, page.width) if review else []
    head = [*target_lines(target, page.paint, page.width), "", *reviewed]
    return [*head, *plan_lines(unprefaced(plan) if review else plan, page)]


def _proceed(contexts: Sequence[str]) -> str:
    *most, last = map(plain, contexts)
    several = f"{', '.join(most)} and {last}, one after the other"
    return f"Proceed on {several if most else last}? [y/N] "


def _require_same(shown: Plan, plan: Plan, target: TargetInfo) -> None:
    """Refuse to do anything but what was shown: the yes was for that, and some time ago."""
    lines = [f"  {line}" for line in _changed(shown, plan, target)]
    if lines:
        raise ConflictError(
            "\n".join(["what would change is not what was shown any more:", *lines]),
            hint="run the same command again",
        )


def _changed(shown: Plan, plan: Plan, target: TargetInfo) -> Iterator[str]:
    from stackctl.model.plan.plan_file import Base, divergences, saved

    base = Base(cluster=target.cluster_uid, stack=shown.stack, revision=0, bundle="")
    then, now = (
        saved(each, base, context=target.context, command="", tool="") for each in (shown, plan)
    )
    return divergences(then, now)
