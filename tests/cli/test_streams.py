"""What becomes of a run when whoever watched it is gone."""

import json
import os
import subprocess
import sys

import pytest

from stackctl.signals import TERMINATED
from tests.cli.conftest import Cli

pytestmark = pytest.mark.timeout(600)

DEPLOY = ("-m", "stackctl", "deploy", "--profile", "cpu", "--yes")
# To be the program that a terminal tells when it is closed, whatever the shell of the tests said.
TAKE_TERMINAL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def release(cli: Cli) -> str:
    """Say how the record says that the stack stands."""
    return str(json.loads(cli("status", "-o", "json").out)["release"]["status"])


def test_a_run_goes_on_when_nobody_reads_what_it_says(cli):
    """What is said beside the result is not worth half an installation."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, *DEPLOY],
        check=False,
        env=cli.environment,
        cwd=cli.home,
        stderr=writing,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert done.returncode == 0
    assert "deployed: stack cpu" in done.stdout
    assert release(cli) == "deployed"
    assert cli("teardown", "--yes").code == 0


@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_a_closed_terminal_stops_a_run_as_control_c_does(cli, terminal):
    """It ends with a record and without its lock, and the same command goes on."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *DEPLOY],
        env=cli.environment | {"TERM": terminal},
        cwd=cli.home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as program:
        os.close(theirs)
        said = b""
        while b"applying" not in said:
            said += os.read(ours, 65536)
        os.close(ours)
        assert program.wait(120) == TERMINATED
    assert release(cli) == "failed"
    assert cli("deploy", "--profile", "cpu", "--yes").code == 0
    assert cli("teardown", "--yes").code == 0
