"""The command that changes a stack which is there: upgrade."""

from stackctl.cli.options import (
    Cluster,
    Course,
    Output,
    Recipe,
    Shown,
    Telling,
)


def upgrade(
    *,
    recipe: Recipe,
    course: Course,
    cluster: Cluster,
    output: Output,
    telling: Telling,
    shown: Shown,
) -> int:
    """Bring a stack to other versions, settings or another profile.

    Shows the versions, what has to be done by hand, what deserves attention and every change
    first, then asks. Without a profile and a stack file, the stack keeps its profile.

    Examples:
        stackctl upgrade --dry-run
        stackctl upgrade --stack ml --profile gpu8
        stackctl upgrade -f stack.yaml --dry-run --plan plan.json
        stackctl upgrade -f stack.yaml --plan plan.json
    """
    from stackctl.actions import upgrade as action
    from stackctl.cli.report import Report
    from stackctl.cli.requests import connected, deploy_options, request_of

    report = Report(shown, output.format)
    agree = report.agree(yes=course.yes, dry_run=course.dry_run)
    with (
        report.progress(telling.events, "upgrade") as notify,
        connected(cluster, notify) as connection,
    ):
        outcome = action.upgrade(
            request_of(recipe, None if course.dry_run else course.plan),
            connection,
            agree=agree,
            notify=notify,
            options=deploy_options(course),
        )
    report.deployed(outcome, "upgraded")
    return 0 if outcome.agreed else 1
