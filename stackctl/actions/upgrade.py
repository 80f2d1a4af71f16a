"""Bring a stack that is there to other versions, another profile or other parameters."""

from collections.abc import Callable
from dataclasses import replace

from stackctl.actions.compose import StackRequest, explained, recipe_of, spoken
from stackctl.actions.execute_plan import execute_plan
from stackctl.actions.inherit import resumed, tell_kept
from stackctl.actions.one_component import beside_the_others
from stackctl.actions.placing import compose_for
from stackctl.actions.planning import look, require_cluster
from stackctl.actions.referral import referring
from stackctl.actions.review import review
from stackctl.actions.stacks import choose_stack
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import running
from stackctl.cluster.record.lock import await_free
from stackctl.errors import ReleaseError
from stackctl.model.plan.plan import Plan
from stackctl.model.plan.upgrades import Review
from stackctl.model.run.events import Notify, Subject
from stackctl.model.run.outcome import DeployOutcome, TargetInfo

AgreeUpgrade = Callable[[Plan, TargetInfo, Review], bool]


def upgrade(
    request: StackRequest,
    connection: Connection,
    *,
    agree: AgreeUpgrade,
    notify: Notify,
    options: RunOptions,
) -> DeployOutcome:
    """Compose, look, plan, review, ask, apply, wait, prune and record.

    What is not named stays as it was recorded: the only stack, its profile, what `--set` said.

    Raises:
        ReleaseError: there is no such stack to upgrade.
        ConflictError: a component forbids the way from its version to the new one.
    """
    with running(connection, notify) as run:
        stack = choose_stack(request.stack, request.stack_file, connection, request.record)
        notify(Subject(str(stack)))
        await_free(run.client, stack, options.wait_lock, run.stop, notify)
        asked, request = request, resumed(request, stack, connection)
        composed = compose_for(request, connection)
        require_cluster(composed.cluster_uid, run.info)
        composed = beside_the_others(request, composed, connection)
        tell_kept(request, composed, notify)
        with referring(request, composed):
            only = frozenset(request.only)
            intent = look(run, composed.stack, composed.bundle, trying=options.trying, only=only)
        intent = replace(
            intent,
            plan=explained(intent.plan, composed, intent.sets_then),
            command=spoken("upgrade", request),
            sets=composed.sets,
            secret_sets=composed.secret_sets,
            sources=composed.sources,
            recipe=recipe_of(asked, composed),
        )
        found = review(composed, intent, run.info)
        if found is None:
            raise ReleaseError(
                f"stack {composed.stack}: not on {run.info.context}, so there is nothing "
                "to upgrade",
                hint=f"stackctl deploy --profile {composed.bundle.profile}",
            )
        outcome = execute_plan(
            run, intent, lambda plan, target: agree(plan, target, found), options
        )
    return replace(outcome, review=found)
