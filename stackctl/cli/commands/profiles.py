"""The command `profiles`: what can be deployed."""

from stackctl.cli.options.options import Catalogs, ListOutput, OutputOptions


def profiles(*, catalogs: Catalogs, output: ListOutput, shown: OutputOptions) -> int:
    """List the profiles that can be deployed.

    Examples:
        stackctl profiles
        stackctl profiles --catalog ./catalogue -o wide
    """
    from stackctl.actions.profiles import profiles as action
    from stackctl.cli.report.catalogue import profiles_result
    from stackctl.cli.report.report import Report

    found = action(catalogs.folders)
    Report(shown, output.format).show(profiles_result(found.values()))
    return 0
