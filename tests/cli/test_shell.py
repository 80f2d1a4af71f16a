"""What a shell and a pipe get: completions, no question, and no noise when a reader goes away."""

import os
import subprocess
import sys

import pytest

STACKCTL = [sys.executable, "-m", "stackctl"]


def offered(line: str) -> list[str]:
    """Complete the last word of a line as bash asks for it."""
    words = line.split(" ")
    asked = {
        "_STACKCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    answer = subprocess.run(
        STACKCTL, env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert answer.stderr == ""
    return answer.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stackctl dep", "deploy"),
        ("stackctl --context prod dep", "deploy"),
        ("stackctl sandbox kube", "kubeconfig"),
        ("stackctl deploy --profile gpu", "gpu8"),
        ("stackctl deploy --set spark-operator.work", "spark-operator.workers="),
        ("stackctl components kse", "kserve"),
        ("stackctl status -o js", "json"),
    ],
)
def test_what_is_typed_is_completed(line, expected):
    """Commands, options' values, and names from the catalogue."""
    assert expected in offered(line)


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
