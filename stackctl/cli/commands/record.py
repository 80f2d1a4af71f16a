"""The commands `record check` and `record repair`: the record of a stack."""

from typing import TYPE_CHECKING, Annotated

import typer

from stackctl.cli.options.change import LockWait
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grammar import Command, Group
from stackctl.cli.options.grouping import option, spread
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import StackName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackctl.errors import StackError


def check(*, which: StackName, cluster: Cluster, output: Output, shown: OutputOptions) -> int:
    """Read everything of a record, and say what is damaged.

    Exits 1 if something is: each part is named, with what is lost and the way out.

    Examples:
        stackctl record check
        stackctl record check --stack gpu8 -o json
    """
    from stackctl.actions import record as action
    from stackctl.cli.report.record import record_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import connected, stack_of

    report = Report(shown, output.format)
    with report.progress() as notify, connected(cluster, notify) as connection:
        found = action.check(stack_of(which, connection), connection)
    report.show(record_result(found))
    return 1 if found.faults else 0


def repair(
    *,
    which: StackName,
    lock: LockWait,
    cluster: Cluster,
    output: Output,
    shown: OutputOptions,
    yes: Annotated[bool, option("--yes", "-y", help="Do not ask before changing anything")] = False,
) -> int:
    """Put a damaged record in order.

    A newest revision that cannot be read is made anew, of the one before it and of what the
    objects on the cluster say themselves. What components consist of is stored again by the next
    deploy or upgrade that comes to the same objects; an earlier revision of which that is lost
    cannot be rolled back to any more, which is noted. Nothing but the record is changed.

    Exits 1 if something is left that it cannot mend; it is named, with the command that can.

    Examples:
        stackctl record repair
        stackctl record repair --stack gpu8 --yes
    """
    from stackctl.actions import record as action
    from stackctl.cli.report.record import record_result, repair_lines
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.question import require_somebody
    from stackctl.cli.running.requests import connected, holder, stack_of
    from stackctl.cluster.record.lock import Claim

    report = Report(shown, output.format)
    if not yes:
        require_somebody(
            "this command changes a record",
            hint="add --yes to go ahead, or see what is damaged: stackctl record check",
        )

    def agree(faults: "Sequence[StackError]", steps: "Sequence[str]") -> bool:
        if not (yes and shown.quiet):
            report.present(repair_lines(faults, steps, report.aside))
        return yes or report.ask("Change the record? [y/N] ")

    with report.progress() as notify, connected(cluster, notify) as connection:
        claim = Claim(holder(), lock.wait_lock)
        stack = stack_of(which, connection)
        found = action.repair(stack, connection, agree=agree, claim=claim, notify=notify)
    report.show(record_result(found))
    return 1 if found.left or not found.agreed else 0


app = typer.Typer(
    cls=Group, rich_markup_mode=None, help="Check the record of a stack, and put it in order."
)
for _command in (check, repair):
    app.command(cls=Command)(spread(_command))
