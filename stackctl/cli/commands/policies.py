"""The command `policies`: what admission policies would refuse of what is there already."""

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.output import Output, OutputOptions


def policies(*, cluster: Cluster, output: Output, shown: OutputOptions) -> int:
    """List the admission policies, and what each would refuse.

    The API server is asked about each object in a dry run; nothing is changed. Policies that are
    off or only warn are asked as well, so this shows what setting one to deny would mean. Exits 1
    if there is something that one would refuse.

    Examples:
        stackctl policies
        stackctl policies -o json
    """
    from stackctl.actions import policies as action
    from stackctl.cli.report.policies import policies_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.requests import connected

    report = Report(shown, output.format)

    def run(target: Cluster) -> int:
        with report.progress() as notify, connected(target, notify) as connection:
            found = action.policies(connection)
        if not found.modes:
            report.note(
                f"no policy on {connection.info.context} reports: they come with the component "
                "governance"
            )
        report.show(policies_result(found, connection.info))
        return 1 if found.objections or found.unseen else 0

    return on_each(cluster, report, run, words=Words("listed"))
