"""The command `teardown`: a stack off its cluster."""

from stackctl.cli.options.change import TeardownOptions
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.output import EventOptions, Output, OutputOptions
from stackctl.cli.options.stack import SomeComponents, StackName
from stackctl.errors import UsageError


def teardown(
    *,
    which: StackName,
    some: SomeComponents,
    cluster: Cluster,
    output: Output,
    options: TeardownOptions,
    events: EventOptions,
    shown: OutputOptions,
) -> int:
    """Take a stack off a cluster, and prove that nothing is left.

    Stops before anything is touched if resources of yours would go with it. With several
    contexts every plan is shown, then it asks once.

    With --only, these components go and the rest of the stack stays, with a new revision. Where
    others need them it is refused, and they are named.

    Examples:
        stackctl teardown --dry-run
        stackctl teardown --only kserve --dry-run
        stackctl teardown --yes
        stackctl teardown --stack gpu8 --keep-crds
    """
    from stackctl.actions import teardown as action
    from stackctl.actions.one_component import teardown_only
    from stackctl.cli.report.outcome import deploy_result, teardown_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import on_each
    from stackctl.cli.running.question import Question
    from stackctl.cli.running.requests import RESIDUE, connected, run_options, stack_of

    report = Report(shown, output.format)
    agree = Question(report, yes=options.yes, dry_run=options.dry_run)
    chosen = run_options(options)

    if some.names and options.delete_data:
        raise UsageError(
            "--only takes no data along, so --delete-data does not go with it",
            hint="delete what users made first, or --keep-crds",
        )

    def run(target: Cluster) -> int:
        with (
            report.progress(events.events, "teardown", target.context, chosen.run) as notify,
            connected(target, notify, options.timeout) as connection,
        ):
            if some.names:
                stack = stack_of(which, connection)
                taken = teardown_only(
                    stack, some.names, connection, agree=agree, notify=notify, options=chosen
                )
                report.show(deploy_result(taken, "removed"))
                return report.exits(0 if taken.agreed else 1)
            outcome = action.teardown(
                stack_of(which, connection),
                connection,
                agree=agree,
                notify=notify,
                options=chosen,
            )
            code = report.exits(RESIDUE if outcome.residue else 0 if outcome.agreed else 1)
        report.show(teardown_result(outcome))
        return code

    return on_each(cluster, report, run, question=agree)
