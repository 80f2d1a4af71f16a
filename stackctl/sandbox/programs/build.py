"""Builds the programs from source: one binary of all upstream programs, from a pinned module.

Takes minutes, so it tells how far it is.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree

from stackctl.model.run.events import Notify, Step
from stackctl.sandbox.machine.interrupts import Interrupts
from stackctl.sandbox.programs.estimate import link_seconds, seconds_left
from stackctl.sandbox.programs.sources import SourceUnavailable
from stackctl.sandbox.programs.subprocesses import output_of
from stackctl.sandbox.programs.toolchain import Go
from stackctl.sandbox.programs.versions import KUBERNETES, MODULE, PROGRAMS

_BINARY = "controlplane"
_VERSION_PACKAGE = "k8s.io/component-base/version"
_WORK = "go-work"
_FETCHING = "go: downloading "


def build(
    folder: Path,
    go: Go,
    *,
    cache: Path,
    environment: Mapping[str, str],
    notify: Notify,
    interrupts: Interrupts,
) -> None:
    """Put all programs into `folder`."""
    compiler = _Compiler(go, _go_environment(go, cache, environment), notify, interrupts)
    # Ours, because a Go command that is interrupted leaves its own behind.
    work = cache / _WORK
    work.mkdir(exist_ok=True)
    try:
        compiler.compile(folder / _BINARY, compiler.packages())
    finally:
        rmtree(work, ignore_errors=True)
    for program in PROGRAMS:
        (folder / program).symlink_to(_BINARY)
    if go.private:
        # Intermediate results of a toolchain that builds nothing else: gigabytes, never read again.
        compiler.clean(cache)


def cores() -> int:
    """Count the processor cores that a build may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _go_environment(go: Go, cache: Path, environment: Mapping[str, str]) -> dict[str, str]:
    # The build is the same whatever the user has set for their own work.
    ours = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GO111MODULE": "on"}
    ours["GOTMPDIR"] = str(cache / _WORK)
    if go.private:
        ours |= {"GOCACHE": str(cache / "go-build"), "GOMODCACHE": str(cache / "go-mod")}
    foreign = ("GOOS", "GOARCH", "GOEXPERIMENT", "GOAMD64", "GOARM64")
    kept = {key: value for key, value in environment.items() if key not in foreign}
    return kept | ours


class _Compiler:
    """The go command, in the module's folder."""

    def __init__(
        self, go: Go, environment: Mapping[str, str], notify: Notify, interrupts: Interrupts
    ) -> None:
        self._go = go
        self._environment = environment
        self._notify = notify
        self._interrupts = interrupts
        self._cores = cores()

    def packages(self) -> tuple[str, ...]:
        """Fetch the modules and name the packages to compile, the program itself last."""
        modules = sum(1 for line in (MODULE / "go.sum").read_text().splitlines() if line) // 2
        fetched, packages = 0, []

        def count(line: str) -> None:
            nonlocal fetched
            if line.startswith(_FETCHING):
                fetched += 1
                self._notify(
                    Step("fetching the sources", min(fetched, modules), modules, "modules")
                )
            else:
                packages.append(line)

        self._notify(Step("fetching the sources", 0, modules, "modules"))
        self._run(["list", "-deps", "."], count)
        return tuple(packages)

    def compile(self, binary: Path, packages: Sequence[str]) -> None:
        """Compile and link; packages that were compiled before are not counted again."""
        done, total, begun = 0, len(packages), time.monotonic()

        def tell() -> None:
            left = seconds_left(done, total, time.monotonic() - begun, self._cores)
            what = "compiling the control plane"
            self._notify(Step(what, min(done, total), total, "packages", left))

        def count(line: str) -> None:
            nonlocal done
            if line in packages[-1:]:
                self._notify(Step("linking the control plane", left=link_seconds()))
            elif line and " " not in line:  # else a compiler's message
                done += 1
                tell()

        tell()
        major, minor, _ = KUBERNETES.split(".")
        # Clients cannot parse the version of a server that was not told any.
        version = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
        flags = " ".join(f"-X {_VERSION_PACKAGE}.{key}={value}" for key, value in version.items())
        options = ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {flags}"]
        self._run(["build", "-v", *options, "-o", str(binary), "."], count)

    def clean(self, cache: Path) -> None:
        """Remove the private caches."""
        self._run(["clean", "-modcache"], lambda _line: None)  # its files are read-only
        rmtree(cache / "go-build", ignore_errors=True)

    def _run(self, arguments: list[str], take_line: Callable[[str], None]) -> None:
        failure = output_of(
            [str(self._go.program), *arguments],
            take_line,
            self._interrupts,
            folder=MODULE,
            environment=self._environment,
        )
        if failure:
            raise SourceUnavailable(f"`go {arguments[0]}` failed: {failure}")
