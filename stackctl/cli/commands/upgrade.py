"""The command `upgrade`: a stack brought to other versions or settings."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from stackctl.cli.options.change import ApplyOptions
from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import EventOptions, Output, OutputOptions
from stackctl.cli.options.stack import ComparedProfileStack, SomeComponents
from stackctl.cli.running.changing import change


def upgrade(  # noqa: PLR0913 - a group of options each
    *,
    asked: ComparedProfileStack,
    some: SomeComponents,
    options: ApplyOptions,
    cluster: Cluster,
    output: Output,
    events: EventOptions,
    shown: OutputOptions,
    reset: Annotated[
        bool, option("--reset", help="Start from the profile alone, without --set of earlier runs")
    ] = False,
) -> int:
    """Bring a stack to other versions, settings or another profile.

    Shows the versions, what has to be done by hand, what deserves attention and every change
    first, then asks. Without a profile and a stack file, the stack keeps its profile. What --set
    said in earlier runs holds on where it is not said anew.

    Examples:
        stackctl upgrade --dry-run
        stackctl upgrade --stack ml --profile gpu8
        stackctl upgrade --set spark-operator.workers=20
        stackctl upgrade --only kserve --dry-run
        stackctl upgrade -f stack.yaml --dry-run --plan plan.json
        stackctl upgrade -f stack.yaml --plan plan.json
    """
    from stackctl.actions import upgrade as action
    from stackctl.cli.running.requests import request_of

    request = request_of(asked, None if options.dry_run else options.plan, reset=reset)
    request = replace(request, only=some.without_plan(options.plan))
    return change(
        "upgrade",
        "upgraded",
        partial(action.upgrade, request),
        options=options,
        cluster=cluster,
        output=output,
        events=events,
        shown=shown,
    )
