"""The commands that look and go back: history and rollback."""

from typing import Annotated

import typer

from stackctl.cli.options import (
    Cluster,
    Course,
    ListOutput,
    Output,
    Shown,
    StackName,
    Telling,
)


def history(*, which: StackName, cluster: Cluster, output: ListOutput, shown: Shown) -> int:
    """List the revisions of a stack: who, when, what changed.

    Examples:
        stackctl history
        stackctl history -o wide
        stackctl history --stack gpu8 -o json
    """
    from stackctl.actions import history as action
    from stackctl.cli.report import Report
    from stackctl.cli.requests import connected, stack_of
    from stackctl.cli.targets import Words, on_each

    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            stack = stack_of(which, connection)
            found = action.history(stack, connection)
        report.history(stack, found)
        return 0

    return on_each(cluster, report, run, words=Words("listed"))


def rollback(
    *,
    which: StackName,
    course: Course,
    cluster: Cluster,
    output: Output,
    telling: Telling,
    shown: Shown,
    revision: Annotated[
        int | None,
        typer.Argument(help="Revision to go back to; default: the last good one", min=1),
    ] = None,
) -> int:
    """Go back to what an earlier revision applied.

    The recorded objects are applied again and what that revision did not have is pruned, as a
    new revision. Shows every change first, then asks.

    Examples:
        stackctl rollback --dry-run
        stackctl rollback 3
        stackctl rollback --stack gpu8 --yes
    """
    from stackctl.actions import rollback as action
    from stackctl.cli.report import Report
    from stackctl.cli.requests import connected, deploy_options, stack_of
    from stackctl.cli.targets import on_each

    report = Report(shown, output.format)
    agree = report.agree(yes=course.yes, dry_run=course.dry_run)
    options = deploy_options(course, cluster)

    def run(target: Cluster) -> int:
        with (
            report.progress(telling.events, "rollback", target.context) as notify,
            connected(target, notify) as connection,
        ):
            outcome = action.rollback(
                stack_of(which, connection),
                revision,
                connection,
                agree=agree,
                notify=notify,
                options=options,
            )
        report.deployed(outcome, "rolled back")
        return 0 if outcome.agreed else 1

    return on_each(cluster, report, run, question=agree)
