"""What objects say of themselves: odd statuses, silent controllers, Jobs that end and go."""

from typing import Any

import pytest

from stackctl.actions.status import status
from stackctl.cluster.record import releases
from stackctl.errors import NotReadyError
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.plan import Action
from stackctl.model.readiness.status import Status
from stackctl.model.shapes.ready_rules import ReadyRule
from tests.apiserver.scenery import until
from tests.apiserver.stacks import Stack

SHORT = 3.0  # seconds; for what never comes


def silent(stack: Stack, **fields: Any) -> BundleComponent:
    """A component with an object on which a controller could report, and none does."""
    crd = stack.definition("things", "Thing")
    (version,) = crd["spec"]["versions"]
    version["subresources"] = {"status": {}}
    return stack.part("odd", stack.namespace(), crd, stack.custom("Thing", "t"), **fields)


def say(stack: Stack, told: Any) -> Status:
    """Report as a controller, and look how the stack stands."""
    path = f"/apis/{stack.name}.example.com/v1/namespaces/{stack.name}/things/t/status"
    for each in (None, told):
        stack.client.patch(path, {"status": each})
    (part,) = status(stack.id, stack.connection).components
    return part.status


def test_a_status_of_any_shape_is_a_report(stack):
    """Odd ones are read as far as they go, a word is a word; nothing hangs or breaks."""
    part = silent(stack)
    with pytest.raises(NotReadyError, match="has not reported on it yet"):
        stack.deploy(part, timeout=SHORT)
    current: list[Any] = [
        {"observedGeneration": "1"},
        {"conditions": {"Ready": {"status": "True"}}},
        {"conditions": [None]},
        "Running",
        [1],
        {"state": "ready"},
    ]
    assert [say(stack, each) for each in current] == [Status.CURRENT] * len(current)
    assert say(stack, {"state": "FAILED"}) is Status.FAILED
    assert say(stack, {"phase": "Pending"}) is Status.IN_PROGRESS


@pytest.mark.parametrize("name", ["", "/t"], ids=["its kind", "the object"])
def test_what_reports_nothing_is_declared_so(stack, name):
    """It is ready when it is there, in the deploy and in every status after it."""
    rules = {f"Thing.{stack.name}.example.com{name}": ReadyRule(exists=True)}
    stack.deploy(silent(stack, rules=rules), timeout=SHORT)
    assert status(stack.id, stack.connection).current
    release = releases.current(stack.client, stack.id).release
    assert release.rules == rules


def job(stack: Stack, **spec: Any) -> Manifest:
    """A Job that is over in a moment, and gone in the next."""
    containers = [{"name": "main", "image": "example.com/fine:1"}]
    template = {"spec": {"restartPolicy": "Never", "containers": containers}}
    body = {"ttlSecondsAfterFinished": 0, "template": template} | spec
    return stack.object("batch/v1", "Job", "prepare") | {"spec": body}


def gone(stack: Stack) -> bool:
    path = f"/apis/batch/v1/namespaces/{stack.name}/jobs"
    return stack.client.get(f"{path}/prepare") is None


def test_a_job_that_completed_and_went_is_done(stack):
    """It is current and no change, until it is another one; then it runs, and is done again."""
    part = stack.part("run", stack.namespace(), job(stack))
    stack.deploy(part)
    until(lambda: gone(stack))
    assert status(stack.id, stack.connection).current
    again = stack.deploy(part)
    assert (again.release, again.plan.empty) == (None, True)
    other = stack.part("run", stack.namespace(), job(stack, backoffLimit=2), stack.config("new"))
    changed = stack.deploy(other)
    assert changed.plan.counts == {Action.CREATE: 2, Action.UNCHANGED: 1}
    until(lambda: gone(stack))
    config = stack.part("run", stack.namespace(), job(stack, backoffLimit=2))
    assert stack.deploy(config).plan.counts == {Action.UNCHANGED: 2, Action.PRUNE: 1}
    assert status(stack.id, stack.connection).current
    stack.rollback(1)
    until(lambda: gone(stack))
    assert status(stack.id, stack.connection).current
    assert not stack.teardown().residue


def test_a_job_that_nobody_saw_complete_is_missing(stack):
    """Nobody waited, so nobody can tell; a deploy that waits runs it once more and remembers."""
    part = stack.part("run", stack.namespace(), job(stack))
    stack.deploy(part, wait=False)
    until(lambda: gone(stack))
    assert not status(stack.id, stack.connection).current
    assert stack.deploy(part).plan.counts[Action.CREATE] == 1
    until(lambda: gone(stack))
    assert status(stack.id, stack.connection).current


def test_what_completes_after_the_deploy_is_recorded_by_the_next(stack):
    """A deploy that changes nothing takes note of it before it goes."""
    part = stack.part("run", stack.namespace(), job(stack, ttlSecondsAfterFinished=5))
    stack.deploy(part, wait=False)
    assert stack.deploy(part).release is not None
    until(lambda: gone(stack))
    assert status(stack.id, stack.connection).current
    assert stack.deploy(part).release is None
