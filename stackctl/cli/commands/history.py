"""The commands that look and go back: history and rollback."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stackctl.cli.options.options import (
    ApplyOptions,
    Cluster,
    EventOptions,
    ListOutput,
    Output,
    OutputOptions,
    StackName,
)
from stackctl.cli.running.changing import change

if TYPE_CHECKING:
    from stackctl.cluster.connection import Connection
    from stackctl.model.run.outcome import DeployOutcome


def history(*, which: StackName, cluster: Cluster, output: ListOutput, shown: OutputOptions) -> int:
    """List the revisions of a stack: who, when, what changed.

    Examples:
        stackctl history
        stackctl history -o wide
        stackctl history --stack gpu8 -o json
    """
    from stackctl.actions import history as action
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected, stack_of

    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            stack = stack_of(which, connection)
            found = action.history(stack, connection, notify)
        report.history(stack, found)
        return 0

    return on_each(cluster, report, run, words=Words("listed"))


def rollback(
    *,
    which: StackName,
    course: ApplyOptions,
    cluster: Cluster,
    output: Output,
    telling: EventOptions,
    shown: OutputOptions,
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
    from stackctl.cli.running.requests import stack_of

    def act(connection: "Connection", **how: Any) -> "DeployOutcome":
        return action.rollback(stack_of(which, connection), revision, connection, **how)

    return change(
        "rollback",
        "rolled back",
        act,
        course=course,
        cluster=cluster,
        output=output,
        telling=telling,
        shown=shown,
    )
