"""The command `explain`: why a component, or a value, is as it is."""

from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_subject
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import StackOptions


def explain(
    *,
    asked: StackOptions,
    output: Output,
    shown: OutputOptions,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="COMPONENT[.PARAMETER]",
            help="A component, a parameter or feature of it, or an attribute such as hdfs.url",
            autocompletion=complete_subject,
        ),
    ],
) -> int:
    """Explain a component, or one value: who set it, where it goes.

    Of a component: what it is for, needs and makes, every parameter with its value and who says
    so, and what its programs may do. Of a value: file and line of each layer, the wire it comes
    through, the places it is written to. Without a profile or stack file: as it comes. No
    cluster is asked: what --set recorded there is shown by `stackctl status`.

    Examples:
        stackctl explain spark-operator
        stackctl explain spark-operator --profile gpu8
        stackctl explain spark-operator.workers -p gpu8
        stackctl explain kserve.features.huggingface -p gpu8 -o json
    """
    from stackctl.actions.explain import explain as action
    from stackctl.cli.report.catalogue.explain import explain_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import request_of

    report = Report(shown, output.format)
    report.show(explain_result(action(subject, request_of(asked))))
    return 0
