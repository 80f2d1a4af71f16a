"""The command `stacks`: what is deployed on a cluster."""

from typing import Annotated

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import ListOutput, OutputOptions


def stacks(
    *,
    cluster: Cluster,
    output: ListOutput,
    shown: OutputOptions,
    record_namespace: Annotated[
        str | None,
        option(
            "--record-namespace",
            metavar="NAME",
            help="Only those with their record there; default: wherever we may look",
        ),
    ] = None,
) -> int:
    """List the stacks on a cluster, and what is wrong with each.

    Exits 0 only when all of them are well, as status does.

    Examples:
        stackctl stacks
        stackctl stacks -o json
        stackctl stacks --context east --context west
    """
    from datetime import UTC, datetime

    from stackctl.actions import stacks as action
    from stackctl.cli.report.report import Report
    from stackctl.cli.report.status import stacks_result
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected

    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            found = action.stacks(connection, record_namespace)
        if not found:
            report.note(f"no stack on {connection.info.context}")
        report.show(stacks_result(found, connection.info, datetime.now(UTC)))
        return 0 if all(each.well for each in found) else 1

    return on_each(cluster, report, run, words=Words("current", "not current"))
