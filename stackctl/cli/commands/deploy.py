"""The commands that change a cluster: deploy and teardown."""

from functools import partial

from stackctl.cli.options.options import (
    ApplyOptions,
    Cluster,
    Comparison,
    EventOptions,
    Output,
    OutputOptions,
    StackName,
    TeardownOptions,
)
from stackctl.cli.running.changing import change


def deploy(
    *,
    recipe: Comparison,
    course: ApplyOptions,
    cluster: Cluster,
    output: Output,
    telling: EventOptions,
    shown: OutputOptions,
) -> int:
    """Bring a cluster to the state a profile describes.

    Shows the cluster and every change first, then asks. Run again, it changes only what
    differs; after a failure or an interruption it goes on where it stopped. What --set said in
    earlier runs counts only for upgrade; a deploy says which of it does not hold on.

    With several contexts every plan is shown, then it asks once, and brings one cluster after
    the other to its state, in the order they are named. A cluster that fails keeps none of the
    others from its turn; each has its own record, and the gravest exit code is the command's.

    Examples:
        stackctl deploy --profile gpu8
        stackctl deploy --profile gpu8 --dry-run
        stackctl deploy -f stack.yaml --yes --timeout 20m
        stackctl deploy --profile gpu8 --set spark-operator.workers=20
        stackctl deploy --profile gpu8 --context east --context west
    """
    from stackctl.actions import deploy as action
    from stackctl.cli.running.requests import request_of

    request = request_of(recipe, None if course.dry_run else course.plan)
    return change(
        "deploy",
        "deployed",
        partial(action.deploy, request),
        course=course,
        cluster=cluster,
        output=output,
        telling=telling,
        shown=shown,
    )


def teardown(
    *,
    which: StackName,
    cluster: Cluster,
    output: Output,
    loss: TeardownOptions,
    telling: EventOptions,
    shown: OutputOptions,
) -> int:
    """Take a stack out of a cluster, and prove that nothing is left.

    Stops before anything is touched if resources of yours would go with it. With several
    contexts every plan is shown, then it asks once.

    Examples:
        stackctl teardown --dry-run
        stackctl teardown --yes
        stackctl teardown --stack gpu8 --keep-crds
    """
    from stackctl.actions import teardown as action
    from stackctl.cli.report.question import Question
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import on_each
    from stackctl.cli.running.requests import RESIDUE, connected, run_options, stack_of

    report = Report(shown, output.format)
    agree = Question(report, yes=loss.yes, dry_run=loss.dry_run)

    def run(target: Cluster) -> int:
        with (
            report.progress(telling.events, "teardown", target.context) as notify,
            connected(target, notify, loss.timeout) as connection,
        ):
            outcome = action.teardown(
                stack_of(which, connection),
                connection,
                agree=agree,
                notify=notify,
                options=run_options(loss),
            )
        report.torn_down(outcome)
        if outcome.residue:
            return RESIDUE
        return 0 if outcome.agreed else 1

    return on_each(cluster, report, run, question=agree)
