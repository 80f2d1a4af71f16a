"""The command `adopt`: take over what something else installed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stackctl.cli.options.change import ApplyOptions
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.output import EventOptions, Output, OutputOptions
from stackctl.cli.options.stack import ComparedStack
from stackctl.cli.running.changing import change

if TYPE_CHECKING:
    from stackctl.cluster.connection import Connection
    from stackctl.model.run.outcome import DeployOutcome


def adopt(
    *,
    asked: ComparedStack,
    options: ApplyOptions,
    cluster: Cluster,
    output: Output,
    events: EventOptions,
    shown: OutputOptions,
    component: Annotated[
        str, typer.Argument(help="Component to take over", autocompletion=complete_component)
    ],
) -> int:
    """Take over a component that something else installed.

    Objects of Helm, kubectl or another tool become part of the stack; what they have and the
    component does not is removed from them. Other components stay as they are. Shows every
    change first, then asks.

    Examples:
        stackctl adopt cert-manager --profile gpu8 --dry-run
        stackctl adopt cert-manager --stack ml
    """
    from stackctl.actions import adopt as action
    from stackctl.cli.running.requests import compared

    def act(connection: "Connection", **how: Any) -> "DeployOutcome":
        return action.adopt(component, compared(asked, connection), connection, **how)

    return change(
        "adopt",
        "adopted",
        act,
        options=options,
        cluster=cluster,
        output=output,
        events=events,
        shown=shown,
    )
