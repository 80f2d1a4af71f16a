"""The command `components`: what profiles are made of."""

from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.options import Catalogs, ListOutput, OutputOptions
from stackctl.errors import ConfigError


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

    Examples:
        stackctl components
        stackctl components spark-operator
        stackctl components -o name
    """
    from stackctl.actions import components as action
    from stackctl.cli.report.catalogue import component_result, components_result
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    found = action.components(catalogs.folders)
    if name is None:
        report.show(components_result(found.values()))
        return 0
    if name not in found:
        raise ConfigError(f"no component is called {name!r}", hint="stackctl components lists them")
    report.show(component_result(found[name], action.privileges_of(found[name])))
    return 0
