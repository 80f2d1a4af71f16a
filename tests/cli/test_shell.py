"""What a shell and a pipe get: completions, no question, and no noise when a reader goes away."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping

import pytest

STACKCTL = [sys.executable, "-m", "stackctl"]


class Terminal:
    """A shell that somebody types into."""

    def __init__(self, shell: list[str], environment: Mapping[str, str]) -> None:
        self.stream, theirs = pty.openpty()
        around = {**os.environ, "TERM": "xterm", **environment}
        self.process = subprocess.Popen(
            shell, stdin=theirs, stdout=theirs, stderr=theirs, env=around, start_new_session=True
        )
        os.close(theirs)
        self.seen = ""

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self.stream, text.encode())

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read until something can be seen."""
        until = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < until, self.seen
            if select.select([self.stream], [], [], 1)[0]:
                self.seen += os.read(self.stream, 65536).decode(errors="replace")

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self.stream)


@pytest.fixture(params=["bash", "zsh"])
def shell(request, tmp_path):
    """A shell that has just been started, with our script loaded as its users do."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    program = tmp_path / "bin" / "stackctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m stackctl "$@"\n')
    program.chmod(0o755)
    script = subprocess.run(
        [*STACKCTL, "completion", request.param], capture_output=True, text=True, check=True
    )
    (tmp_path / "_stackctl").write_text(script.stdout)
    setup = {
        "bash": (["bash", "--norc"], f"source {tmp_path}/_stackctl"),
        "zsh": (["zsh", "-f"], f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D"),
    }
    command, line = setup[request.param]
    path = f"{program.parent}:{os.environ['PATH']}"
    terminal = Terminal(command, {"PATH": path, "HOME": str(tmp_path)})
    terminal.type(f"PS1=; {line}; echo ready$((1 + 1))\n")
    terminal.wait_for("ready2")
    yield terminal
    terminal.close()


@pytest.mark.parametrize(
    ("typed", "result"),
    [
        ("stackctl depl\t--help | head -1\n", "Usage: stackctl deploy"),
        (
            "stackctl render cpu --set spark-operator.work\tx\n",
            "spark-operator.workers: expected",
        ),
    ],
)
def test_the_first_tab_completes(shell, typed, result):
    """In a shell as it is; no blank comes after `workers=`."""
    shell.type(typed)
    shell.wait_for(result)


def test_fish_is_answered(tmp_path):
    """Offers with what they are."""
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    script = subprocess.run([*STACKCTL, "completion", "fish"], capture_output=True, check=True)
    (tmp_path / "stackctl.fish").write_bytes(script.stdout)
    program = tmp_path / "stackctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m stackctl "$@"\n')
    program.chmod(0o755)
    typed = "stackctl deploy gpu8 --set spark-operator.w"
    ask = f"source {tmp_path}/stackctl.fish; complete -C '{typed}'"
    found = subprocess.run(
        ["fish", "--no-config", "-c", ask],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "spark-operator.workers=\t" in found.stdout


@pytest.mark.parametrize("command", ["--help", "render --profile gpu8", "components -o json"])
def test_a_reader_that_goes_away_is_no_error(command):
    """`stackctl … | head` says nothing about pipes."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        answer = subprocess.run(
            [*STACKCTL, *command.split()],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert answer.stderr == ""


@pytest.mark.parametrize("command", [["deploy", "--profile", "gpu8"], ["teardown"]])
def test_without_a_terminal_a_change_needs_yes(command):
    """Nobody could answer, so nothing is even looked at, and the option is named."""
    answer = subprocess.run(
        [*STACKCTL, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "error: there is no terminal to ask on" in answer.stderr
    assert "hint: add --yes" in answer.stderr
