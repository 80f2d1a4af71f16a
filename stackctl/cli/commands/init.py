"""The command `init`: a stack file to start from."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import OutputOptions
from stackctl.cli.options.stack import ProfileStack
from stackctl.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from stackctl.actions.init import Beginning
    from stackctl.cli.report.report import Report
    from stackctl.model.catalogue.profile import TargetPin


def init(
    *,
    asked: ProfileStack,
    cluster: Cluster,
    shown: OutputOptions,
    offline: Annotated[
        bool, option("--offline", help="Do not ask which cluster this is; the file names none")
    ] = False,
) -> int:
    """Write a stack file to start from.

    An existing file is never touched. The file names the cluster it was written for, and
    deploying it to another one is refused. What --set says is in it.

    Examples:
        stackctl init gpu8
        stackctl init gpu8 --set spark-operator.workers=20
        stackctl init gpu8 --stack ml --file ml.yaml --offline
    """
    from stackctl.actions.init import beginning
    from stackctl.actions.init import init as action
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import STACK_FILE

    if asked.profile is None:
        raise UsageError(
            "a stack needs a profile", hint="stackctl init gpu8; stackctl profiles lists them"
        )
    report = Report(shown)
    begun = beginning(
        profile=asked.profile,
        name=asked.profile.partition("+")[0] if asked.name is None else asked.name,
        record=asked.place,
        sets=asked.said,
        catalogs=asked.folders,
    )
    target = _named(cluster) if offline else _target(report, cluster, begun)
    path = action(asked.file or STACK_FILE, begun, target)
    report.lines([f"written: {path}"])
    if not shown.quiet:
        said = _said_again(path, asked, cluster)
        report.say([f"next: stackctl diff{said}, stackctl deploy{said}"])
    return 0


def _target(report: "Report", cluster: Cluster, begun: "Beginning") -> "TargetPin":
    """Find out which cluster this is, and say what of the profile it has already."""
    from stackctl.actions.init import found_already
    from stackctl.cli.running.requests import connected
    from stackctl.model.catalogue.profile import TargetPin

    try:
        with report.progress() as notify, connected(cluster, notify) as connection:
            info = connection.info
            found = found_already(connection, begun)
    except ClusterError as error:
        if cluster.context or cluster.kubeconfig:
            raise
        report.note(f"no cluster answers, so the file names none: {error}")
        return TargetPin()
    for each in found:
        report.note(each)
    return TargetPin(info.context, info.cluster_uid) if info.cluster_uid else TargetPin()


def _named(cluster: Cluster) -> "TargetPin":
    """Pin what can be known without asking: the context that was named."""
    from stackctl.model.catalogue.profile import TargetPin

    return TargetPin(cluster.context or "")


def _said_again(path: Path, asked: ProfileStack, cluster: Cluster) -> str:
    """Return what the next command has to be told, for the file does not say it."""
    from stackctl.cli.running.requests import STACK_FILE

    words = [] if path == STACK_FILE else ["-f", str(path)]
    words += ["--kubeconfig", cluster.kubeconfig] if cluster.kubeconfig else []
    words += ["--context", cluster.context] if cluster.context else []
    for folder in asked.folders:
        words += ["--catalog", str(folder)]
    return "".join(f" {shlex.quote(word)}" for word in words)
