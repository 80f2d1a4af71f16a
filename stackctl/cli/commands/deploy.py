"""The command `deploy`: a cluster brought to the state of a profile."""

from functools import partial

from stackctl.cli.options.options import (
    ApplyOptions,
    Cluster,
    ComparedProfileStack,
    EventOptions,
    Output,
    OutputOptions,
)
from stackctl.cli.running.changing import change


def deploy(
    *,
    asked: ComparedProfileStack,
    options: ApplyOptions,
    cluster: Cluster,
    output: Output,
    events: EventOptions,
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
        stackctl deploy gpu8
        stackctl deploy gpu8 --dry-run
        stackctl deploy -f stack.yaml --yes --timeout 20m
        stackctl deploy gpu8 --set spark-operator.workers=20
        stackctl deploy gpu8 --set spark-operator.jobNamespaces=default,team-a
        stackctl deploy gpu8 --set kserve.features.vllm=true
        stackctl deploy --profile gpu8 --context east --context west
    """
    from stackctl.actions import deploy as action
    from stackctl.cli.running.requests import request_of

    request = request_of(asked, None if options.dry_run else options.plan)
    return change(
        "deploy",
        "deployed",
        partial(action.deploy, request),
        options=options,
        cluster=cluster,
        output=output,
        events=events,
        shown=shown,
    )
