"""One run at a time on a stack: who waits, who takes over, who stops."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from stackctl.actions.unlock import unlock
from stackctl.cluster.record import releases
from stackctl.cluster.record.lock import Claim, find, held_by, lease_path, leases_of, locked
from stackctl.errors import ConflictError, Interrupted, LockedError, Rejected
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run import outcome
from stackctl.model.run.events import Step
from tests.apiserver.child import first
from tests.apiserver.children import LONG, child
from tests.apiserver.faults import ALWAYS, Answer, Hold
from tests.apiserver.stacks import Stack, behind

SOON = 20.0  # seconds; far more than anything here takes


@contextmanager
def held(stack: Stack, holder: str = "other@there") -> Iterator[None]:
    """Hold a stack's lock as another run would."""
    with locked(stack.client, stack.id, Claim(holder), threading.Event()):
        yield


def path_of(stack: Stack) -> str:
    return lease_path(stack.id)


def status_of(stack: Stack) -> ReleaseStatus | None:
    recorded = releases.current(stack.client, stack.id)
    return recorded.release.status if recorded else None


def told(stack: Stack) -> list[str]:
    return [each.text for each in stack.told if isinstance(each, Step)]


def test_the_second_run_is_refused_and_told_why(stack):
    """Nothing is touched; who holds the lock, since when, and what to do is said."""
    with held(stack), pytest.raises(LockedError, match="locked by other@there since 20") as refused:
        stack.deploy(stack.part("a", stack.namespace()))
    assert "--wait-lock" in refused.value.hint
    assert refused.value.exit_code == 7
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None


def test_the_second_run_may_wait_for_the_first(stack):
    """It says for whom it waits, and goes on when the lock is given back."""
    going = threading.Event()

    def notify(event: object) -> None:
        if isinstance(event, Step) and "other@there" in event.text:
            going.set()

    with ThreadPoolExecutor(1) as pool:
        with held(stack):
            parts = stack.part("a", stack.namespace())
            future = pool.submit(stack.deploy, parts, notify=notify, wait_lock=SOON)
            assert going.wait(SOON)
            assert not future.done()
        assert future.result(SOON).release is not None
    assert stack.teardown().residue == ()


def test_waiting_has_an_end(stack):
    """When the time is up, it is refused as without waiting."""
    with held(stack), pytest.raises(LockedError, match="other@there"):
        stack.deploy(stack.part("a", stack.namespace()), wait_lock=0.5)
    with held(stack), pytest.raises(LockedError, match="other@there"):
        stack.teardown(wait_lock=0.5)


def test_a_dead_holders_lock_is_taken_over_once_it_has_expired(stack):
    """A lease that nobody renews is waited for, and not longer than it lasts."""
    with held(stack, "dead@there"):
        lease = stack.client.get(path_of(stack))
    metadata = {key: lease["metadata"][key] for key in ("name", "namespace", "labels")}
    spec = lease["spec"] | {"leaseDurationSeconds": 2}
    stack.client.create(leases_of(stack.id), lease | {"metadata": metadata, "spec": spec})
    parts = stack.part("a", stack.namespace())
    with pytest.raises(LockedError, match="dead@there"):
        stack.deploy(parts)
    stack.deploy(parts, wait_lock=SOON)
    assert any("dead@there" in text for text in told(stack))
    assert stack.client.get(path_of(stack)) is None
    assert stack.teardown().residue == ()


def test_a_lock_is_kept_while_the_run_lasts(stack, proxy):
    """A run that takes longer than its lease renews it, so that nobody takes it for dead."""
    hold = Hold()
    proxy.on("PATCH", "/configmaps/settings", hold)
    with behind(proxy.access, stack) as there, ThreadPoolExecutor(1) as pool:
        future = pool.submit(there.deploy, *first(there), lease=1.0)
        assert hold.arrived.wait(SOON)
        before = find(stack.client, stack.id)
        assert before is not None
        while (now := find(stack.client, stack.id)) is not None and now.renewed == before.renewed:
            pass
        assert held_by(stack.client, stack.id).startswith("tester@here")
        hold.release.set()
        future.result(SOON)
    assert stack.teardown().residue == ()


def test_a_run_that_lost_its_lock_writes_nothing_more(stack, proxy):
    """What it has sent is finished; then neither objects nor the record are touched."""
    hold = Hold()
    proxy.on("PATCH", "/configmaps/settings", hold)
    with behind(proxy.access, stack) as there, ThreadPoolExecutor(1) as pool:
        future = pool.submit(there.deploy, *first(there), lease=1.0)
        assert hold.arrived.wait(SOON)
        stack.client.patch(path_of(stack), {"spec": {"holderIdentity": "other@there"}})
        assert there.connection.stop.wait(SOON)
        before = len(proxy.written)
        hold.release.set()
        with pytest.raises(LockedError, match="lock was lost"):
            future.result(SOON)
    sent = [str(each) for each in proxy.written[before:] if "/events" not in each.path]
    assert [each for each in sent if "/configmaps/settings" not in each] == []
    assert status_of(stack) is ReleaseStatus.PENDING_INSTALL
    assert held_by(stack.client, stack.id).startswith("other@there")
    stack.client.delete(path_of(stack))
    assert stack.teardown().residue == ()


def test_nothing_is_written_once_the_lease_may_have_run_out(stack, proxy):
    """A holder that cannot renew its lease is kept from writing before another may begin."""
    proxy.on("PUT", "/leases/", Answer(503), times=ALWAYS)
    with (
        behind(proxy.access, stack) as there,
        locked(there.client, stack.id, Claim("slow@here", lease=1.0), threading.Event()) as lock,
    ):
        lock.fence()

        def write_on() -> None:
            while True:
                lock.fence()

        with pytest.raises(Rejected, match="Lease"):
            write_on()


def test_a_person_may_break_a_lock(stack):
    """They are asked knowing who holds it, and the next run goes on."""
    asked: list[outcome.HeldLock] = []
    with held(stack):
        assert not unlock(stack.id, stack.connection, agree=lambda _: False).agreed
        assert held_by(stack.client, stack.id).startswith("other@there")

        def agree(hold: outcome.HeldLock) -> bool:
            asked.append(hold)
            return True

        done = unlock(stack.id, stack.connection, agree=agree)
        assert done.hold is not None
        assert (done.hold.holder, done.hold.expired) == ("other@there", False)
        assert asked == [done.hold]
        stack.deploy(stack.part("a", stack.namespace()))
    assert unlock(stack.id, stack.connection, agree=lambda _: True).hold is None
    assert stack.teardown().residue == ()


def test_a_lock_that_was_taken_over_is_not_given_back(stack):
    """The first holder, come back to life, leaves the lock of the second alone."""
    with held(stack, "slow@here"):
        stack.client.patch(path_of(stack), {"spec": {"holderIdentity": "other@there"}})
    assert held_by(stack.client, stack.id).startswith("other@there")
    stack.client.delete(path_of(stack))


def test_a_plan_made_before_another_run_ended_is_not_carried_out(stack):
    """Between the plan and the lock another run recorded a revision: it is planned anew."""
    stack.deploy(stack.part("a", stack.namespace()))
    mine = stack.part("a", stack.namespace(), stack.config("mine"))
    others = stack.part("a", stack.namespace(), stack.config("theirs"))

    def overtaken(event: object) -> None:
        if event == Step("taking the lock"):
            stack.deploy(others)

    with pytest.raises(ConflictError, match="recorded after the plan was made"):
        stack.deploy(mine, notify=overtaken)
    assert stack.get("configmaps/mine") is None
    assert stack.teardown().residue == ()


def test_an_interrupted_run_finishes_what_it_sent_and_records_it(stack, proxy, tmp_path):
    """Ctrl-C: the request in flight ends, the record says so, the lock is given back."""
    hold = Hold()
    proxy.on("PATCH", "/configmaps/settings", hold)
    with child(proxy, tmp_path, stack.name, "deploy") as process:
        assert hold.arrived.wait(LONG)
        process.send_signal(signal.SIGINT)
        with pytest.raises(LockedError):
            stack.deploy(*first(stack))
        hold.release.set()
        assert process.wait(SOON) == Interrupted.exit_code
    assert stack.get("configmaps/settings") is not None
    recorded = releases.current(stack.client, stack.id)
    assert recorded.release.status is ReleaseStatus.FAILED
    assert "interrupted" in recorded.release.message
    assert held_by(stack.client, stack.id) == ""
    stack.deploy(*first(stack))
    assert status_of(stack) is ReleaseStatus.DEPLOYED
    assert stack.teardown().residue == ()


def test_an_interrupted_wait_for_readiness_ends_soon(stack, proxy, tmp_path):
    """Nobody sits through a timeout after Ctrl-C."""
    hold = Hold()
    proxy.on("GET", "/deployments.*watch=true", hold)
    with child(proxy, tmp_path, stack.name, "deploy", "slow") as process:
        assert hold.arrived.wait(LONG)
        process.send_signal(signal.SIGINT)
        assert process.wait(2 * SOON) == Interrupted.exit_code
        hold.release.set()
    assert status_of(stack) is ReleaseStatus.FAILED
    assert stack.teardown().residue == ()


def test_an_interrupted_teardown_is_recorded_and_gives_its_lock_back(stack, proxy, tmp_path):
    """The record stays until everything is gone; the next teardown ends it."""
    stack.deploy(*first(stack))
    hold = Hold()
    proxy.on("DELETE", "/deployments/d", hold)
    with child(proxy, tmp_path, stack.name, "teardown") as process:
        assert hold.arrived.wait(LONG)
        process.send_signal(signal.SIGINT)
        hold.release.set()
        assert process.wait(SOON) == Interrupted.exit_code
    assert status_of(stack) is ReleaseStatus.UNINSTALLING
    assert held_by(stack.client, stack.id) == ""
    assert stack.teardown().residue == ()


def test_the_time_of_the_server_does_not_go_back(stack):
    """What is told later is later, though the server tells whole seconds at each renewal."""
    claim = Claim("me@here")
    with locked(stack.client, stack.id, claim, threading.Event()) as lock:
        told = []
        for _ in range(3):
            told.append(lock.time())
            lock.confirm()
    assert told == sorted(told)
