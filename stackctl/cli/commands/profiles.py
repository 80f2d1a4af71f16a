"""The command `profiles`: what can be deployed."""

from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_profile
from stackctl.cli.options.output import ListOutput, OutputOptions
from stackctl.cli.options.stack import Catalogs


def profiles(
    *,
    catalogs: Catalogs,
    output: ListOutput,
    shown: OutputOptions,
    name: Annotated[
        str | None,
        typer.Argument(help="Show one profile in full", autocompletion=complete_profile),
    ] = None,
) -> int:
    """List the profiles that can be deployed, or describe one.

    Of one profile: its components, each setting that is no default with the file and line that
    says so (-v: every setting), what it installs, and what its programs may do in a cluster.

    Examples:
        stackctl profiles
        stackctl profiles gpu8
        stackctl profiles gpu8 -v
        stackctl profiles --catalog ./catalogue -o wide
    """
    from stackctl.actions import profiles as action
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    if name is None:
        from stackctl.cli.report.catalogue.profiles import profiles_result

        report.show(profiles_result(action.profiles(catalogs.folders).values()))
        return 0
    from stackctl.cli.report.catalogue.profiles import profile_result

    report.show(profile_result(*action.described(name, catalogs.folders)))
    return 0
