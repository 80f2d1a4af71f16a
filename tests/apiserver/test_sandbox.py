"""The life of a sandbox: up, mended, interrupted, stopped, and nothing left."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from stackctl.api.access.access import Login
from stackctl.api.access.kubeconfig import find_access
from stackctl.api.client import Client
from stackctl.errors import AccessDenied, SandboxError, UsageError
from stackctl.model.run.events import Event, Step
from stackctl.sandbox import inspection, session
from stackctl.sandbox.inspection import SandboxStatus, State
from stackctl.sandbox.lifecycle import DownResult, UpResult, Wanted, down, up
from stackctl.sandbox.machine import processes
from stackctl.sandbox.machine.places import Places
from stackctl.sandbox.plane.parts import PARTS, mark_of
from stackctl.sandbox.plane.ports import is_free
from stackctl.sandbox.plane.record import read_record, write_record
from stackctl.sandbox.programs.versions import KUBERNETES, PROGRAMS
from tests.apiserver.scenery import until
from tests.unit.releases import serving

QUICK = "cpu=1"
CONFIG_MAP = "/api/v1/namespaces/default/configmaps"
# Runs `up` as a command would, telling each step on a line of its own.
COMMAND = """
import sys
from stackctl.errors import StackError
from stackctl.sandbox.lifecycle import Wanted, up
try:
    up(wanted=Wanted(nodes="cpu=1"), notify=lambda event: print(event.text, flush=True))
except StackError as error:
    print("error:", error, flush=True)
    sys.exit(error.exit_code)
"""


@dataclass
class Home:
    """A user's home, with the programs of this machine's cache."""

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The user's environment."""
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        kept = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
        state = str(self.folder / "state")
        ours = {"HOME": str(self.folder), "XDG_STATE_HOME": state, "XDG_CACHE_HOME": cache}
        return kept | ours | dict(self.more)

    def up(self, name: str = "default", **wanted: object) -> UpResult:
        """Bring a sandbox up."""
        what = Wanted(**{"nodes": QUICK, **wanted})  # type: ignore[arg-type]
        return up(name, what, notify=self.told.append, environment=self.environment)

    def down(self, name: str = "default", *, keep_data: bool = False) -> DownResult:
        """Take it down."""
        return down(
            name, keep_data=keep_data, notify=self.told.append, environment=self.environment
        )

    def status(self, name: str = "default") -> SandboxStatus:
        """Look at it."""
        return inspection.status(name, environment=self.environment)

    def run(self, *command: str) -> int:
        """Run a command against it."""
        return session.run(
            command, notify=self.told.append, environment=self.environment, wanted=Wanted(QUICK)
        )

    def pids(self, name: str = "default") -> dict[str, int | None]:
        """The processes of its parts."""
        return {part.name: part.pid for part in self.status(name).parts}

    def running(self, name: str = "default") -> int:
        """Count the processes that were ever started for it."""
        return len(processes.bearing(mark_of(Places.of(self.environment).sandbox(name))))

    def leftovers(self) -> list[Path]:
        """Everything in the home."""
        return sorted(self.folder.rglob("*"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home without a sandbox."""
    home = Home(tmp_path)
    yield home
    for name in inspection.sandboxes(environment=home.environment):
        home.down(name)


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with a sandbox that runs."""
    home = Home(tmp_path_factory.mktemp("home"))
    try:
        home.up()
        yield home
    finally:
        home.down()


@contextmanager
def client_of(kubeconfig: Path) -> Iterator[Client]:
    """Connect as the administrator."""
    client = Client(find_access(kubeconfig=str(kubeconfig), context=None, env={}))
    yield client
    client.close()


@contextmanager
def starting(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Run `up` in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND], env=home.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def await_line(process: subprocess.Popen[str], text: str) -> None:
    """Read what the process tells until it tells a text."""
    for line in process.stdout or ():
        if text in line:
            return
    pytest.fail(f"it never said {text!r}")


def kill(pid: int | None) -> None:
    """End a process without asking."""
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: processes.birth_of(pid) is None)


def test_a_sandbox_is_a_real_cluster(lived_in):
    """It runs the version that is promised, takes Pods, and has its nodes."""
    status = lived_in.status()
    assert status.state is State.RUNNING
    assert [part.state for part in status.parts] == [State.RUNNING] * len(PARTS)
    assert [(node.name, node.ready) for node in status.nodes] == [("cpu-0", True)]
    with client_of(status.kubeconfig) as client:
        version = client.get("/version")
        assert version is not None
        assert version["gitVersion"] == f"v{KUBERNETES}"
        assert client.get("/api/v1/namespaces/default/serviceaccounts/default")


def test_rights_are_checked(lived_in):
    """A ServiceAccount's token is accepted, and may do what its roles allow: nothing yet."""
    access = find_access(kubeconfig=str(lived_in.status().kubeconfig), context=None, env={})
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    with client_of(lived_in.status().kubeconfig) as client:
        token = client.create(path, request)["status"]["token"]
    robot = Client(replace(access, login=Login(token=token)))
    with pytest.raises(AccessDenied, match="system:serviceaccount:default:default"):
        robot.get("/api/v1/namespaces/default/secrets/x")
    robot.close()


def test_up_again_changes_nothing(lived_in):
    """A second `up` says that all was there, and no process is another one."""
    before = lived_in.pids()
    again = lived_in.up()
    assert (again.changed, again.started) == (False, ())
    assert lived_in.pids() == before


def test_the_users_kubeconfig_is_left_alone(lived_in):
    """Without `--merge` nothing appears in the user's home."""
    assert not (lived_in.folder / ".kube").exists()


@pytest.mark.parametrize("part", PARTS)
def test_a_crashed_part_is_seen_and_mended(lived_in, part):
    """Status names the part that is gone; `up` starts it and leaves the others running."""
    before = lived_in.pids()
    kill(before[part])
    status = lived_in.status()
    assert status.state is State.DEGRADED
    assert f"{part} crashed" in status.problem
    assert lived_in.up().started == (part,)
    assert lived_in.status().state is State.RUNNING
    after = lived_in.pids()
    assert {name for name in PARTS if after[name] != before[name]} == {part}


def test_an_api_server_that_is_still_ending_is_waited_for(lived_in):
    """It takes its time over its clients; then another one is started in its place."""
    before = lived_in.pids()
    assert before["apiserver"]
    os.kill(before["apiserver"], signal.SIGTERM)
    until(lambda: lived_in.status().state is State.DEGRADED)
    result = lived_in.up()
    assert result.started == ("apiserver",)
    assert result.seconds < 40, "it waited for its clients"
    after = lived_in.pids()
    assert {name for name in PARTS if after[name] != before[name]} == {"apiserver"}


def test_the_version_is_what_the_api_server_says(lived_in):
    """Whatever programs were named with --assets, or are believed to run."""
    sandbox = Places.of(lived_in.environment).sandbox("default")
    record = read_record(sandbox)
    assert record is not None
    write_record(sandbox, replace(record, kubernetes="v1.33.0"))
    assert lived_in.up().kubernetes == f"v{KUBERNETES}"
    assert lived_in.status().kubernetes == f"v{KUBERNETES}"


def test_a_deleted_node_comes_back(lived_in):
    """What belongs to the sandbox and was deleted is made again by `up`."""
    with client_of(lived_in.status().kubeconfig) as client:
        client.delete("/api/v1/nodes/cpu-0")
    assert lived_in.up().changed
    assert [node.name for node in lived_in.status().nodes] == ["cpu-0"]


def test_nodes_can_be_changed_while_it_runs(lived_in):
    """Other nodes come, those not wanted any more go, and `up` without a wish keeps them."""
    result = lived_in.up(nodes="gpu=1x4")
    assert (result.changed, result.started) == (True, ())
    assert [(node.name, node.gpus) for node in lived_in.status().nodes] == [("gpu-0", 4)]
    assert lived_in.up(nodes=None).nodes == "gpu=1x4"
    assert lived_in.up(nodes=QUICK).changed


def test_the_port_of_a_running_sandbox_stays(lived_in):
    """A wish that cannot be met without stopping it is refused, with the way to do it."""
    with pytest.raises(SandboxError, match="runs on port") as caught:
        lived_in.up(port=1)
    assert "--keep-data" in caught.value.hint


def test_a_command_runs_against_the_running_sandbox(lived_in):
    """It finds the cluster by KUBECONFIG, its exit code is ours, the sandbox runs on."""
    before = lived_in.pids()
    script = 'test -r "$KUBECONFIG" && test "$STACKCTL_SANDBOX" = default && exit 7'
    assert lived_in.run("sh", "-c", script) == 7
    assert lived_in.run("sh", "-c", "kill -TERM $$") == 128 + signal.SIGTERM
    assert lived_in.pids() == before


def test_logs_are_of_one_part_or_of_all(lived_in):
    """Lines come with the part that wrote them, as many as asked for."""
    environment = lived_in.environment
    one = list(inspection.logs("apiserver", lines=3, environment=environment))
    assert [line.part for line in one] == ["apiserver"] * 3
    assert {line.part for line in inspection.logs(environment=environment)} >= {"etcd", "apiserver"}
    with pytest.raises(UsageError, match="'nobody' is not a part"):
        inspection.logs("nobody", environment=environment)


def test_followed_logs_go_on(lived_in):
    """What is written after the start is read too, line by line."""
    log = Places.of(lived_in.environment).sandbox("default").log("agent")

    def write_more(_: float) -> None:
        with log.open("a") as file:
            file.write("something new\nand a beginning")

    lines = inspection.logs(
        "agent", lines=0, follow=True, environment=lived_in.environment, sleep=write_more
    )
    assert next(line.text for line in lines if "beginning" not in line.text) == "something new"


def test_two_sandboxes_live_side_by_side(lived_in):
    """Each has its own address and state; one goes without touching the other."""
    before = lived_in.pids()
    try:
        second = lived_in.up("second")
        assert second.server != lived_in.status().server
        assert second.context == "stackctl-sandbox-second"
        names = inspection.running_sandboxes(environment=lived_in.environment)
        assert names == ("default", "second")
        with client_of(second.kubeconfig) as client:
            client.create(
                CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
            )
        with client_of(lived_in.status().kubeconfig) as client:
            assert client.get(f"{CONFIG_MAP}/x") is None
    finally:
        lived_in.down("second")
    assert lived_in.status("second").state is State.ABSENT
    assert lived_in.running("second") == 0
    assert lived_in.pids() == before


def test_a_context_is_merged_and_taken_out(home):
    """`--merge` adds a context to the user's kubeconfig; `down` removes it and leaves nothing."""
    config = home.folder / ".kube" / "config"
    result = home.up(merge=True)
    assert result.merged_into == config
    assert json.loads(result.kubeconfig.read_text())["current-context"] == "stackctl-sandbox"
    access = find_access(kubeconfig=None, context="stackctl-sandbox", env=home.environment)
    assert (access.server, access.simulated) == (result.server, True)
    assert not home.up(merge=True).changed
    assert home.down().stopped == len(PARTS)
    assert "stackctl-sandbox" not in config.read_text()
    assert home.running() == 0
    assert home.leftovers() == [config.parent, config, home.folder / "state"]


def test_kept_data_is_found_again_in_a_folder_with_a_long_name(tmp_path):
    """State survives only when asked for; a port taken meanwhile is avoided."""
    home = Home(tmp_path, {"XDG_STATE_HOME": str(tmp_path / ("long" * 30))})
    first = home.up()
    try:
        with client_of(first.kubeconfig) as client:
            client.create(
                CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}}
            )
        assert home.down(keep_data=True).kept
        assert home.running() == 0
        assert home.status().state is State.STOPPED
        with pytest.raises(SandboxError, match="is not running"):
            inspection.kubeconfig(environment=home.environment)
        with occupied(int(first.server.rpartition(":")[2])):
            second = home.up(nodes=None)
        assert second.server != first.server
        with client_of(second.kubeconfig) as client:
            assert client.get(f"{CONFIG_MAP}/kept")
    finally:
        home.down()
    assert home.running() == 0
    assert home.leftovers() == [tmp_path / ("long" * 30)]


@contextmanager
def occupied(port: int = 0) -> Iterator[int]:
    """Listen on a port, as another program would."""
    with socket.create_server(("127.0.0.1", port)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_is_named(home):
    """A port that was asked for and is taken is an error; nothing has been started."""
    with occupied() as port, pytest.raises(SandboxError, match=f"port {port} is in use"):
        home.up(port=port)
    assert home.leftovers() == [home.folder / "state"]


def test_down_without_a_sandbox_is_no_error(home):
    """There is nothing to do, and that is what is said."""
    result = home.down()
    assert (result.existed, result.stopped) == (False, 0)
    assert home.leftovers() == [home.folder / "state"]


def test_a_command_gets_a_sandbox_of_its_own(home):
    """Where none runs, one is made for the command and gone after it."""
    with pytest.raises(UsageError, match="no such command"):
        home.run("no-such-program-anywhere")
    assert home.leftovers() == []
    script = 'test -r "$KUBECONFIG" && exit 3'
    assert home.run("sh", "-c", script) == 3
    assert home.running() == 0
    assert home.leftovers() == [home.folder / "state"]


def test_two_at_once_make_one_sandbox(home):
    """The second `up` waits for the first and finds everything there."""
    results: list[UpResult] = []
    threads = [threading.Thread(target=lambda: results.append(home.up())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.changed for result in results) == [False, True]
    assert home.running() == len(PARTS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["etcd", "the API server", "the nodes"])
def test_an_interrupted_start_leaves_nothing(home, moment, number):
    """Ctrl-C or SIGTERM, whatever is being waited for: no process and no file stays."""
    with starting(home) as process:
        await_line(process, f"waiting for {moment}")
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    assert home.running() == 0
    assert home.leftovers() == [home.folder / "state"]


def test_an_interrupted_mending_leaves_what_ran(home):
    """Parts that ran before `up` still run after it was interrupted."""
    home.up()
    before = home.pids()
    kill(before["apiserver"])
    with starting(home) as process:
        await_line(process, "waiting for the API server")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    expected = {part: pid for part, pid in before.items() if part != "apiserver"}
    assert {part: pid for part, pid in home.pids().items() if pid} == expected
    assert home.up().started == ("apiserver",)


def test_a_killed_start_is_cleaned_up_by_the_next_command(home):
    """Killed without a chance to clean up, everything it started is still found and stopped."""
    with starting(home) as process:
        await_line(process, "waiting for the API server")
        process.kill()
        process.wait(60)
    assert home.running() >= 1
    assert home.down().stopped >= 1
    assert home.running() == 0
    assert home.leftovers() == [home.folder / "state"]


def test_an_interrupted_download_leaves_nothing_running(home):
    """Ctrl-C while a server does not answer ends the waiting at once."""
    with serving() as served:
        served.stall.add(served.find("/kube-apiserver"))
        home.more = {**without_programs(home), **served.environment}
        with starting(home) as process:
            assert served.asked_for.wait(60)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
    assert not list(home.folder.rglob("*.lock"))


def test_an_interrupted_build_leaves_nothing_running(home):
    """Ctrl-C while packages are compiled ends the compiler and all it has started."""
    tools = home.folder / "bin"
    tools.mkdir()
    pids = home.folder / "pids"
    compiler = f"sleep 600 & echo $! $$ > {pids}; echo one; echo two; wait"
    program = tools / "go"
    program.write_text(f'#!/bin/sh\n[ "$1" = env ] && echo go1.26.0 && exit\n{compiler}\n')
    program.chmod(0o755)
    home.more = {**without_programs(home), "PATH": f"{tools}:{os.defpath}"}
    with starting(home) as process:
        until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert [processes.birth_of(int(pid)) for pid in pids.read_text().split()] == [None, None]
    cache = home.folder / "cache" / "stackctl" / "sandbox"
    assert list(cache.iterdir()) == []


def without_programs(home: Home) -> dict[str, str]:
    """An empty cache, and releases that cannot be reached."""
    with occupied() as port:
        closed = f"http://127.0.0.1:{port}"
    names = ("KUBERNETES", "ETCD", "KWOK")
    urls = {f"STACKCTL_SANDBOX_{name}_URL": closed for name in names}
    cache = str(home.folder / "cache")
    return {
        "XDG_CACHE_HOME": cache,
        "STACKCTL_SANDBOX_ASSETS": "",
        "KUBEBUILDER_ASSETS": "",
        **urls,
    }


def test_a_part_that_cannot_start_says_why(home):
    """The error has the last words of the part; its log stays to be read, no process does."""
    programs = home.folder / "programs"
    programs.mkdir()
    for program in PROGRAMS:
        (programs / program).write_text("#!/bin/sh\necho out of luck\nexit 1\n")
        (programs / program).chmod(0o755)
    with pytest.raises(
        SandboxError, match=r"etcd stopped while starting(?s:.)*out of luck"
    ) as caught:
        home.up(assets=programs)
    assert caught.value.hint == "stackctl sandbox logs etcd"
    (line,) = inspection.logs("etcd", environment=home.environment)
    assert line.text == "out of luck"
    assert home.status().state is State.STOPPED
    assert home.running() == 0


def test_waiting_has_an_end(home):
    """What is never ready is named when the time is over, and stopped."""
    programs = home.folder / "programs"
    programs.mkdir()
    for program in PROGRAMS:
        (programs / program).write_text("#!/bin/sh\nexec sleep 600\n")
        (programs / program).chmod(0o755)
    with pytest.raises(SandboxError, match="not ready in time: etcd: no answer"):
        home.up(assets=programs, timeout=0.3)
    assert home.running() == 0


def test_an_unreadable_record_can_be_removed(home):
    """A broken record is named with the way out, and `down` still stops everything."""
    home.up()
    sandbox = Places.of(home.environment).sandbox("default")
    sandbox.record.write_text("{")
    with pytest.raises(SandboxError, match="cannot be read") as caught:
        home.status()
    assert "stackctl sandbox down" in caught.value.hint
    assert home.down().stopped == len(PARTS)
    assert home.leftovers() == [home.folder / "state"]


def test_progress_is_told(home):
    """What is being waited for is said while it is, with how many parts run."""
    result = home.up()
    steps = [event for event in home.told if isinstance(event, Step)]
    assert {step.unit for step in steps} == {"parts"}
    assert steps[0].text == "waiting for etcd"
    assert result.seconds < 60
    assert is_free(int(result.server.rpartition(":")[2])) is False
