"""The command `deploy`: a cluster brought to the state of a profile."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from stackctl.cli.options.change import ApplyOptions
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import EventOptions, Output, OutputOptions
from stackctl.cli.options.stack import ComparedProfileStack, SomeComponents
from stackctl.cli.running.changing import change


def deploy(  # noqa: PLR0913 - a group of options each
    *,
    asked: ComparedProfileStack,
    some: SomeComponents,
    options: ApplyOptions,
    cluster: Cluster,
    output: Output,
    events: EventOptions,
    shown: OutputOptions,
    locked: Annotated[
        bool,
        option("--locked", help="Refuse what is not exactly what `stackctl lock` wrote down"),
    ] = False,
) -> int:
    """Bring a cluster to the state a profile describes.

    Shows the cluster and every change first, then asks. Run again, it changes only what
    differs; after a failure or an interruption it goes on where it stopped. What --set said in
    earlier runs counts only for upgrade; a deploy says which of it does not hold on.

    With several contexts every plan is shown, then it asks once, and brings one cluster after
    the other to its state, in the order they are named. A cluster that fails keeps none of the
    others from its turn; each has its own record, and the gravest exit code is the command's.

    With --only, it changes these components alone: the others stay as the last revision has them,
    in the cluster and in the record, whatever the profile says of them now.

    Examples:
        stackctl deploy gpu8
        stackctl deploy gpu8 --dry-run
        stackctl deploy -f stack.yaml --yes --timeout 20m
        stackctl deploy gpu8 --set spark-operator.workers=20
        stackctl deploy gpu8 --set spark-operator.jobNamespaces=default,team-a
        stackctl deploy gpu8 --set kserve.features.vllm=true
        stackctl deploy gpu8 --only kserve
        stackctl deploy -f stack.yaml --locked --yes
        stackctl deploy --profile gpu8 --context east --context west
    """
    from stackctl.actions import deploy as action
    from stackctl.actions.lock import lock_path
    from stackctl.cli.running.requests import request_of

    request = request_of(asked, None if options.dry_run else options.plan)
    lock = lock_path(request.stack_file) if locked else None
    request = replace(request, only=some.without_plan(options.plan), locked=lock)
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
