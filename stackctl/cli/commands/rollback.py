"""The command `rollback`: back to an earlier revision."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stackctl.cli.options.change import ApplyOptions
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.completion import complete_revision
from stackctl.cli.options.output import EventOptions, Output, OutputOptions
from stackctl.cli.options.stack import RevertedStack
from stackctl.cli.running.changing import change

if TYPE_CHECKING:
    from stackctl.cluster.connection import Connection
    from stackctl.model.run.outcome import DeployOutcome


def rollback(
    *,
    which: RevertedStack,
    options: ApplyOptions,
    cluster: Cluster,
    output: Output,
    events: EventOptions,
    shown: OutputOptions,
    revision: Annotated[
        int | None,
        typer.Argument(
            help="Revision to go back to; default: the last good one",
            min=1,
            autocompletion=complete_revision,
        ),
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
        managers = tuple(which.take_over or ())
        return action.rollback(
            stack_of(which, connection), revision, connection, take_over=managers, **how
        )

    return change(
        "rollback",
        "rolled back",
        act,
        options=options,
        cluster=cluster,
        output=output,
        events=events,
        shown=shown,
    )
