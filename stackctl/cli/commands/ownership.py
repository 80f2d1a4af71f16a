"""The commands about who a stack belongs to: adopt and unlock."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.grouping import option
from stackctl.cli.options.options import (
    ApplyOptions,
    Cluster,
    Comparison,
    EventOptions,
    Output,
    OutputOptions,
    StackName,
)
from stackctl.cli.running.changing import change

if TYPE_CHECKING:
    from stackctl.cluster.connection import Connection
    from stackctl.model.run.outcome import DeployOutcome


def adopt(
    *,
    recipe: Comparison,
    course: ApplyOptions,
    cluster: Cluster,
    output: Output,
    telling: EventOptions,
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
        return action.adopt(component, compared(recipe, connection), connection, **how)

    return change(
        "adopt",
        "adopted",
        act,
        course=course,
        cluster=cluster,
        output=output,
        telling=telling,
        shown=shown,
    )


def unlock(
    *,
    which: StackName,
    cluster: Cluster,
    output: Output,
    shown: OutputOptions,
    yes: Annotated[bool, option("--yes", "-y", help="Do not ask before breaking the lock")] = False,
) -> int:
    """Break the lock of a run that will not give it back.

    The lock of a run that died is free by itself half a minute later. One that is alive stops
    when it notices, and leaves what it had begun half done until the next deploy.

    Examples:
        stackctl unlock
        stackctl unlock --stack gpu8 --yes
    """
    from stackctl.actions import unlock as action
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import connected, stack_of

    report = Report(shown, output.format)
    agree = report.agree_unlock(yes=yes)
    with report.progress() as notify, connected(cluster, notify) as connection:
        stack = stack_of(which, connection)
        outcome = action.unlock(stack, connection, agree=agree)
    report.unlocked(stack, outcome)
    return 0 if outcome.agreed else 1
