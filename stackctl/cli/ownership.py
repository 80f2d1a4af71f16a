"""The commands about who a stack belongs to: adopt and unlock."""

from typing import Annotated

import typer

from stackctl.cli.complete import complete_component
from stackctl.cli.options import (
    Cluster,
    Comparison,
    Course,
    Output,
    Shown,
    StackName,
    Telling,
    option,
)


def adopt(
    *,
    recipe: Comparison,
    course: Course,
    cluster: Cluster,
    output: Output,
    telling: Telling,
    shown: Shown,
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
    from stackctl.cli.report import Report
    from stackctl.cli.requests import compared, connected, deploy_options
    from stackctl.cli.targets import on_each

    report = Report(shown, output.format)
    agree = report.agree(yes=course.yes, dry_run=course.dry_run)
    options = deploy_options(course, cluster)

    def run(target: Cluster) -> int:
        with (
            report.progress(telling.events, "adopt", target.context) as notify,
            connected(target, notify) as connection,
        ):
            outcome = action.adopt(
                component,
                compared(recipe, connection),
                connection,
                agree=agree,
                notify=notify,
                options=options,
            )
        report.deployed(outcome, "adopted")
        return 0 if outcome.agreed else 1

    return on_each(cluster, report, run, question=agree)


def unlock(
    *,
    which: StackName,
    cluster: Cluster,
    output: Output,
    shown: Shown,
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
    from stackctl.cli.report import Report
    from stackctl.cli.requests import connected, stack_of

    report = Report(shown, output.format)
    agree = report.agree_unlock(yes=yes)
    with report.progress() as notify, connected(cluster, notify) as connection:
        stack = stack_of(which, connection)
        outcome = action.unlock(stack, connection, agree=agree)
    report.unlocked(stack, outcome)
    return 0 if outcome.agreed else 1
