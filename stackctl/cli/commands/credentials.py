"""The command `credentials`: what is generated for a stack, and making it anew."""

from typing import TYPE_CHECKING, Annotated

import typer

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.completion import complete_component, complete_generated
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import StackName

if TYPE_CHECKING:
    from stackctl.actions.credentials import Rotation
    from stackctl.cli.report.report import Report


def credentials(
    *,
    which: StackName,
    cluster: Cluster,
    output: Output,
    shown: OutputOptions,
    component: Annotated[
        str | None,
        typer.Argument(
            metavar="[COMPONENT]",
            help="Show the values of this component",
            autocompletion=complete_component,
        ),
    ] = None,
    rotate: Annotated[
        str | None,
        option(
            "--rotate",
            metavar="COMPONENT.PARAMETER",
            help="Make this value anew",
            autocompletion=complete_generated,
        ),
    ] = None,
    yes: Annotated[bool, option("--yes", "-y", help="Do not ask before changing anything")] = False,
) -> int:
    """List the secrets made for a stack; of a component, in full.

    They are made once, are in their Secrets and nowhere else, and stay as long as the data they
    open. --rotate makes one anew, and names what has to be restarted to read it.

    Examples:
        stackctl credentials
        stackctl credentials grafana
        stackctl credentials --rotate grafana.adminPassword
    """
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    if rotate is None:
        return _show(report, which, cluster, component)
    return _rotate(report, which, cluster, rotate, yes=yes)


def _show(report: "Report", which: StackName, cluster: Cluster, component: str | None) -> int:
    from stackctl.actions import credentials as action
    from stackctl.cli.report.credentials import credential_lines, credentials_document
    from stackctl.cli.report.rendering import dumped
    from stackctl.cli.running.requests import connected, stack_of

    with report.progress() as notify, connected(cluster, notify) as connection:
        stack = stack_of(which, connection)
        found = action.credentials(stack, connection, component)
    values = component is not None
    if report.structured:
        whole = credentials_document(stack, found, values=values)
        report.manifests(dumped(whole, report.format))
    elif found:
        lines = credential_lines(found, report.page.paint, values=values)
        report.manifests("".join(f"{line}\n" for line in lines))
    else:
        report.note(f"nothing is generated for stack {stack}")
    return 0


def _rotate(report: "Report", which: StackName, cluster: Cluster, name: str, *, yes: bool) -> int:
    from stackctl.actions import credentials as action
    from stackctl.cli.report.credentials import rotation_lines, rotation_result
    from stackctl.cli.running.question import require_somebody
    from stackctl.cli.running.requests import connected, holder, stack_of
    from stackctl.cluster.change.options import RunOptions

    def agree(meant: "Rotation") -> bool:
        if yes:
            return True
        require_somebody("this command changes the cluster", hint="add --yes to go ahead")
        report.present(rotation_lines(meant))
        return report.ask("Make it anew? [y/N] ")

    options = RunOptions(holder=holder())
    with report.progress() as notify, connected(cluster, notify) as connection:
        stack = stack_of(which, connection)
        done = action.rotate(stack, connection, name, agree=agree, notify=notify, options=options)
    report.show(rotation_result(stack, done))
    return 0 if done.agreed else 1
