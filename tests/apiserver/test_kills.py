"""Killed after any request: the next run goes on, and nothing is lost or left behind."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.rollback import rollback
from stackctl.api.kubeconfig import find_access
from stackctl.cluster import releases, survey
from stackctl.cluster.connection import Connection, connect
from stackctl.cluster.lock import LEASES, RECORD_LABEL, lease_name
from stackctl.cluster.session import workers
from stackctl.errors import ReleaseError
from stackctl.model.objects import Manifest, annotations_of
from stackctl.model.proof import APPLIED, mark_of
from stackctl.model.release import Release, ReleaseStatus
from tests.apiserver.child import first, second, third
from tests.apiserver.children import LONG, child
from tests.apiserver.faults import FaultProxy, Gate
from tests.apiserver.stacks import Stack

AT_ONCE = 6
PAST = "2020-01-01T00:00:00.000000Z"
# What differs between two objects that are the same.
OWN = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")


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


def bury(stack: Stack) -> None:
    """Let the time pass after which a dead holder's lock is free."""
    path = f"{LEASES}/{lease_name(stack.id)}"
    if stack.client.get(path) is not None:
        stack.client.patch(path, {"spec": {"renewTime": PAST}})


def record(stack: Stack) -> Release | None:
    """Read the newest revision."""
    found = releases.current(stack.client, stack.id)
    return found.release if found else None


def state(stack: Stack) -> dict[str, Any]:
    """Tell everything of a stack that two equal deploys have in common."""
    release = record(stack)
    assert release is not None
    inventory = {
        entry.ref.key: (entry.component, entry.version, entry.created, bool(entry.uid), entry.owned)
        for entry in release.inventory
    }
    objects = {
        entry.ref.key: stripped(read(stack.connection, entry.ref)) for entry in release.inventory
    }
    labelled = labels(stack)
    told = {
        "status": release.status,
        "components": [*release.components, *release.shards],
        "inventory": inventory,
        "objects": objects,
        "labelled": labelled,
    }
    return dict(renamed(told, stack.name))


def renamed(value: Any, name: str) -> Any:
    """Take the stack's name out of everything."""
    if isinstance(value, dict):
        return {renamed(key, name): renamed(each, name) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [renamed(each, name) for each in value]
    return value.replace(name, "STACK") if isinstance(value, str) else value


def labels(stack: Stack) -> list[str]:
    """Name every object with the stack's label, as the API server lists them."""
    with workers() as pool:
        found = survey.labelled_everywhere(stack.connection, stack.id, pool)
    return sorted(ref.key for ref in found.objects)


def read(connection: Connection, ref: Any) -> Manifest:
    resource = connection.discovery.find(ref.group, ref.kind)
    assert resource is not None
    found = connection.client.get(resource.path(ref.namespace, ref.name))
    assert found is not None, ref
    return found


def stripped(live: Manifest) -> Manifest:
    metadata = {key: value for key, value in live["metadata"].items() if key not in OWN}
    metadata["managers"] = sorted(
        {each["manager"] for each in live["metadata"]["managedFields"] if "subresource" not in each}
    )
    # The digest is that of an object of the stack's name, and every run has a mark of its own.
    mark = {"annotations": annotations_of(live) | {APPLIED: bool(mark_of(live).digest)}}
    kept = {key: value for key, value in live.items() if key != "status"}
    return kept | {"metadata": metadata | mark}


def require_nothing_of(stack: Stack) -> None:
    """Make sure that neither an object nor a record of a stack is there."""
    assert labels(stack) == []
    secrets = stack.client.list(releases.SECRETS, labels=f"{RECORD_LABEL}={stack.name}")
    assert [each["metadata"]["name"] for each in secrets.items] == []
    assert stack.client.get(f"{LEASES}/{lease_name(stack.id)}") is None
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None


def torn_down(stack: Stack) -> None:
    """Tear a stack down, whatever of it is there."""
    try:
        outcome = stack.teardown()
    except ReleaseError:
        pass  # the run had ended all but the last word
    else:
        assert outcome.residue == ()
        assert outcome.kept == ()
    require_nothing_of(stack)


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
    rollback(
        stack.id,
        1,
        stack.connection,
        agree=lambda *_: True,
        notify=stack.tell,
        options=stack.options(),
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("wish", [deploy_first, deploy_third, roll_back])
def test_after_a_change_killed_after_any_write_another_wish_comes_true(
    kills: Kills, wish: Callable[[Stack], None]
) -> None:
    """Every value of every object is what is wanted now, whatever the killed run had got to."""
    with kills.stack(0) as stack:
        stack.deploy(*first(stack))
        if wish is not roll_back:
            wish(stack)
        expected = state(stack)
        torn_down(stack)

    def attempt(number: int) -> bool:
        with kills.stack(number) as stack:
            stack.deploy(*first(stack))
            killed = kills.killed(stack, number, "deploy", "second")
            bury(stack)
            wish(stack)
            assert state(stack) == expected, f"killed after write {number}"
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
