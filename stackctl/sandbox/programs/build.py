"""Builds the programs from source: one binary of all upstream programs, from a pinned module.

Takes minutes, so it tells how far it is.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree

from stackctl.model.run.events import Notify, Step
from stackctl.sandbox.machine.interrupts import Interrupts
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
        compiler.compile(folder / _BINARY, compiler.list_packages())
    finally:
        rmtree(work, ignore_errors=True)
    for program in PROGRAMS:
        (folder / program).symlink_to(_BINARY)
    if go.private:
        # Intermediate results of a toolchain that builds nothing else: gigabytes, never read again.
        compiler.clean(cache)


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

    def list_packages(self) -> int:
        """Fetch the modules and count the packages to compile."""
        modules = sum(1 for line in (MODULE / "go.sum").read_text().splitlines() if line) // 2
        packages = fetched = 0

        def count(line: str) -> None:
            nonlocal packages, fetched
            if line.startswith(_FETCHING):
                fetched += 1
                self._notify(
                    Step("fetching the sources", min(fetched, modules), modules, "modules")
                )
            else:
                packages += 1

        self._notify(Step("fetching the sources", 0, modules, "modules"))
        self._run(["list", "-deps", "."], count)
        return packages

    def compile(self, binary: Path, packages: int) -> None:
        """Compile and link; packages that were compiled before are not counted again."""
        done = 0

        def count(line: str) -> None:
            nonlocal done
            if line and " " not in line:  # else a compiler's message
                done += 1
                self._notify(Step(what, min(done, packages), packages, "packages"))

        what = "compiling the control plane"
        self._notify(Step(what, 0, packages, "packages"))
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
