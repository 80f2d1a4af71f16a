"""The command `diff`: what a deploy would change."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.completion import complete_revision
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import ComparedProfileStack
from stackctl.errors import UsageError

if TYPE_CHECKING:
    from stackctl.cluster.connection import Connection
    from stackctl.model.plan.plan import Plan
    from stackctl.model.run.events import Notify


class Against(StrEnum):
    """What a diff compares with."""

    LIVE = "live"
    RELEASE = "release"


def diff(
    *,
    asked: ComparedProfileStack,
    cluster: Cluster,
    output: Output,
    shown: OutputOptions,
    revision: Annotated[
        int | None,
        option(
            "--revision",
            metavar="N",
            min=1,
            help="Show what going back to N would change",
            autocompletion=complete_revision,
        ),
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
        stackctl diff gpu8 -v
        stackctl diff -f stack.yaml -o json
        stackctl diff --revision 3
        stackctl diff -f stack.yaml --against release
    """
    from stackctl.cli.report.diff import diff_result
    from stackctl.cli.report.plan import target_lines
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected

    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            plan = _compared(asked, revision, against, connection, notify)
        margin = report.margin
        report.remark([*target_lines(connection.info, margin.paint, margin.width), ""])
        report.show(diff_result(plan, connection.info))
        return 0 if plan.empty else 1

    return on_each(cluster, report, run, words=Words("nothing would change", "differs"))


def _compared(
    asked: ComparedProfileStack,
    revision: int | None,
    against: Against,
    connection: "Connection",
    notify: "Notify",
) -> "Plan":
    """Compare what is asked for, a stack or a revision, with the cluster or the record."""
    from stackctl.actions import diff as action
    from stackctl.cli.running.requests import compared, stack_of

    if revision is None and against is Against.LIVE:
        return action.diff(compared(asked, connection), connection, notify)
    if revision is None:
        return action.diff_release(compared(asked, connection), connection)
    if asked.profile is not None or asked.said:
        raise UsageError("--revision says already what is compared; leave out --profile and --set")
    stack = stack_of(asked, connection)
    if against is Against.RELEASE:
        return action.diff_revisions(stack, revision, connection)
    return action.diff_revision(stack, revision, connection, notify)
