"""Take the objects of one component over from whoever applied them, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace

from stackctl.actions.compose import Composed, StackRequest
from stackctl.actions.execute_plan import Agree, execute_plan
from stackctl.actions.placing import compose_placed
from stackctl.actions.planning import look, require_cluster
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import running
from stackctl.cluster.record import releases
from stackctl.cluster.record.lock import await_free
from stackctl.errors import ConflictError, UsageError
from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.bundle import Bundle, BundleComponent, needs_first
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.run.events import Notify, Subject
from stackctl.model.run.outcome import DeployOutcome


def adopt(
    component: str,
    request: StackRequest,
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: RunOptions,
) -> DeployOutcome:
    """Make one component's existing objects part of a stack; its others stay as recorded.

    Raises:
        UsageError: the stack has no such component, or leaves it to somebody else.
        ConflictError: none of its objects is there.
    """
    with running(connection, notify) as run:
        composed = compose_placed(request, connection)
        require_cluster(composed.cluster_uid, run.info)
        notify(Subject(str(composed.stack)))
        part = _adopted(composed, component)
        await_free(run.client, composed.stack, options.wait_lock, run.stop, notify)
        intent = look(run, composed.stack, _with(part, composed, connection))
        before = intent.recorded.release if intent.recorded else None
        secret = releases.secret_sets(run.client, before) if before else {}
        intent = replace(
            intent,
            command=f"adopt {component}",
            sources=composed.sources,
            sets=_sets(component, composed.sets, before.sets if before else {}),
            secret_sets=_sets(component, composed.secret_sets, secret),
        )
        _require_something(intent.plan, component, connection)
        return execute_plan(run, intent, agree, options)


def _adopted(composed: Composed, component: str) -> BundleComponent:
    parts = {part.name: part for part in composed.bundle.components}
    part = parts.get(component)
    if part is None:
        raise UsageError(
            f"{component} is not part of profile {composed.bundle.profile} "
            f"(there: {', '.join(sorted(parts))})"
        )
    if part.mode is Mode.EXTERNAL:
        raise UsageError(
            f"{component} is left to somebody else in this stack",
            hint=f"take `mode: external` off spec.components.{component} first",
        )
    return replace(part, mode=Mode.ADOPTED)


def _with(part: BundleComponent, composed: Composed, connection: Connection) -> Bundle:
    """Put the component into what was last applied, or into nothing."""
    recorded = releases.current(connection.client, composed.stack)
    profile, requires = composed.bundle.profile, composed.bundle.requires
    parts: dict[str, BundleComponent] = {}
    if recorded is not None:
        before = releases.bundle_of(connection.client, recorded.release)
        profile, requires = before.profile, before.requires
        parts = {each.name: each for each in before.components}
    # Components it needs may be there by other means; those that are not ours cannot be waited for.
    parts[part.name] = replace(part, needs=part.needs & parts.keys())
    return Bundle(profile, needs_first(parts.values()), requires)


def _sets(component: str, now: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """Say what `--set` said of the component now, and of the others before."""
    own = f"{component}."
    return {key: value for key, value in before.items() if not key.startswith(own)} | {
        key: value for key, value in now.items() if key.startswith(own)
    }


def _require_something(plan: Plan, component: str, connection: Connection) -> None:
    changes = [change for change in plan.changes if change.component == component]
    if all(change.action is Action.CREATE for change in changes):
        raise ConflictError(
            f"{component}: none of its objects is on {connection.info.context}, "
            "so there is nothing to adopt",
            hint="stackctl deploy",
        )
