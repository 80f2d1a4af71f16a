"""The command `status`: how a stack stands."""

from typing import TYPE_CHECKING, Annotated

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import ListOutput, OutputOptions
from stackctl.cli.options.stack import StackName

if TYPE_CHECKING:
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

    What is wrong is told with the next command to type. Exits 0 only when all is
    well: everything is ready, nothing has drifted, the last run ended well, and
    nothing was left unseen. Where there are several stacks and none is named,
    they are listed, each with what is wrong with it.

    Examples:
        stackctl status
        stackctl status --watch
        stackctl status -o json
    """
    from datetime import UTC, datetime
    from functools import partial

    from stackctl.actions import status as action
    from stackctl.actions.stacks import assessed
    from stackctl.cli.report.report import Report
    from stackctl.cli.report.status import stacks_result, status_result
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected, reading, stack_of, stacks_of
    from stackctl.cli.running.watch import watch_status

    if watch:
        cluster.require_one("--watch")
    report, now = Report(shown, output.format), partial(datetime.now, UTC)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            meant = [stack_of(which, connection)] if watch else stacks_of(which, connection)
            stack = meant[0]
            if watch:

                def look() -> "StackStatus":
                    connection.client.look_within(reading())
                    return action.status(stack, connection)

                return watch_status(report, look, now=now)
            if len(meant) > 1:
                several = assessed(connection, meant)
                report.show(stacks_result(several, connection.info, now()))
                return 0 if all(each.well for each in several) else 1
            found = action.status(stack, connection)
        report.show(status_result(found, now()))
        return 0 if found.current else 1

    return on_each(cluster, report, run, words=Words("current", "not current"))
