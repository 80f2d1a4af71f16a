"""The commands that only look at a cluster: status and diff."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from stackctl.cli.options.grouping import option
from stackctl.cli.options.options import (
    Cluster,
    Comparison,
    ListOutput,
    Output,
    OutputOptions,
    StackName,
)
from stackctl.errors import UsageError

if TYPE_CHECKING:
    from stackctl.cluster.connection import Connection
    from stackctl.model.plan.plan import Plan
    from stackctl.model.run.events import Notify
    from stackctl.model.run.outcome import StackStatus


def status(
    *,
    which: StackName,
    cluster: Cluster,
    output: ListOutput,
    shown: OutputOptions,
    watch: Annotated[bool, option("--watch", "-w", help="Keep looking until interrupted")] = False,
) -> int:
    """Show how a stack stands: components, readiness, GPUs, drift.

    Exits 1 unless everything is current.

    Examples:
        stackctl status
        stackctl status --watch
        stackctl status -o json
    """
    from stackctl.actions import status as action
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected, reading, stack_of
    from stackctl.cli.running.watch import watch_status

    if watch:
        cluster.require_one("--watch")
    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            stack = stack_of(which, connection)
            if watch:

                def look() -> "StackStatus":
                    connection.client.look_within(reading())
                    return action.status(stack, connection)

                return watch_status(report, look)
            found = action.status(stack, connection)
        report.status(found)
        return 0 if found.current else 1

    return on_each(cluster, report, run, words=Words("current", "not current"))


class Against(StrEnum):
    """What a diff compares with."""

    LIVE = "live"
    RELEASE = "release"


def diff(
    *,
    recipe: Comparison,
    cluster: Cluster,
    output: Output,
    shown: OutputOptions,
    revision: Annotated[
        int | None,
        option("--revision", metavar="N", min=1, help="Show what going back to N would change"),
    ] = None,
    against: Annotated[
        Against,
        option(
            "--against",
            metavar="WHAT",
            help="live: what the cluster holds (default); release: what was last applied",
        ),
    ] = Against.LIVE,
) -> int:
    """Show what a deploy would change, object by object.

    Exits 0 when nothing would change and 1 when something would. Values of Secrets are masked.
    Without a profile and a stack file, the stack on the cluster is compared with its profile.

    Examples:
        stackctl diff
        stackctl diff --profile gpu8 -v
        stackctl diff -f stack.yaml -o json
        stackctl diff --revision 3
        stackctl diff -f stack.yaml --against release
    """
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected

    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            plan = _compared(recipe, revision, against, connection, notify)
        report.plan(plan, connection.info)
        return 0 if plan.empty else 1

    return on_each(cluster, report, run, words=Words("nothing would change", "differs"))


def _compared(
    recipe: Comparison,
    revision: int | None,
    against: Against,
    connection: "Connection",
    notify: "Notify",
) -> "Plan":
    """Compare what is asked for: a recipe or a revision, with the cluster or the record."""
    from stackctl.actions import diff as action
    from stackctl.cli.running.requests import compared, stack_of

    if revision is None and against is Against.LIVE:
        return action.diff(compared(recipe, connection), connection, notify)
    if revision is None:
        return action.diff_release(compared(recipe, connection), connection)
    if recipe.profile is not None or recipe.sets:
        raise UsageError("--revision says already what is compared; leave out --profile and --set")
    stack = stack_of(recipe, connection)
    if against is Against.RELEASE:
        return action.diff_revisions(stack, revision, connection)
    return action.diff_revision(stack, revision, connection, notify)
