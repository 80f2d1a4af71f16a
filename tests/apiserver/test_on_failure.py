"""What becomes of the rest when one component fails."""

import pytest

from stackctl.cluster.record import recording, releases
from stackctl.errors import ApplyError, NotReadyError
from stackctl.model.release.release import ReleaseStatus, written_off
from stackctl.model.run.events import ComponentProgress, ComponentState, Notice
from stackctl.model.run.failure_policy import OnFailure
from tests.apiserver.stacks import Stack


def failing(stack: Stack):
    """A component that the API server refuses, and two that come after another one."""
    base = stack.part("base", stack.namespace())
    wrong = stack.deployment("wrong", replicas="many")
    bad = stack.part("bad", wrong, needs=frozenset({"base"}))
    later = stack.part("later", stack.config("later"), needs=frozenset({"slow"}))
    slow = stack.part("slow", stack.deployment("slow"), needs=frozenset({"base"}))
    return base, bad, slow, later


def states(stack: Stack) -> dict[str, ComponentState]:
    """The last state of each component."""
    return {
        each.component: each.state for each in stack.told if isinstance(each, ComponentProgress)
    }


def test_by_default_what_does_not_depend_on_it_goes_on(stack):
    """One failure costs no more than what it must."""
    with pytest.raises(ApplyError, match="bad"):
        stack.deploy(*failing(stack))
    assert stack.get("configmaps/later") is not None
    assert states(stack)["later"] is ComponentState.READY
    assert stack.teardown().residue == ()


def test_nothing_further_starts_when_the_user_wants_it_so(stack):
    """What had begun ends; what had not is named as not attempted."""
    with pytest.raises(ApplyError, match=r"(?s)bad.*not attempted: later"):
        stack.deploy(*failing(stack), on_failure=OnFailure.STOP)
    assert stack.get("configmaps/later") is None
    assert states(stack)["slow"] is ComponentState.READY
    assert states(stack)["later"] is ComponentState.SKIPPED
    assert stack.teardown().residue == ()


def test_a_failed_change_goes_back_to_what_was_deployed(stack):
    """The last good bundle is applied again, what the failed one made is gone, all recorded."""
    good = stack.part("a", stack.namespace(), stack.config("x", key="good"))
    stack.deploy(good)
    bad = stack.part(
        "a",
        stack.namespace(),
        stack.config("x", key="bad"),
        stack.config("new"),
        stack.deployment("d", image="x/does-not-exist:1"),
    )
    with pytest.raises(NotReadyError, match=r"(?s)ImagePullBackOff.*rolled back to revision 1"):
        stack.deploy(bad, on_failure=OnFailure.ROLLBACK)
    assert stack.get("configmaps/x")["data"] == {"key": "good"}
    assert stack.get("configmaps/new") is None
    known = releases.history(stack.client, stack.id)
    assert [each.status for each in known] == [
        ReleaseStatus.SUPERSEDED,
        ReleaseStatus.FAILED,
        ReleaseStatus.DEPLOYED,
    ]
    assert known[-1].command == "rollback 1"
    assert stack.deploy(good).release is None
    assert stack.teardown().residue == ()


@pytest.mark.parametrize("lost", [(2,), (1, 2)])
def test_what_is_lost_is_not_gone_back_to(stack, lost):
    """The one before is; where none is left nothing is removed, and that is said."""
    for key in ("one", "two"):
        stack.deploy(stack.part("a", stack.namespace(), stack.config("x", key=key)))
    for number in lost:
        recorded = releases.read_as_is(stack.client, stack.id, number)
        recording.update(stack.client, recorded, written_off(recorded.release, {"a"}))
    bad = stack.part("a", stack.namespace(), stack.deployment("d", replicas="x"))
    said = "rolled back to revision 1" if lost == (2,) else "not be undone: .*revision 2 cannot be"
    with pytest.raises(ApplyError, match=rf"(?s)replicas.*{said}"):
        stack.deploy(bad, on_failure=OnFailure.ROLLBACK)
    assert any("revision 2 cannot be" in e.text for e in stack.told if isinstance(e, Notice))
    assert stack.get("configmaps/x")["data"] == {"key": "one" if lost == (2,) else "two"}
    assert stack.teardown().residue == ()


def test_a_failed_first_deploy_is_removed(stack):
    """Where there is nothing to go back to, what was made goes, and the record with it."""
    bad = stack.part("a", stack.namespace(), stack.config("x"), stack.deployment("d", replicas="x"))
    with pytest.raises(ApplyError, match=r"(?s)replicas.*everything made was removed"):
        stack.deploy(bad, on_failure=OnFailure.ROLLBACK)
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None
    assert releases.current(stack.client, stack.id) is None
