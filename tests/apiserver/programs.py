"""Programs that others publish as source, built once for each version and kept.

Building takes minutes; what was built is in the tests' cache, beside their environment.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from stackctl.sandbox.machine.interrupts import interruptible
from stackctl.sandbox.machine.locks import locked
from stackctl.sandbox.machine.places import Places
from stackctl.sandbox.programs.toolchain import find_go, install_go
from tests.environment import CALLERS

# Settings of people's own work, which must not change what is built.
FOREIGN = ("GOOS", "GOARCH", "GOEXPERIMENT", "GOBIN")
FLAGS = ("-trimpath", "-ldflags=-s -w")
OURS = {"GOFLAGS": "", "GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}


def cache() -> Path:
    """Return the folder of the tests, which may not exist yet."""
    return Places.of(CALLERS).cache.with_name("tests")


def built(package: str, version: str, module: str = "") -> Path:
    """Return the program of a Go package, built when it is not there yet.

    With its module named, nobody is asked whether there are newer versions of it, which not every
    proxy answers.
    """
    name = package.rpartition("/")[2]
    program = cache() / "programs" / f"{name}@{version}" / name
    with locked(program.parent.with_suffix(".lock"), name, lambda _: None):
        if not program.exists():
            program.parent.mkdir(exist_ok=True)
            if module:
                _build(package, program, f"module built\n\nrequire {module} {version}\n")
            else:
                _build(f"{package}@{version}", program)
    return program


def _build(source: str, program: Path, needs: str = "") -> None:
    kept = {key: value for key, value in CALLERS.items() if key not in FOREIGN}
    # Beside its place, so that half a program is never taken for a whole one.
    with TemporaryDirectory(dir=program.parent) as folder:
        if needs:
            (Path(folder) / "go.mod").write_text(needs, encoding="utf-8")
        subprocess.run(
            [str(_go()), "install", *(["-mod=mod"] if needs else []), *FLAGS, source],
            env=kept | OURS | {"GOBIN": folder},
            cwd=folder,
            check=True,
        )
        (Path(folder) / program.name).rename(program)


def _go() -> Path:
    """Find the toolchain that the sandbox's programs are built with."""
    folder = Places.of(CALLERS).cache
    if go := find_go(folder, CALLERS):
        return go.program
    folder.mkdir(parents=True, exist_ok=True)
    with interruptible() as interrupts:
        return install_go(folder, lambda _: None, interrupts).program
