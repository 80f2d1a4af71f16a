"""The command `components`: what profiles are made of."""

from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.output import ListOutput, OutputOptions
from stackctl.cli.options.stack import Catalogs


def components(
    *,
    catalogs: Catalogs,
    output: ListOutput,
    shown: OutputOptions,
    name: Annotated[
        str | None,
        typer.Argument(help="Show one component in full", autocompletion=complete_component),
    ] = None,
) -> int:
    """List the components profiles are made of, or describe one.

    Of one component: what can be set and within which bounds, its features, what it installs,
    and what its programs may do in a cluster.

    Examples:
        stackctl components
        stackctl components spark-operator
        stackctl components -o name
    """
    from stackctl.actions import components as action
    from stackctl.cli.report.catalogue.components import component_result, components_result
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    if name is None:
        report.show(components_result(action.components(catalogs.folders).values()))
    else:
        report.show(component_result(action.contents(name, catalogs.folders)))
    return 0
