"""A run ends when its time is up, or when the user says so, whatever the server does."""

import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from stackctl.api.client import Client
from stackctl.api.http.transport import CONNECT_SECONDS
from stackctl.cluster.record import releases
from stackctl.errors import ApplyError, NotReadyError, OutOfTime, StackError, Unreachable
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run.events import ComponentProgress, ComponentState, Event
from tests.apiserver.child import first, slow
from tests.apiserver.children import LONG, child, command
from tests.apiserver.faults import (
    ALWAYS,
    After,
    Answer,
    Fault,
    Hold,
    Silence,
    Trickle,
)
from tests.apiserver.stacks import Stack

SOON = 40.0  # seconds; without an end of its own, each of these takes minutes
AT_ONCE = 15.0  # what takes a moment, on a machine that has much else to do
NEXT = 20.0  # one request of many takes as long, without an end of its own more than a minute
BAD: dict[str, Fault] = {
    "says nothing": Silence(),
    "says a letter now and then": Trickle(size=1, pause=1.0),
    "is always busy, and names no time": Answer(429, {"Retry-After": "0"}),
    "is always busy, and names nonsense": Answer(429, {"Retry-After": "nan"}),
    "is always busy, and names next year": Answer(429, {"Retry-After": "30000000"}),
    "breaks": Answer(500),
}


def require_resumed(stack: Stack) -> None:
    """Make sure that another run, over a good wire, brings everything to its end."""
    stack.deploy(*first(stack), wait_lock=LONG)
    assert releases.current(stack.client, stack.id).release.status is ReleaseStatus.DEPLOYED
    assert stack.deploy(*first(stack)).release is None


@pytest.mark.parametrize("fault", BAD.values(), ids=BAD)
def test_a_run_ends_at_its_deadline(stack, far, proxy, fault):
    """In the middle of applying, too; and there are not thousands of requests meanwhile."""
    proxy.on("PATCH", "/configmaps/", fault, times=ALWAYS)
    began = time.monotonic()
    with pytest.raises(ApplyError):
        far.deploy(*first(far), timeout=3.0)
    assert time.monotonic() - began < SOON
    assert len(proxy.asked) < 200
    assert releases.current(stack.client, stack.id).release.status is ReleaseStatus.FAILED
    require_resumed(stack)


def test_a_run_ends_where_the_server_falls_silent_for_good(stack, far, proxy):
    """The outcome cannot be recorded: that is said, and what was recorded before is enough."""
    proxy.on_everything(After(25, Silence()))
    began = time.monotonic()
    with pytest.raises(StackError, match=r"how it ended could not be recorded") as ended:
        far.deploy(*first(far), timeout=3.0, lease=5.0)
    assert time.monotonic() - began < SOON
    assert ended.value.exit_code in (8, 9)
    assert f"no answer from {proxy.access.server} within" in str(ended.value)
    pending = releases.current(stack.client, stack.id).release
    assert pending.status is ReleaseStatus.PENDING_INSTALL
    require_resumed(stack)


def test_a_teardown_ends_at_its_deadline(stack, far, proxy):
    """What is left is named, and another one goes on."""
    stack.deploy(*first(stack))
    proxy.on("DELETE", "", Silence(), times=ALWAYS)
    began = time.monotonic()
    with pytest.raises(ApplyError):
        far.teardown(timeout=2.0, lease=5.0)
    assert time.monotonic() - began < SOON
    assert stack.teardown(wait_lock=LONG).residue == ()


def test_what_is_not_ready_in_time_is_still_explained(stack):
    """The deadline is for the work; for saying what was missing there is a moment more."""
    with pytest.raises(NotReadyError, match="time is up") as late:
        stack.deploy(*slow(stack), timeout=3.0)
    assert "Deployment" in str(late.value)
    release = releases.current(stack.client, stack.id).release
    assert release.status is ReleaseStatus.FAILED


def test_silence_is_not_blamed_on_what_is_waited_for(stack, far, proxy):
    """Whether it is ready cannot be known; that nothing answers can."""

    def fall_silent(event: Event) -> None:
        if isinstance(event, ComponentProgress) and event.state is ComponentState.WAITING:
            proxy.on_everything(Silence())

    with pytest.raises(NotReadyError) as ended:
        far.deploy(*slow(far), timeout=4.0, lease=5.0, notify=fall_silent)
    assert f"no answer from {proxy.access.server} within" in str(ended.value)
    assert "whether these are ready is not known" in str(ended.value)
    assert "time is up, 1 of" not in str(ended.value)
    stack.teardown(wait_lock=LONG)


LOOKING = ("deploy --profile base --yes", "teardown --yes", "adopt cert-manager --profile base -y")


@pytest.mark.parametrize("line", LOOKING)
@pytest.mark.parametrize("answered", [0, 3])
def test_looking_counts_as_well(proxy, tmp_path, line, answered):
    """The time is up before anything was touched: who says nothing is named.

    There is enough of it for what is done before the fourth question: to compose a profile.
    """
    proxy.on_everything(After(answered, Silence()))
    began = time.monotonic()
    with command(proxy, tmp_path, *line.split(), "--timeout", "8s") as process:
        _, said = process.communicate(timeout=SOON)
    assert time.monotonic() - began < SOON
    assert process.returncode == 5
    assert f"no answer from {proxy.access.server} within" in said
    assert "--timeout" in said
    assert proxy.asked
    assert all(each.method == "GET" or "dryRun" in each.path for each in proxy.asked)


READING = ("status", "history", "diff --profile base", "record check", "unlock --yes")


STOPPED = [(line, signal.SIGTERM) for line in (*LOOKING, *READING, "upgrade -y", "rollback -y")]


@pytest.mark.parametrize(("line", "number"), [*STOPPED, (LOOKING[0], signal.SIGINT)])
def test_a_stop_ends_looking_at_once(proxy, tmp_path, line, number):
    """There is nothing to record; the server has fallen silent in the middle of it."""
    silent = After(2, Silence())
    proxy.on_everything(silent)
    with command(proxy, tmp_path, *line.split()) as process:
        assert silent.reached.wait(LONG)
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(SOON) == 128 + number
    assert time.monotonic() - began < AT_ONCE


def test_commands_that_only_read_end_by_themselves(proxy, tmp_path):
    """They have no `--timeout`, and a server that has never answered is given up soon."""
    proxy.on_everything(Silence())
    with command(proxy, tmp_path, "status") as process:
        _, said = process.communicate(timeout=LONG)
    assert process.returncode == 5
    assert f"no answer from {proxy.access.server} within" in said
    assert "--timeout" not in said.replace("--request-timeout", "")


@pytest.mark.parametrize("fault", [Silence(), Trickle(size=1, pause=1.0)], ids=["no", "a drip"])
def test_a_stop_ends_a_run_whatever_the_server_does(stack, proxy, tmp_path, fault):
    """Ctrl-C, with every connection blocked and ten minutes left."""
    blocked = After(12, fault)
    proxy.on_everything(blocked)
    with child(proxy, tmp_path, stack.name, "deploy") as process:
        assert blocked.reached.wait(LONG)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON) == 130
    assert time.monotonic() - began < AT_ONCE


def test_who_gives_up_waits_no_longer(proxy):
    """A second Ctrl-C: what is on its way ends, and nothing more is sent."""
    client = Client(proxy.access)
    hold = Hold()
    proxy.on("GET", "/version", hold, times=ALWAYS)
    ended = threading.Event()

    def ask() -> None:
        with suppress(StackError):
            client.get("/version")
        ended.set()

    threading.Thread(target=ask, daemon=True).start()
    assert hold.arrived.wait(LONG)
    client.give_up()
    assert ended.wait(AT_ONCE)
    with pytest.raises(OutOfTime):
        client.get("/version")
    hold.release.set()


def test_a_stop_ends_waiting_for_a_connection(proxy):
    """What accepts connections and never says a word of TLS is left as soon as anything else."""
    stop, ended = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        access = replace(proxy.access, server=f"https://127.0.0.1:{mute.getsockname()[1]}")
        client = Client(access, stop=stop)

        def ask() -> None:
            with suppress(StackError):
                client.get("/version")
            ended.set()

        threading.Thread(target=ask, daemon=True).start()
        connection, _ = mute.accept()
        with connection:
            began = time.monotonic()
            stop.set()
            assert ended.wait(SOON)
    assert time.monotonic() - began < CONNECT_SECONDS


def test_a_silent_server_is_given_up_by_whoever_only_asks(proxy):
    """There is a time for every request, not only for every pause within its answer."""
    client = Client(proxy.access)
    proxy.on("GET", "/version", Trickle(size=1, pause=0.5), times=ALWAYS)
    began = time.monotonic()
    with client.within(client.now() - 4.0), pytest.raises(Unreachable):
        client.get("/version")
    assert time.monotonic() - began < NEXT


def test_nothing_is_begun_when_time_is_up(proxy):
    """The request is not even sent, and the option that helps is named."""
    client = Client(proxy.access)
    with (
        client.within(client.now() - 60.0),
        pytest.raises(OutOfTime, match="time is up") as refused,
    ):
        client.get("/version")
    assert "--timeout" in refused.value.hint
    assert proxy.asked == []


def test_a_fault_that_lasts_is_quoted(stack, far, proxy):
    """What the server said last is in the message of a run that had no time for more."""
    proxy.on("PATCH", "/configmaps/old", Answer(503, body=b"still starting"), times=ALWAYS)
    with pytest.raises(StackError, match="still starting"):
        far.deploy(*first(far), timeout=3.0)


def test_events_hold_nobody_up(stack, far, proxy):
    """Telling the run as Events of Kubernetes waits for no answer."""
    held = Hold()
    proxy.on("POST", "/events", held, times=ALWAYS)
    far.deploy(*first(far))
    assert held.arrived.is_set()
    release = releases.current(stack.client, stack.id).release
    assert release.status is ReleaseStatus.DEPLOYED
    held.release.set()
