"""The commands that change a cluster: deploy and teardown."""

import os
from typing import Annotated

from stackctl.cli.options import (
    Agreement,
    Catalogs,
    Cluster,
    Output,
    Shown,
    Source,
    StackName,
    option,
)


def deploy(  # noqa: PLR0913 - each parameter is a group of options
    source: Source,
    which: StackName,
    catalogs: Catalogs,
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
    from stackctl import actions
    from stackctl.cli.report import Report
    from stackctl.cli.requests import deploy_options, request_of

    report = Report(shown, output.format)
    agree = report.agree(yes=agreement.yes, dry_run=agreement.dry_run)
    with report.progress() as notify:
        connection = actions.connect(cluster.kubeconfig, cluster.context, os.environ, notify)
        outcome = actions.deploy(
            request_of(source, which, catalogs),
            connection,
            agree=agree,
            notify=notify,
            options=deploy_options(agreement, wait=wait),
        )
    report.deployed(outcome)
    return 0 if outcome.agreed else 1


def teardown(  # noqa: PLR0913 - each parameter is a group of options
    which: StackName,
    agreement: Agreement,
    cluster: Cluster,
    output: Output,
    shown: Shown,
    keep_crds: Annotated[
        bool, option("--keep-crds", help="Leave CRDs and everything made with them")
    ] = False,
    delete_data: Annotated[
        bool, option("--delete-data", help="Delete your own resources of its CRDs, and its volumes")
    ] = False,
) -> int:
    """Take a stack out of a cluster, and prove that nothing is left.

    Stops before anything is touched if resources of yours would go with it.

    Examples:
        stackctl teardown --dry-run
        stackctl teardown --yes
        stackctl teardown --stack gpu8 --keep-crds
    """
    from stackctl import actions
    from stackctl.cli.report import Report
    from stackctl.cli.requests import RESIDUE, stack_of, teardown_options

    report = Report(shown, output.format)
    agree = report.agree(yes=agreement.yes, dry_run=agreement.dry_run)
    with report.progress() as notify:
        connection = actions.connect(cluster.kubeconfig, cluster.context, os.environ, notify)
        outcome = actions.teardown(
            stack_of(which),
            connection,
            agree=agree,
            notify=notify,
            options=teardown_options(agreement, keep_crds=keep_crds, delete_data=delete_data),
        )
    report.torn_down(outcome)
    if outcome.residue:
        return RESIDUE
    return 0 if outcome.agreed else 1
