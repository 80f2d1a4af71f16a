"""Bring a stack that is there to other versions, another profile or other parameters."""

import time
from collections.abc import Callable
from dataclasses import replace

from stackctl.actions.compose import StackRequest, compose_stack, recipe_of, spoken
from stackctl.actions.execute_plan import Clock, DeployOptions, bring_about
from stackctl.actions.inherit import resumed, tell_kept
from stackctl.actions.planning import look, require_cluster
from stackctl.actions.review import review
from stackctl.actions.stacks import choose_stack
from stackctl.cluster.connection import Connection
from stackctl.cluster.record.lock import await_free
from stackctl.cluster.workers import workers
from stackctl.errors import ReleaseError
from stackctl.model.plan.plan import Plan
from stackctl.model.plan.upgrades import Review
from stackctl.model.run.events import Notify
from stackctl.model.run.outcome import DeployOutcome, TargetInfo

AgreeUpgrade = Callable[[Plan, TargetInfo, Review], bool]


def upgrade(
    request: StackRequest,
    connection: Connection,
    *,
    agree: AgreeUpgrade,
    notify: Notify,
    options: DeployOptions,
    now: Clock = time.monotonic,
) -> DeployOutcome:
    """Compose, look, plan, review, ask, apply, wait, prune and record.

    What is not named stays as it was recorded: the only stack, its profile, what `--set` said.

    Raises:
        ReleaseError: there is no such stack to upgrade.
        ConflictError: a component forbids the way from its version to the new one.
    """
    began = now()
    stack = choose_stack(request.stack, request.stack_file, connection, request.record)
    await_free(connection.client, stack, options.wait_lock, connection.stop, notify)
    asked, request = request, resumed(request, stack, connection)
    composed = compose_stack(request)
    require_cluster(composed.cluster_uid, connection.info)
    tell_kept(request, composed, notify)
    with workers(connection.stop) as pool:
        intent = look(connection, composed.stack, composed.bundle, notify, pool)
        intent = replace(
            intent,
            command=spoken("upgrade", request),
            sets=composed.sets,
            secret_sets=composed.secret_sets,
            recipe=recipe_of(asked, composed),
        )
        found = review(composed, intent, connection.info)
        if found is None:
            raise ReleaseError(
                f"stack {composed.stack}: not on {connection.info.context}, so there is nothing "
                "to upgrade",
                hint=f"stackctl deploy --profile {composed.bundle.profile}",
            )
        outcome = bring_about(
            intent,
            connection,
            pool,
            agree=lambda plan, target: agree(plan, target, found),
            notify=notify,
            options=options,
            now=now,
        )
    return replace(outcome, review=found, seconds=now() - began)
