"""Bring a cluster to the state a profile describes."""

from dataclasses import replace

from stackctl.actions.compose import StackRequest, explained, recipe_of, spoken
from stackctl.actions.execute_plan import Agree, execute_plan
from stackctl.actions.inherit import resumed, tell_dropped, tell_kept
from stackctl.actions.lock import require_locked
from stackctl.actions.one_component import beside_the_others
from stackctl.actions.placing import compose_placed
from stackctl.actions.planning import look, require_cluster
from stackctl.actions.referral import referring
from stackctl.actions.review import review
from stackctl.actions.stacks import choose_stack
from stackctl.cluster.change.intent import RunIntent
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import RunContext, running
from stackctl.cluster.record.lock import await_free
from stackctl.model.plan.upgrades import Review, UpgradeVerdict
from stackctl.model.run.events import Notice, Notify, Subject
from stackctl.model.run.outcome import DeployOutcome


def deploy(
    request: StackRequest,
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: RunOptions,
) -> DeployOutcome:
    """Compose, look, plan, ask, apply, wait, prune and record.

    Raises:
        StackError: its class says how far it came; from `ApplyError` on, it is recorded.
    """
    with running(connection, notify) as run:
        intent = plan_deploy(run, request, wait_lock=options.wait_lock, trying=options.trying)
        return execute_plan(run, intent, agree, options)


def plan_deploy(
    run: RunContext,
    request: StackRequest,
    *,
    wait_lock: float = 0.0,
    refuse: bool = True,
    trying: bool = True,
) -> RunIntent:
    """Compose the bundle and compare it with the cluster, once nobody else changes it.

    With `refuse`, fields that others hold are a conflict; without, the plan says so.
    """
    asked, connection, notify = request, run.connection, run.notify
    if request.keep and request.kept is None:  # to carry out the plan of an upgrade
        stack = choose_stack(request.stack, request.stack_file, connection, request.record)
        request = resumed(request, stack, connection)
    run.pool.submit(connection.discovery.all)  # it is asked for when the bundle is there
    composed = compose_placed(request, connection)
    notify(Subject(str(composed.stack)))
    require_cluster(composed.cluster_uid, run.info)
    await_free(run.client, composed.stack, wait_lock, run.stop, notify)
    if request.locked is not None:
        require_locked(request, request.locked, composed)
    composed = beside_the_others(request, composed, connection)
    tell_kept(request, composed, notify)
    with referring(request, composed):
        intent = look(
            run,
            composed.stack,
            composed.bundle,
            known=composed.known,
            refuse=refuse,
            trying=trying,
            only=frozenset(request.only),
        )
    intent = replace(
        intent,
        plan=explained(intent.plan, composed, intent.sets_then),
        command=spoken("deploy", request),
        sets=composed.sets,
        secret_sets=composed.secret_sets,
        sources=composed.sources,
        recipe=recipe_of(asked, composed),
    )
    tell_dropped(request, composed, intent.recorded, notify)
    if found := review(composed, intent, run.info):
        _tell(found, notify)
    return intent


def _tell(found: Review, notify: Notify) -> None:
    """Say what has to be done by hand; whether to go on is asked with the plan."""
    for passage in found.passages:
        for rule in passage.rules:
            if rule.verdict == UpgradeVerdict.MANUAL:
                steps = "".join(f"\n  - {step}" for step in rule.steps)
                notify(Notice(f"{passage.change}: {rule.reason}{steps}"))
