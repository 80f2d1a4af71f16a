"""The command `outdated`: a stack beside its lock and the catalogue."""

from pathlib import Path
from typing import Annotated

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import ProfileStack


def outdated(
    *,
    asked: ProfileStack,
    cluster: Cluster,
    output: Output,
    shown: OutputOptions,
    lock_file: Annotated[
        Path | None,
        option("--lock-file", metavar="FILE", help="The lock; default: beside the stack file"),
    ] = None,
    offline: Annotated[
        bool, option("--offline", help="Ask no cluster what is deployed on it")
    ] = False,
) -> int:
    """Compare what is locked and deployed with the catalogue.

    Exits 1 if the catalogue has something else.

    Examples:
        stackctl outdated gpu8
        stackctl outdated -f stack.yaml --offline
        stackctl outdated -f stack.yaml -o json
    """
    from stackctl.actions.lock import lock_path
    from stackctl.actions.outdated import outdated as action
    from stackctl.cli.report.catalogue.lock import outdated_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import compared, connected, request_of

    report = Report(shown, output.format)
    named = lock_file is not None
    if offline:
        request = request_of(asked)
        path = lock_file or lock_path(request.stack_file)
        found = action(request, path, None, required=named)
    else:
        with report.progress() as notify, connected(cluster, notify) as connection:
            request = compared(asked, connection)
            path = lock_file or lock_path(request.stack_file)
            found = action(request, path, connection, required=named)
    report.show(outdated_result(found))
    return 1 if found.old else 0
