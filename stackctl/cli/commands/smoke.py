"""The command `smoke`: does what is deployed work?"""

from typing import TYPE_CHECKING, Annotated

import typer

from stackctl.cli.options.change import Agreement, LockWait
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.output import EventOptions, Output, OutputOptions
from stackctl.cli.options.stack import Catalogs, StackName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackctl.model.run.outcome import SmokeResult, TargetInfo


class SmokeOptions(LockWait, Agreement):
    """How smoke tests go about it; each is a field of `RunOptions`."""


def smoke(  # noqa: PLR0913 - a group of options each
    *,
    which: StackName,
    catalogs: Catalogs,
    cluster: Cluster,
    output: Output,
    options: SmokeOptions,
    events: EventOptions,
    shown: OutputOptions,
    components: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMPONENT]...",
            help="Try these; none named: all that have a smoke test",
            autocompletion=complete_component,
        ),
    ] = None,
) -> int:
    """Try whether what is deployed works, and clean up afterwards.

    Each component may bring objects that prove it: a job that computes on a GPU, a Spark
    application, a model that answers. They are made, waited for and removed again, one component
    after the other. What fails stays to be looked at, and is removed by the next try. Exits 1
    where one fails. On a sandbox containers are simulated, so that it proves the way and not the
    program.

    Examples:
        stackctl smoke --dry-run
        stackctl smoke --yes
        stackctl smoke nvidia-device-plugin spark-operator --yes
    """
    from stackctl.actions import smoke as action
    from stackctl.actions.compose import StackRequest
    from stackctl.cli.report.outcome import smoke_result, trial_lines
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import Words, on_each
    from stackctl.cli.running.question import require_somebody
    from stackctl.cli.running.requests import connected, run_options, stack_file_of

    report = Report(shown, output.format)
    if not (options.yes or options.dry_run):
        require_somebody(
            "this command makes objects for a while",
            hint="add --yes to go ahead, or --dry-run to see which",
        )

    def agree(planned: "Sequence[SmokeResult]", target: "TargetInfo") -> bool:
        if options.yes:
            return True
        report.present(trial_lines(planned, target, report.margin))
        return report.ask("Proceed? [y/N] ")

    request = StackRequest(
        stack_file=stack_file_of(which),
        stack=which.name,
        record=which.place,
        catalogs=catalogs.folders,
    )
    chosen = run_options(options)

    def run(target: Cluster) -> int:
        with (
            report.progress(events.events, "smoke", target.context, chosen.run) as notify,
            connected(target, notify, options.timeout) as connection,
        ):
            outcome = action.smoke(
                request, components or (), connection, agree=agree, notify=notify, options=chosen
            )
            well = outcome.agreed and all(each.passed for each in outcome.results)
            code = report.exits(0 if well else 1)
        report.show(smoke_result(outcome))
        return code

    return on_each(cluster, report, run, words=Words("all passed", "failed"))
