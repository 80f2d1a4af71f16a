"""The commands that only look at a cluster: status and diff."""

import os
from typing import Annotated

from stackctl.cli.options import (
    Catalogs,
    Cluster,
    ListOutput,
    Output,
    Shown,
    Source,
    StackName,
    option,
)


def status(
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
    from stackctl import actions
    from stackctl.cli.report import Report
    from stackctl.cli.requests import stack_of
    from stackctl.cli.watch import watch_status

    report = Report(shown, output.format)
    with report.progress() as notify:
        connection = actions.connect(cluster.kubeconfig, cluster.context, os.environ, notify)
        if not watch:
            found = actions.status(stack_of(which), connection)
    if watch:
        return watch_status(report, lambda: actions.status(stack_of(which), connection))
    report.status(found)
    return 0 if found.current else 1


def diff(  # noqa: PLR0913 - each parameter is a group of options
    source: Source,
    which: StackName,
    catalogs: Catalogs,
    cluster: Cluster,
    output: Output,
    shown: Shown,
) -> int:
    """Show what a deploy would change, object by object.

    Exits 0 when nothing would change and 1 when something would. Values of Secrets are masked.

    Examples:
        stackctl diff
        stackctl diff --profile gpu8 -v
        stackctl diff -f stack.yaml -o json
    """
    from stackctl import actions
    from stackctl.cli.report import Report
    from stackctl.cli.requests import request_of

    report = Report(shown, output.format)
    with report.progress() as notify:
        connection = actions.connect(cluster.kubeconfig, cluster.context, os.environ, notify)
        plan, target = actions.diff(request_of(source, which, catalogs), connection, notify)
    report.plan(plan, target)
    return 0 if plan.empty else 1
