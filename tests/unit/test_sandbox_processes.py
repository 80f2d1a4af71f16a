"""Starting, recognising and stopping processes, with small real ones."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stackctl.sandbox.machine import processes
from stackctl.sandbox.machine.processes import Process, alive

DEAF = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
PATIENT = 10.0


class Starting:
    """Starts processes and ends them with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.started: list[Process] = []

    def __call__(self, *command: str, **environment: str) -> Process:
        """Start one."""
        given = {"PATH": os.environ["PATH"], **environment}
        process = processes.start(command, log=self.log, folder=self.folder, environment=given)
        self.started.append(process)
        return process


@pytest.fixture
def start(tmp_path) -> Iterator[Starting]:
    starting = Starting(tmp_path)
    yield starting
    processes.stop(starting.started, 0.0)


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENT
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_a_process_runs_in_its_folder_and_logs(start):
    """Output and errors are appended to the log; the folder is the working directory."""
    start.log.write_text("before\n")
    start("sh", "-c", "pwd; echo wrong >&2")
    expected = f"before\n{start.folder.resolve()}\nwrong\n"
    assert eventually(lambda: start.log.read_text() == expected)


def test_a_process_lives_until_it_is_stopped(start):
    """It is alive, is asked to end, and is gone."""
    process = start("sleep", "60")
    assert alive(process)
    processes.stop([process], PATIENT)
    assert not alive(process)


def test_a_deaf_process_is_ended(start):
    """A process that does not listen has its grace and no more."""
    process = start("sh", "-c", DEAF)
    assert eventually(lambda: "deaf" in start.log.read_text())
    processes.stop([process], 0.05)
    assert not alive(process)


def test_a_process_has_its_own_session(start):
    """Ctrl-C at the terminal that started it does not reach it."""
    process = start("sleep", "60")
    assert os.getsid(process.pid) != os.getsid(0)


def test_a_recycled_pid_is_left_alone(start):
    """A process that has the pid of one of ours, and is not it, is neither alive nor stopped."""
    other = start("sleep", "60")
    ours = Process(other.pid, birth="another time")
    assert not alive(ours)
    processes.stop([ours], 0.0)
    assert alive(other)


def test_a_program_that_cannot_be_run_is_dead_and_says_why(start):
    """The reason is in the log, where the reasons of all parts are."""
    process = start("/no/such/program")
    assert eventually(lambda: not alive(process))
    assert "/no/such/program" in start.log.read_text()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="only Linux shows environments")
def test_a_mark_in_the_environment_finds_a_process(start):
    """What was started and never written down is still found; others are not."""
    marked = start("sleep", "60", MARK="/a/place")
    start("sleep", "60", MARK="/a/place/below")
    assert eventually(lambda: processes.bearing("MARK=/a/place") == (marked,))


def test_a_zombie_is_not_alive():
    """A child that has ended and was not waited for is dead to us."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    try:
        assert eventually(lambda: processes.birth_of(pid) is None)
    finally:
        os.waitpid(pid, 0)


def test_nobody_has_an_impossible_pid():
    """A pid that no process has has no birth, and stopping it is no error."""
    nobody = Process(2**22 + 1, "x")
    assert processes.birth_of(nobody.pid) is None
    processes.stop([nobody], 0.0)
