"""A deploy that has nothing to send looks, waits where something is on its way, and says why."""

import pytest

from stackctl.actions.status import status
from stackctl.errors import NotReadyError
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.run.events import ComponentState, ObjectDone
from tests.apiserver.faults import FaultProxy
from tests.apiserver.scenery import until
from tests.apiserver.stacks import Stack, behind

SHORT = 8.0  # seconds; for what never comes


@pytest.fixture
def part(stack: Stack) -> BundleComponent:
    """A component of which all is there and ready."""
    made = stack.part("web", stack.namespace(), stack.deployment("web"))
    stack.deploy(made)
    return made


def lose_the_pods(stack: Stack, *, quota: bool) -> None:
    """Delete the Pods of the stack; with a quota, none can be made in their place."""
    if quota:
        tight = stack.object("v1", "ResourceQuota", "tight") | {"spec": {"hard": {"pods": "0"}}}
        stack.client.create(f"/api/v1/namespaces/{stack.name}/resourcequotas", tight)
        # One that has not been counted yet may not have been seen by admission either.
        until(lambda: "used" in (stack.get("resourcequotas/tight").get("status") or {}))
    path = f"/api/v1/namespaces/{stack.name}/pods"
    for pod in stack.client.list(path).items:
        stack.client.delete(f"{path}/{pod['metadata']['name']}")
    until(lambda: not status(stack.id, stack.connection).current)


def test_a_full_quota_ends_it_with_the_cause(stack, part):
    """Exit 9, as of a deploy that had something to send: what, how much of it, and why."""
    lose_the_pods(stack, quota=True)
    with pytest.raises(NotReadyError) as unready:
        stack.deploy(part, timeout=SHORT)
    first, *_ = str(unready.value).splitlines()
    assert first.startswith("nothing to change, but not ready: web 1/2: ")
    assert "quota: tight" in str(unready.value)


def test_what_is_on_its_way_is_waited_for(stack, part):
    """It ends well once that is there, and nothing is sent or recorded for it."""
    lose_the_pods(stack, quota=False)
    stack.told.clear()
    outcome = stack.deploy(part)
    assert (outcome.release, outcome.components) == (None, {"web": ComponentState.UNCHANGED})
    assert not [each for each in stack.told if isinstance(each, ObjectDone)]
    assert status(stack.id, stack.connection).current


def test_without_waiting_nothing_is_looked_at(stack, part):
    """Whoever does not want to wait hears that there is nothing to change."""
    lose_the_pods(stack, quota=True)
    assert stack.deploy(part, wait=False).release is None
    assert stack.deploy(part, dry_run=True).release is None


def test_where_all_is_well_the_look_costs_no_more_than_the_status(
    stack: Stack, part: BundleComponent, proxy: FaultProxy
) -> None:
    """Requests are counted, for they are what a slow network makes dear."""
    with behind(proxy.access, stack) as there:
        there.deploy(part)  # what is served is known from now on
        counts = []
        for look in (
            lambda: there.deploy(part, dry_run=True),
            lambda: status(there.id, there.connection),
            lambda: there.deploy(part),
        ):
            before = len(proxy.asked)
            look()
            counts.append(len(proxy.asked) - before)
        plan, looked, settled = counts
        assert settled <= plan + looked
