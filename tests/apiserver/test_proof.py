"""Unchanged means proven, and what was agreed to is what is done, whoever else writes meanwhile."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stackctl.actions.status import status
from stackctl.cluster.record import record_store, releases
from stackctl.errors import ApplyError, ConflictError, LockedError, ReleaseError
from stackctl.model.ownership.proof import APPLIED, mark_of
from stackctl.model.plan.plan import Action
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run.events import Event, Step
from tests.apiserver.child import first
from tests.apiserver.children import LONG, child
from tests.apiserver.faults import FaultProxy, Hold, LoseAnswer
from tests.apiserver.stacks import Stack, behind, write_as
from tests.apiserver.states import bury

SOON = 20.0  # seconds; far more than anything here takes


def app(stack: Stack, value: str, **extra: str):
    return stack.part("app", stack.namespace(), stack.config("x", key=value, **extra))


def value_of(stack: Stack):
    return stack.get("configmaps/x")["data"]["key"]


def record_of(stack: Stack):
    return releases.current(stack.client, stack.id).release


def killed_at(hold: Hold, proxy: FaultProxy, folder: Path, name: str, bundle: str) -> None:
    """Deploy in a process of its own, and kill it while a request of it is held back."""
    with child(proxy, folder, name, "deploy", bundle) as process:
        assert hold.arrived.wait(LONG)
        process.kill()
        process.wait()


def during(stack: Stack, act):
    """Do something after the plan was made and agreed to, and before the first change."""
    done: list[object] = []

    def notify(event: Event) -> None:
        stack.tell(event)
        if event == Step("taking the lock") and not done:
            done.append(act())

    return notify


def test_every_apply_says_on_the_object_what_it_was(stack):
    """The digest changes with the values, in one write; a diff does not show it."""
    stack.deploy(app(stack, "one"))
    before = mark_of(stack.get("configmaps/x"))
    outcome = stack.deploy(app(stack, "two"))
    after = mark_of(stack.get("configmaps/x"))
    assert before.digest
    assert after.digest not in ("", before.digest)
    (change,) = [each for each in outcome.plan.changes if each.action is Action.UPDATE]
    assert [each.path for each in change.differences] == ["data.key"]
    assert stack.deploy(app(stack, "two")).release is None
    assert stack.teardown().residue == ()


def test_each_stack_is_a_manager_of_its_own(stack):
    """Two stacks never count as one owner to the server."""
    stack.deploy(app(stack, "one"))
    managers = {each["manager"] for each in stack.get("configmaps/x")["metadata"]["managedFields"]}
    assert managers == {f"stackctl/{stack.name}"}
    assert stack.teardown().residue == ()


def test_what_a_killed_run_changed_is_changed_back(stack, proxy, tmp_path):
    """The old wish again: the objects it had got to are found and set right, one by one."""
    stack.deploy(*first(stack))
    hold = Hold()
    proxy.on("PATCH", r"/deployments/d\?(?!.*dryRun)", hold)
    killed_at(hold, proxy, tmp_path, stack.name, "second")
    hold.release.set()
    assert stack.get("configmaps/settings")["data"] == {"mode": "second"}
    bury(stack)
    stack.deploy(*first(stack))
    assert stack.get("configmaps/settings")["data"] == {"mode": "first"}
    assert status(stack.id, stack.connection).current
    assert stack.deploy(*first(stack)).release is None
    assert stack.teardown().residue == ()


def test_a_rollback_after_a_killed_run_brings_the_values_back(stack, proxy, tmp_path):
    """What the record knew of the revision before is no proof of how things are."""
    stack.deploy(*first(stack))
    hold = Hold()
    proxy.on("PATCH", r"/deployments/d\?(?!.*dryRun)", hold)
    killed_at(hold, proxy, tmp_path, stack.name, "second")
    hold.release.set()
    bury(stack)
    stack.rollback(1)
    assert stack.get("configmaps/settings")["data"] == {"mode": "first"}
    assert stack.teardown().residue == ()


def test_a_record_deleted_by_hand_is_no_proof(stack):
    """The revision before knows the object with the same set of fields, and other values."""
    stack.deploy(app(stack, "one"))
    stack.deploy(app(stack, "two"))
    stack.client.delete(f"{record_store.indexes_of(stack.id)}/stackctl.{stack.name}.v2")
    outcome = stack.deploy(app(stack, "one"))
    assert outcome.plan.counts[Action.UPDATE] == 1
    assert value_of(stack) == "one"
    assert stack.teardown().residue == ()


def test_a_status_tells_what_another_run_of_ours_wrote(stack):
    """The record says one, the object another: that is drift, by our own manager."""
    stack.deploy(app(stack, "one"))
    stack.deploy(app(stack, "two"))
    stack.client.delete(f"{record_store.indexes_of(stack.id)}/stackctl.{stack.name}.v2")
    seen = status(stack.id, stack.connection)
    assert not seen.current
    (drift,) = [drift for each in seen.components[0].objects for drift in each.drift]
    assert drift.manager == stack.id.manager
    assert stack.teardown().residue == ()


def test_a_dead_runs_late_requests_are_refused(stack, proxy, tmp_path):
    """Held back on the wire, they arrive after another run has ended, and change nothing."""
    stack.deploy(app(stack, "one"))
    late = Hold()
    proxy.on("PATCH", r"/configmaps/settings\?(?!.*dryRun)", late)
    wished = (stack.config("settings", mode="first"), stack.deployment("d"))
    stack.deploy(
        stack.part("base", stack.namespace(), stack.config("old")),
        stack.part("app", *wished, needs=frozenset({"base"})),
    )
    killed_at(late, proxy, tmp_path, stack.name, "second")
    bury(stack)
    stack.deploy(
        stack.part("base", stack.namespace(), stack.config("old")),
        stack.part("app", *wished, needs=frozenset({"base"})),
    )
    before = stack.get("configmaps/settings")
    late.release.set()
    assert late.over.wait(SOON)
    assert stack.get("configmaps/settings")["data"] == before["data"] == {"mode": "first"}
    assert status(stack.id, stack.connection).current
    assert stack.teardown().residue == ()


def test_a_frozen_run_that_wakes_up_changes_nothing_more(stack, proxy, tmp_path):
    """Another one has taken over while it slept; its next request is fenced."""
    stack.deploy(*first(stack))
    hold = Hold()
    proxy.on("PATCH", r"/configmaps/settings\?(?!.*dryRun)", hold)
    with child(proxy, tmp_path, stack.name, "deploy", "second") as process:
        assert hold.arrived.wait(LONG)
        process.send_signal(signal.SIGSTOP)
        bury(stack)
        stack.deploy(*first(stack))
        hold.release.set()
        process.send_signal(signal.SIGCONT)
        assert process.wait(LONG) == LockedError.exit_code
    assert stack.get("configmaps/settings")["data"] == {"mode": "first"}
    assert record_of(stack).status is ReleaseStatus.DEPLOYED
    assert stack.deploy(*first(stack)).release is None
    assert stack.teardown().residue == ()


def test_an_answer_that_was_lost_is_not_taken_for_somebody_elses_write(stack, proxy):
    """The repeated request meets its own work, for what is new and for what is changed."""
    with behind(proxy.access, stack) as there:
        proxy.on("PATCH", r"/configmaps/x\?(?!.*dryRun)", LoseAnswer())
        assert there.deploy(app(there, "one")).release.status is ReleaseStatus.DEPLOYED
        proxy.on("PATCH", r"/configmaps/x\?(?!.*dryRun)", LoseAnswer())
        assert there.deploy(app(there, "two")).release.status is ReleaseStatus.DEPLOYED
        assert value_of(stack) == "two"
        assert there.deploy(app(there, "two")).release is None
    assert stack.teardown().residue == ()


def test_what_controllers_write_beside_is_gone_along_with(stack):
    """The object has another version by then, and nothing of ours in it has moved."""
    stack.deploy(app(stack, "one"))
    path = f"/api/v1/namespaces/{stack.name}/configmaps/x"
    note = {"metadata": {"annotations": {"injector": "was here"}}}
    stack.deploy(
        app(stack, "two"),
        notify=during(stack, lambda: write_as(stack.client, "injector-controller", path, note)),
    )
    live = stack.get("configmaps/x")
    assert live["data"]["key"] == "two"
    assert live["metadata"]["annotations"]["injector"] == "was here"
    assert stack.teardown().residue == ()


def test_what_a_person_changed_after_the_plan_is_not_overwritten(stack):
    """Nobody agreed to that: it is named, and the next run shows it."""
    stack.deploy(app(stack, "one"))
    path = f"/api/v1/namespaces/{stack.name}/configmaps/x"
    edit = {"data": {"key": "by hand"}}
    with pytest.raises(
        ApplyError, match=r"ConfigMap/.*/x: changed after the plan was made"
    ) as told:
        stack.deploy(
            app(stack, "two"),
            notify=during(stack, lambda: write_as(stack.client, "kubectl-edit", path, edit)),
        )
    assert "run the same command again" in told.value.hint
    assert value_of(stack) == "by hand"
    stack.deploy(app(stack, "two"))
    assert value_of(stack) == "two"
    assert stack.teardown().residue == ()


def test_what_was_deleted_after_the_plan_is_named(stack):
    """It is not silently made again; the next run plans that."""
    stack.deploy(app(stack, "one"))
    path = f"/api/v1/namespaces/{stack.name}/configmaps/x"
    with pytest.raises(ApplyError, match="x: deleted after the plan was made"):
        stack.deploy(app(stack, "two"), notify=during(stack, lambda: stack.client.delete(path)))
    stack.deploy(app(stack, "two"))
    assert value_of(stack) == "two"
    assert stack.teardown().residue == ()


def test_two_stacks_that_wait_at_their_questions_do_not_both_get_the_objects(stack):
    """Who comes second is told who was first, owns nothing, and says so in its record."""
    other = Stack(stack.connection, f"{stack.name}-two")

    def parts(mine: Stack):
        space, config = stack.namespace(), stack.config("x", key="one")
        return mine.part("app", space, config)

    with pytest.raises(ApplyError, match=f"owned by stack {stack.name}") as refused:
        other.deploy(parts(other), notify=during(other, lambda: stack.deploy(parts(stack))))
    assert refused.value.exit_code == 8
    assert "adopt" in refused.value.hint
    assert record_of(other).inventory == ()
    assert status(stack.id, stack.connection).current
    assert mark_of(stack.get("configmaps/x")).digest
    assert other.teardown().residue == ()
    assert value_of(stack) == "one"
    assert stack.teardown().residue == ()


def test_what_users_made_while_the_question_waited_stays_theirs(stack):
    """Neither their namespace nor what is in it is recorded as ours, and no teardown takes it."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": stack.name}}
    theirs = stack.config("x", key="theirs")

    def make() -> None:
        stack.client.create("/api/v1/namespaces", space)
        stack.client.create(f"/api/v1/namespaces/{stack.name}/configmaps", theirs)

    with pytest.raises(ApplyError, match="came into being after the plan was made"):
        stack.deploy(app(stack, "ours"), notify=during(stack, make))
    assert value_of(stack) == "theirs"
    assert APPLIED not in (stack.get("configmaps/x")["metadata"].get("annotations") or {})
    assert not any(entry.created for entry in record_of(stack).inventory)
    assert stack.teardown().residue == ()
    assert value_of(stack) == "theirs"
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")


def test_what_users_made_before_a_killed_run_could_is_not_called_ours(stack, proxy, tmp_path):
    """The run that wanted to make it is dead; the next one finds it and asks."""
    hold = Hold()
    proxy.on("PATCH", rf"/namespaces/{stack.name}\?", hold)
    killed_at(hold, proxy, tmp_path, stack.name, "first")
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": stack.name}}
    stack.client.create("/api/v1/namespaces", space)
    hold.release.set()
    bury(stack)
    stack.deploy(*first(stack))
    (entry,) = [each for each in record_of(stack).inventory if each.ref.kind == "Namespace"]
    assert not entry.created
    assert [each.ref.kind for each in stack.teardown().kept] == ["Namespace"]
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")


def test_a_run_whose_predecessor_ended_meanwhile_plans_anew(stack, proxy):
    """A plan made while another run was on is no plan any more once that one has ended."""
    stack.deploy(app(stack, "one"))
    hold = Hold()
    proxy.on("PATCH", r"/configmaps/x\?(?!.*dryRun)", hold)
    with behind(proxy.access, stack) as there, ThreadPoolExecutor(1) as pool:
        running = pool.submit(there.deploy, app(there, "two"))
        assert hold.arrived.wait(SOON)

        def end() -> None:
            hold.release.set()
            running.result(SOON)

        with pytest.raises(ConflictError, match="after the plan was made"):
            stack.deploy(app(stack, "one"), notify=during(stack, end))
    assert value_of(stack) == "two"
    assert stack.teardown().residue == ()


def test_a_namespace_of_another_stack_is_shared_and_left_to_it(stack):
    """What is on it stays the first stack's; nothing of it is changed by the second."""
    other = Stack(stack.connection, f"{stack.name}-two")
    stack.deploy(app(stack, "one"))
    other.deploy(other.part("b", stack.namespace(), stack.config("y")))
    labels = stack.client.get(f"/api/v1/namespaces/{stack.name}")["metadata"]["labels"]
    assert labels["stackctl.dev/stack"] == stack.name
    assert status(stack.id, stack.connection).current
    assert other.teardown().residue == ()
    assert value_of(stack) == "one"
    assert stack.teardown().residue == ()


def test_what_arrives_after_a_teardown_is_found_by_its_label_and_told(stack, proxy, tmp_path):
    """A create of a dead run cannot be fenced once nothing of the stack is left."""
    late = Hold()
    proxy.on("PATCH", r"/configmaps/settings\?(?!.*dryRun)", late)
    killed_at(late, proxy, tmp_path, stack.name, "first")
    bury(stack)
    assert stack.teardown().residue == ()
    stack.client.create("/api/v1/namespaces", stack.namespace())  # by somebody, of that name
    late.release.set()
    assert late.over.wait(SOON)
    assert stack.get("configmaps/settings") is not None
    with pytest.raises(ReleaseError, match=f"objects with its label: ConfigMap/{stack.name}/sett"):
        status(stack.id, stack.connection)
    outcome = stack.teardown()
    assert outcome.residue == ()
    assert stack.get("configmaps/settings") is None
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")
