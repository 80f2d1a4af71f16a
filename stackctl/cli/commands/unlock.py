"""The command `unlock`: break the lock of a run that will not give it back."""

from typing import TYPE_CHECKING, Annotated

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import StackName

if TYPE_CHECKING:
    from stackctl.model.run.outcome import HeldLock


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
    from stackctl.cli.report.record import hold_lines, unlock_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.question import require_somebody
    from stackctl.cli.running.requests import connected, stack_of

    report = Report(shown, output.format)
    if not yes:
        require_somebody("this command breaks a lock", hint="add --yes to go ahead")

    def agree(hold: "HeldLock") -> bool:
        report.present(hold_lines(hold, report.aside))
        return yes or report.ask("Break the lock? [y/N] ")

    with report.progress() as notify, connected(cluster, notify) as connection:
        stack = stack_of(which, connection)
        outcome = action.unlock(stack, connection, agree=agree)
    report.show(unlock_result(stack, outcome))
    return 0 if outcome.agreed else 1
