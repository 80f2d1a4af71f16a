"""The command `history`: the revisions of a stack."""

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.output import ListOutput, OutputOptions
from stackctl.cli.options.stack import StackName


def history(*, which: StackName, cluster: Cluster, output: ListOutput, shown: OutputOptions) -> int:
    """List the revisions of a stack: who, when, what changed.

    Examples:
        stackctl history
        stackctl history -o wide
        stackctl history --stack gpu8 -o json
    """
    from datetime import UTC, datetime

    from stackctl.actions import history as action
    from stackctl.cli.report.history import history_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected, stack_of

    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            stack = stack_of(which, connection)
            found = action.history(stack, connection, notify)
        report.show(history_result(stack, found, datetime.now(UTC)))
        return 0

    return on_each(cluster, report, run, words=Words("listed"))
