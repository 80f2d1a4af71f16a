"""The commands that change a cluster: deploy and teardown."""

from typing import Annotated

from stackctl.cli.options import (
    Agreement,
    Cluster,
    Loss,
    Output,
    Recipe,
    Shown,
    StackName,
    option,
)


def deploy(
    *,
    recipe: Recipe,
    agreement: Agreement,
    cluster: Cluster,
    output: Output,
    shown: Shown,
    wait: Annotated[
        bool, option("--wait/--no-wait", help="Wait until everything is ready (default) or not")
    ] = True,
) -> int:
    """Bring a cluster to the state a profile describes.

    Shows the cluster and every change first, then asks. Run again, it changes only what
    differs; after a failure or an interruption it goes on where it stopped.

    Examples:
        stackctl deploy --profile gpu8
        stackctl deploy --profile gpu8 --dry-run
        stackctl deploy -f stack.yaml --yes --timeout 20m
        stackctl deploy --profile gpu8 --set spark-operator.workers=20
    """
    from stackctl.actions import deploy as action
    from stackctl.cli.report import Report
    from stackctl.cli.requests import connected, deploy_options, request_of

    report = Report(shown, output.format)
    agree = report.agree(yes=agreement.yes, dry_run=agreement.dry_run)
    with report.progress() as notify, connected(cluster, notify) as connection:
        outcome = action.deploy(
            request_of(recipe),
            connection,
            agree=agree,
            notify=notify,
            options=deploy_options(agreement, wait=wait),
        )
    report.deployed(outcome)
    return 0 if outcome.agreed else 1


def teardown(
    *,
    which: StackName,
    agreement: Agreement,
    cluster: Cluster,
    output: Output,
    loss: Loss,
    shown: Shown,
) -> int:
    """Take a stack out of a cluster, and prove that nothing is left.

    Stops before anything is touched if resources of yours would go with it.

    Examples:
        stackctl teardown --dry-run
        stackctl teardown --yes
        stackctl teardown --stack gpu8 --keep-crds
    """
    from stackctl.actions import teardown as action
    from stackctl.cli.report import Report
    from stackctl.cli.requests import RESIDUE, connected, stack_of, teardown_options

    report = Report(shown, output.format)
    agree = report.agree(yes=agreement.yes, dry_run=agreement.dry_run)
    with report.progress() as notify, connected(cluster, notify) as connection:
        outcome = action.teardown(
            stack_of(which, connection),
            connection,
            agree=agree,
            notify=notify,
            options=teardown_options(agreement, loss),
        )
    report.torn_down(outcome)
    if outcome.residue:
        return RESIDUE
    return 0 if outcome.agreed else 1
