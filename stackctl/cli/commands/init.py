"""The command `init`: a stack file to start from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from stackctl.cli.options.grouping import option
from stackctl.cli.options.options import Cluster, OutputOptions, StackOptions
from stackctl.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from stackctl.cli.report.report import Report
    from stackctl.model.run.outcome import TargetInfo


def init(
    *,
    asked: StackOptions,
    cluster: Cluster,
    shown: OutputOptions,
    offline: Annotated[
        bool, option("--offline", help="Do not ask which cluster this is; the file names none")
    ] = False,
) -> int:
    """Write a stack file to start from.

    An existing file is never touched. The file names the cluster it was written for, and
    deploying it to another one is refused.

    Examples:
        stackctl init --profile gpu8
        stackctl init --profile gpu8 --stack ml --file ml.yaml --offline
    """
    from stackctl.actions.init import init as action
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import STACK_FILE

    if asked.profile is None:
        raise UsageError("a stack needs a profile", hint="stackctl init --profile gpu8")
    report = Report(shown)
    path = action(
        asked.file or STACK_FILE,
        profile=asked.profile,
        name=asked.stack or asked.profile,
        target=None if offline else _target(report, cluster),
        catalogs=asked.folders,
    )
    report.lines([f"written: {path}"])
    if not shown.quiet:
        report.say([f"next: stackctl diff{_option(path)}, stackctl deploy{_option(path)}"])
    return 0


def _target(report: "Report", cluster: Cluster) -> "TargetInfo | None":
    from stackctl.cli.running.requests import connected

    try:
        with report.progress() as notify, connected(cluster, notify) as connection:
            return connection.info
    except ClusterError as error:
        if cluster.context or cluster.kubeconfig:
            raise
        report.note(f"no cluster answers, so the file names none: {error}")
        return None


def _option(path: Path) -> str:
    from stackctl.cli.running.requests import STACK_FILE

    return "" if path == STACK_FILE else f" -f {path}"
