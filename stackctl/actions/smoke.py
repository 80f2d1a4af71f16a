"""Prove that what is deployed works: run what components bring for that, and clean up after it.

A smoke test is a small stack of its own, recorded like any other, so that a run that is killed
loses nothing: the next one begins by removing it. One that fails stays, to be looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stackctl.actions.compose import Composed, StackRequest
from stackctl.actions.execute_plan import execute_plan
from stackctl.actions.inherit import resumed
from stackctl.actions.placing import compose_for
from stackctl.actions.planning import look, require_cluster
from stackctl.actions.stacks import choose_stack
from stackctl.actions.teardown import teardown
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import RunContext, running
from stackctl.cluster.record import releases
from stackctl.cluster.record.lock import await_free
from stackctl.cluster.record.missing_record import absent
from stackctl.errors import (
    MORE_TIME,
    ApplyError,
    ConfigError,
    ConflictError,
    NotReadyError,
    OutOfTime,
    PreflightError,
    Rejected,
    StackError,
)
from stackctl.model.compose.bundle import Bundle
from stackctl.model.compose.compose import scopes_of, smoke_bundle
from stackctl.model.objects.kinds import Scopes
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.resolve.selection import Chosen
from stackctl.model.run.events import Notice, Notify, Step, Subject
from stackctl.model.run.outcome import SmokeOutcome, SmokeResult, TargetInfo
from stackctl.model.shapes.suggest import did_you_mean
from stackctl.sources.components import YAML

AgreeSmoke = Callable[[Sequence[SmokeResult], TargetInfo], bool]
# What says that a test did not pass; anything else says that nothing can be said.
_FAILURES = (ApplyError, NotReadyError, PreflightError, ConflictError, Rejected, OutOfTime)


@dataclass(frozen=True, slots=True)
class _Trial:
    """The smoke test of one component."""

    stack: StackId
    component: str
    bundle: Bundle
    command: str  # that runs it

    def result(self, seconds: float = 0.0, failure: StackError | None = None) -> SmokeResult:
        """Say how it went."""
        return SmokeResult(self.component, self.stack, tuple(self.bundle.objects), seconds, failure)


def smoke(
    request: StackRequest,
    names: Sequence[str],
    connection: Connection,
    *,
    agree: AgreeSmoke,
    notify: Notify,
    options: RunOptions,
) -> SmokeOutcome:
    """Run the smoke tests of a stack, of some components or of all, one after the other.

    Raises:
        ReleaseError: there is no such stack.
        ConfigError: it has no such component, or that has no smoke test.
    """
    began = connection.client.now()
    stack = choose_stack(request.stack, request.stack_file, connection, request.record)
    notify(Subject(str(stack)))
    with running(connection, notify) as run:
        await_free(run.client, stack, options.wait_lock, run.stop, notify)
        composed = compose_for(resumed(request, stack, connection), connection)
        require_cluster(composed.cluster_uid, run.info)
        trials, without = _trials(composed, _deployed(run, stack), names)
    outcome = SmokeOutcome(connection.info, stack, (), without, dry_run=options.dry_run)
    planned = tuple(each.result() for each in trials)
    if options.dry_run:
        return replace(outcome, results=planned)
    with connection.client.pausing():
        agreed = not planned or agree(planned, connection.info)
    if not agreed:
        return replace(outcome, agreed=False)
    until = connection.client.now() + connection.client.end_look(options.timeout)
    results = tuple(_tried(each, connection, notify, options, until) for each in trials)
    return replace(outcome, results=results, seconds=connection.client.now() - began)


def _deployed(run: RunContext, stack: StackId) -> frozenset[str]:
    """Name the components that are there."""
    recorded = releases.current(run.client, stack)
    if recorded is None:
        raise absent(run.connection, stack)
    return frozenset(entry.component for entry in recorded.release.inventory)


def _trials(
    composed: Composed, deployed: frozenset[str], names: Sequence[str]
) -> tuple[list[_Trial], tuple[str, ...]]:
    """Compose the tests that are meant, needs first; and name the components that have none.

    What somebody else runs by now has no manifests here.
    """
    there = deployed & composed.manifests.keys()
    chosen = [each for each in composed.selection.components if each.component.name in there]
    known = [each.component.name for each in chosen]
    if unknown := [name for name in names if name not in known]:
        hint = did_you_mean(unknown[0], known)
        raise ConfigError(f"stack {composed.stack} has no component {unknown[0]}{hint}")
    meant = [each for each in chosen if not names or each.component.name in names]
    scopes = {**composed.scopes, **scopes_of(composed.manifests.values())}
    trials = [_trial(composed, each, scopes) for each in meant]
    without = tuple(each.component for each in trials if not each.bundle.manifests)
    if names and without:
        raise ConfigError(f"component {without[0]} has no smoke test: its folder has no smoke/")
    return [each for each in trials if each.bundle.manifests], without


def _trial(composed: Composed, chosen: Chosen, scopes: Scopes) -> _Trial:
    name = chosen.component.name
    stack = StackId.for_smoke(name, composed.stack.namespace)
    bundle = smoke_bundle(
        chosen,
        composed.manifests[name],
        stack,
        composed.selection.settings,
        yaml=YAML,
        scopes=scopes,
    )
    return _Trial(stack, name, bundle, f"smoke {name} --stack {composed.stack}")


def _tried(
    trial: _Trial, connection: Connection, notify: Notify, options: RunOptions, until: float
) -> SmokeResult:
    """Run one test, within what is left of the time; one that passes leaves nothing."""
    began = connection.client.now()
    options = replace(options, timeout=max(0.0, until - began), run=f"{options.run}-{trial.stack}")
    failure: StackError | None = None
    try:
        if not options.timeout:
            raise OutOfTime("not tried: time is up", hint=MORE_TIME)
        _carried_out(trial, connection, notify, options)
    except _FAILURES as error:
        failure = error
    seconds = connection.client.now() - began
    notify(Notice(f"smoke test of {trial.component}: {'failed' if failure else 'passed'}"))
    return trial.result(seconds, failure)


def _carried_out(
    trial: _Trial, connection: Connection, notify: Notify, options: RunOptions
) -> None:
    """Remove what an earlier run of the test left, run it, and remove that."""
    if releases.current(connection.client, trial.stack) is not None:
        notify(Step(f"removing what an earlier smoke test of {trial.component} left"))
        _remove(trial, connection, notify, options)
    notify(Step(f"smoke test of {trial.component}"))
    with running(connection, notify) as run:
        seen = look(run, trial.stack, trial.bundle, trying=True)
        intent = replace(seen, command=trial.command)
        execute_plan(run, intent, lambda *_: True, options)
    _remove(trial, connection, notify, options)


def _remove(trial: _Trial, connection: Connection, notify: Notify, options: RunOptions) -> None:
    """Take a test out again.

    Raises:
        ApplyError: something of it stays.
    """
    gone = teardown(trial.stack, connection, agree=lambda *_: True, notify=notify, options=options)
    if gone.residue:
        left = ", ".join(str(each.ref) for each in gone.residue)
        raise ApplyError(f"it has ended, and this of it stays: {left}")
