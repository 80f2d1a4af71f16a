"""Runs one command on several clusters, one after the other, each with its own outcome."""

from collections.abc import Callable

from stackctl.cli.options import Cluster
from stackctl.cli.report import Report
from stackctl.errors import Interrupted, StackError


def on_each(cluster: Cluster, report: Report, run: Callable[[Cluster], int]) -> int:
    """Run a command on every context that is named; the gravest exit code is the result.

    A failure on one cluster does not keep the others from their turn; an interruption does.
    """
    contexts = cluster.contexts or []
    if len(contexts) < 2:
        return run(cluster)
    codes = []
    with report.gathering():
        for context in contexts:
            report.heading(f"context {context}")
            only = Cluster(kubeconfig=cluster.kubeconfig, contexts=[context])
            try:
                codes.append(run(only))
            except Interrupted:
                raise
            except StackError as error:
                report.failed(error, context)
                codes.append(error.exit_code)
    return max(codes)
