"""The command `lock`: what a stack is made of, written down."""

from pathlib import Path
from typing import Annotated

from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import ProfileStack


def lock(
    *,
    asked: ProfileStack,
    output: Output,
    shown: OutputOptions,
    lock_file: Annotated[
        Path | None,
        option("--lock-file", metavar="FILE", help="The lock; default: beside the stack file"),
    ] = None,
) -> int:
    """Write down what a stack is made of, for deploy --locked.

    The file names the version of each component, digests of its objects, its images (by digest
    where that is known) and the version of stackctl: commit it beside the stack file. Secret
    values do not count. Written again, it says what is another one.

    Examples:
        stackctl lock gpu8
        stackctl lock -f stack.yaml
        stackctl deploy -f stack.yaml --locked
    """
    from stackctl.actions.lock import lock as action
    from stackctl.actions.lock import lock_path
    from stackctl.cli.report.catalogue.lock import lock_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import request_of

    report = Report(shown, output.format)
    request = request_of(asked)
    report.show(lock_result(action(request, lock_file or lock_path(request.stack_file))))
    return 0
