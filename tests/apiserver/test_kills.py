"""Killed after any request: the next run goes on, and nothing is lost or left behind."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from stackctl.api.access.kubeconfig import find_access
from stackctl.cluster.connection import connect
from stackctl.model.release.release import ReleaseStatus
from tests.apiserver.child import first, second, third
from tests.apiserver.children import LONG, child
from tests.apiserver.faults import FaultProxy, Gate
from tests.apiserver.stacks import Stack
from tests.apiserver.states import bury, state, torn_down

AT_ONCE = 6


class Kills:
    """Runs that are killed after each of their writes, each on a stack of its own."""

    def __init__(self, kubeconfig: Path, folder: Path, name: str) -> None:
        self._kubeconfig = kubeconfig
        self._folder = folder
        self.name = name

    @contextmanager
    def stack(self, number: int) -> Iterator[Stack]:
        """Give the stack of one run, with a connection of its own."""
        access = find_access(kubeconfig=str(self._kubeconfig), context=None, env={})
        connection = connect(access, lambda _: None, threading.Event())
        yield Stack(connection, f"{self.name}-{number}")
        connection.client.close()

    def killed(self, stack: Stack, after: int, verb: str, bundle: str = "first") -> bool:
        """Run a verb and kill it after so many writes; False when it had ended before."""
        gate = Gate(after)
        with FaultProxy(stack.client.access) as proxy:
            proxy.on_writes(gate)
            with child(proxy, self._folder, stack.name, verb, bundle) as process:

                def note_the_end() -> None:
                    process.wait()
                    gate.reached.set()

                ended = threading.Thread(target=note_the_end)
                ended.start()
                assert gate.reached.wait(LONG)
                process.kill()
                ended.join()
                gate.closed.set()
                killed = gate.passed >= after
                assert killed or process.returncode == 0, process.communicate()
                return killed

    def each(self, attempt: Callable[[int], bool]) -> int:
        """Make the attempts 1, 2, 3, … until one ends before it is killed; return how many."""
        done = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while True:
                numbers = range(done + 1, done + 1 + AT_ONCE)
                for killed in list(pool.map(attempt, numbers)):
                    if not killed:
                        return done
                    done += 1


@pytest.fixture
def kills(kubeconfig: Path, tmp_path: Path, stack: Stack) -> Kills:
    """Stacks named after the test's own."""
    return Kills(kubeconfig, tmp_path, stack.name)


@pytest.mark.timeout(900)
def test_a_first_deploy_killed_after_any_write_is_resumed(kills: Kills) -> None:
    """The next deploy ends where an undisturbed one would have, and a teardown leaves nothing."""
    with kills.stack(0) as stack:
        stack.deploy(*first(stack))
        expected = state(stack)
        torn_down(stack)

    def attempt(number: int) -> bool:
        with kills.stack(number) as stack:
            killed = kills.killed(stack, number, "deploy")
            bury(stack)
            stack.deploy(*first(stack))
            assert state(stack) == expected, f"killed after write {number}"
            assert stack.deploy(*first(stack)).release is None, f"killed after write {number}"
            torn_down(stack)
            return killed

    assert kills.each(attempt) > 8
    assert expected["status"] == ReleaseStatus.DEPLOYED


@pytest.mark.timeout(900)
def test_a_first_deploy_killed_after_any_write_can_be_torn_down(kills: Kills) -> None:
    """Whatever had been made is known, or it is not there."""

    def attempt(number: int) -> bool:
        with kills.stack(number) as stack:
            killed = kills.killed(stack, number, "deploy")
            bury(stack)
            torn_down(stack)
            return killed

    assert kills.each(attempt) > 8


@pytest.mark.timeout(900)
def test_a_change_killed_after_any_write_is_resumed(kills: Kills) -> None:
    """Changed, new and pruned objects end as in an undisturbed run."""
    with kills.stack(0) as stack:
        stack.deploy(*first(stack))
        stack.deploy(*second(stack))
        expected = state(stack)
        torn_down(stack)

    def attempt(number: int) -> bool:
        with kills.stack(number) as stack:
            stack.deploy(*first(stack))
            killed = kills.killed(stack, number, "deploy", "second")
            bury(stack)
            stack.deploy(*second(stack))
            assert state(stack) == expected, f"killed after write {number}"
            torn_down(stack)
            return killed

    assert kills.each(attempt) > 6
    assert not any("old" in key for key in expected["inventory"])


def deploy_first(stack: Stack) -> None:
    """Want what was there before."""
    stack.deploy(*first(stack))


def deploy_third(stack: Stack) -> None:
    """Want something new, parts of which are as before and parts as in the killed run."""
    stack.deploy(*third(stack))


def roll_back(stack: Stack) -> None:
    """Go back to what was there before."""
    stack.rollback(1)


WISHES = (deploy_first, deploy_third, roll_back)


@pytest.mark.timeout(900)
def test_after_a_change_killed_after_any_write_another_wish_comes_true(kills: Kills) -> None:
    """Every value of every object is what is wanted now, whatever the killed run had got to.

    The wishes take turns; that of before twice as often, for its proofs are those in the record.
    """
    expected = []
    for number, wish in enumerate(WISHES):
        with kills.stack(-number) as stack:
            stack.deploy(*first(stack))
            if wish is deploy_third:
                wish(stack)
            expected.append(state(stack))
            torn_down(stack)

    def attempt(number: int) -> bool:
        turn = (0, 1, 0, 2)[number % 4]
        with kills.stack(number) as stack:
            stack.deploy(*first(stack))
            killed = kills.killed(stack, number, "deploy", "second")
            bury(stack)
            WISHES[turn](stack)
            assert state(stack) == expected[turn], f"killed after write {number}"
            torn_down(stack)
            return killed

    assert kills.each(attempt) > 6


@pytest.mark.timeout(900)
def test_a_change_killed_after_any_write_can_be_torn_down(kills: Kills) -> None:
    """What it had made is known beside what was there before."""

    def attempt(number: int) -> bool:
        with kills.stack(number) as stack:
            stack.deploy(*first(stack))
            killed = kills.killed(stack, number, "deploy", "second")
            bury(stack)
            torn_down(stack)
            return killed

    assert kills.each(attempt) > 6


@pytest.mark.timeout(900)
def test_a_teardown_killed_after_any_delete_is_finished_by_the_next(kills: Kills) -> None:
    """Nothing of it is left, and a deploy in between would have made everything anew."""

    def attempt(number: int) -> bool:
        with kills.stack(number) as stack:
            stack.deploy(*first(stack))
            killed = kills.killed(stack, number, "teardown")
            bury(stack)
            torn_down(stack)
            return killed

    assert kills.each(attempt) > 8


@pytest.mark.timeout(900)
def test_a_deploy_after_a_killed_teardown_makes_everything_again(kills: Kills) -> None:
    """What is still going is waited for, what is gone is made, and the record says so."""
    with kills.stack(0) as stack:
        stack.deploy(*first(stack))
        expected = state(stack)
        torn_down(stack)

    def attempt(number: int) -> bool:
        with kills.stack(number) as stack:
            stack.deploy(*first(stack))
            killed = kills.killed(stack, number, "teardown")
            bury(stack)
            stack.deploy(*first(stack))
            assert state(stack) == expected, f"killed after write {number}"
            torn_down(stack)
            return killed

    assert kills.each(attempt) > 8
