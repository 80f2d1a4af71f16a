"""The commands that only look at a cluster: status and diff."""

from typing import Annotated

from stackctl.cli.options import Cluster, ListOutput, Output, Recipe, Shown, StackName, option


def status(
    *,
    which: StackName,
    cluster: Cluster,
    output: ListOutput,
    shown: Shown,
    watch: Annotated[bool, option("--watch", "-w", help="Keep looking until interrupted")] = False,
) -> int:
    """Show how a stack stands: components, readiness, GPUs, drift.

    Exits 1 unless everything is current.

    Examples:
        stackctl status
        stackctl status --watch
        stackctl status -o json
    """
    from stackctl.actions import status as action
    from stackctl.cli.report import Report
    from stackctl.cli.requests import connected, stack_of
    from stackctl.cli.watch import watch_status

    report = Report(shown, output.format)
    with report.progress() as notify, connected(cluster, notify) as connection:
        stack = stack_of(which, connection)
        if watch:
            return watch_status(report, lambda: action.status(stack, connection, notify))
        found = action.status(stack, connection, notify)
    report.status(found)
    return 0 if found.current else 1


def diff(*, recipe: Recipe, cluster: Cluster, output: Output, shown: Shown) -> int:
    """Show what a deploy would change, object by object.

    Exits 0 when nothing would change and 1 when something would. Values of Secrets are masked.
    Without a profile and a stack file, the stack on the cluster is compared with its profile.

    Examples:
        stackctl diff
        stackctl diff --profile gpu8 -v
        stackctl diff -f stack.yaml -o json
    """
    from stackctl.actions import deploy as action
    from stackctl.cli.report import Report
    from stackctl.cli.requests import compared, connected

    report = Report(shown, output.format)
    with report.progress() as notify, connected(cluster, notify) as connection:
        plan, target = action.diff(compared(recipe, connection), connection, notify)
    report.plan(plan, target)
    return 0 if plan.empty else 1
