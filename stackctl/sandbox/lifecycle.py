"""What can be done with a sandbox: bring it up, take it down.

Looking at one is for `inspection`, running a command against one for `session`.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stackctl.errors import Interrupted, SandboxError
from stackctl.files import exists
from stackctl.model.run.events import Notify
from stackctl.sandbox.machine.interrupts import Interrupts, interruptible
from stackctl.sandbox.machine.locks import locked
from stackctl.sandbox.machine.places import DEFAULT_NAME, Places, Sandbox
from stackctl.sandbox.machine.pulse import repeating
from stackctl.sandbox.machine.user_kubeconfig import (
    add_context,
    check_kubeconfig,
    remove_context,
    user_kubeconfig,
)
from stackctl.sandbox.plane.kubeconfigs import kubeconfig_of
from stackctl.sandbox.plane.nodes import DEFAULT_NODES, format_nodes, parse_nodes
from stackctl.sandbox.plane.parts import PARTS
from stackctl.sandbox.plane.ports import choose_ports, refuse_busy
from stackctl.sandbox.plane.record import Record, name_option, read_record, write_record
from stackctl.sandbox.plane.starting import Start, plane_of, prepare
from stackctl.sandbox.plane.stopping import (
    remove_empty_folders,
    remove_folder,
    stop_parts,
    stop_strays,
)
from stackctl.sandbox.programs.binaries import Search, find_binaries
from stackctl.sandbox.programs.versions import this_platform


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `up` is asked for; None means as it is, or the default for a new sandbox."""

    nodes: str | None = None  # "gpu=2x8,cpu=1"
    port: int | None = None  # of the API server
    assets: Path | None = None  # folder of the programs
    install_go: bool = False
    merge: bool = False  # put a context into the user's own kubeconfig
    timeout: float = 120.0  # for starting; fetching the programs takes as long as it takes


@dataclass(frozen=True, slots=True)
class UpResult:
    """A sandbox that is up."""

    name: str
    kubeconfig: Path
    context: str
    server: str
    kubernetes: str  # version, as its API server says it
    nodes: str
    source: str  # where the programs came from: assets, cache, release or build
    started: tuple[str, ...]  # parts that did not run before
    changed: bool  # false when everything was there already
    merged_into: Path | None
    seconds: float


@dataclass(frozen=True, slots=True)
class DownResult:
    """A sandbox that is down."""

    name: str
    existed: bool
    stopped: int  # processes
    kept: bool  # its data is still there
    seconds: float


def up(
    name: str = DEFAULT_NAME,
    wanted: Wanted | None = None,
    *,
    notify: Notify,
    environment: Mapping[str, str] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> UpResult:
    """Bring a sandbox to what is wanted: make it, mend it, or find that nothing is to be done."""
    with repeating(notify) as tell:
        environment = os.environ if environment is None else environment
        return _up(name, _Errand(wanted or Wanted(), environment, tell), now)


def _up(name: str, errand: "_Errand", now: Callable[[], float]) -> UpResult:
    begun = now()
    with errand.changing(name, "; the sandbox is as it was before") as (sandbox, interrupts):
        before = read_record(sandbox)
        record = errand.decide(sandbox, before, interrupts)
        merge_into = errand.kubeconfig_to_merge(record)
        deadline = now() + errand.wanted.timeout
        start = Start(sandbox, record, errand.environment, errand.notify, interrupts, deadline, now)
        with _undone(start, before):
            stop_strays(sandbox, before)
            prepare(sandbox, record)
            start.run()
            record = _merged(sandbox, start.record, merge_into)
    return UpResult(
        name=name,
        kubeconfig=sandbox.kubeconfig,
        context=sandbox.context,
        server=plane_of(sandbox, record).server,
        kubernetes=record.kubernetes,
        nodes=record.nodes,
        source=record.source,
        started=tuple(start.started),
        changed=start.nodes_changed or record != before,
        merged_into=Path(record.merged_into) if record.merged_into else None,
        seconds=now() - begun,
    )


def down(
    name: str = DEFAULT_NAME,
    *,
    keep_data: bool = False,
    notify: Notify,
    environment: Mapping[str, str] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> DownResult:
    """Stop a sandbox and, unless its data is to be kept, remove all it has written."""
    begun = now()
    environment = os.environ if environment is None else environment
    errand = _Errand(Wanted(), environment, notify)
    with errand.changing(name) as (sandbox, interrupts), interrupts.held():
        record = _readable_record(sandbox)
        existed = exists(sandbox.root)
        stopped = stop_parts(record) if record else 0
        stopped += stop_strays(sandbox, None)
        if record and record.merged_into:
            remove_context(Path(record.merged_into), sandbox.context)
        if record and keep_data:
            write_record(sandbox, replace(record, processes={}, merged_into=""))
        else:
            remove_folder(sandbox)
    return DownResult(name, existed, stopped, bool(record) and keep_data, now() - begun)


def _readable_record(sandbox: Sandbox) -> Record | None:
    try:
        return read_record(sandbox)
    except SandboxError:  # what is broken can still be removed
        return None


@dataclass(frozen=True, slots=True)
class _Errand:
    """What was asked for, and in which surroundings."""

    wanted: Wanted
    environment: Mapping[str, str]
    notify: Notify

    @contextmanager
    def changing(self, name: str, aftermath: str = "") -> Iterator[tuple[Sandbox, Interrupts]]:
        """Be the only one to change a sandbox, and leave no empty folders."""
        places = Places.of(self.environment)
        sandbox = places.sandbox(name)
        try:
            with (
                interruptible(aftermath) as interrupts,
                locked(sandbox.lock, f"sandbox {name!r}", self.notify),
            ):
                yield sandbox, interrupts
        finally:
            remove_empty_folders(places)

    def decide(self, sandbox: Sandbox, before: Record | None, interrupts: Interrupts) -> Record:
        """Return what the sandbox is to be; a part that runs is left as it is."""
        nodes = self.wanted.nodes or (before.nodes if before else DEFAULT_NODES)
        nodes = format_nodes(parse_nodes(nodes))
        if before and any(map(before.running, PARTS)):
            self._refuse_changes(sandbox, before)
            alive = {p: before.processes[p] for p in PARTS if before.running(p)}
            return replace(before, nodes=nodes, processes=alive)
        ports = choose_ports(self.wanted.port, before.ports if before else None)
        binaries = find_binaries(self._search(before), self.notify, interrupts)
        known = before.kubernetes if before else ""
        return Record(known, binaries.folder, binaries.source, ports, nodes)

    def _search(self, before: Record | None) -> Search:
        # Kept data goes on with the programs that were named for it.
        named = before.programs if before and before.source == "assets" else None
        return Search(
            cache=Places.of(self.environment).cache,
            target=this_platform(),
            environment=self.environment,
            assets=self.wanted.assets or named,
            install_go=self.wanted.install_go,
        )

    def _refuse_changes(self, sandbox: Sandbox, before: Record) -> None:
        name = name_option(sandbox)
        hint = f"stackctl sandbox down{name} --keep-data, then up{name} again"
        if self.wanted.port not in (None, before.ports.api):
            text = f"the sandbox runs on port {before.ports.api}; that cannot be changed now"
            raise SandboxError(text, hint=hint)
        if self.wanted.assets and self.wanted.assets.absolute() != before.programs:
            text = f"the sandbox runs the programs of {before.programs}; that cannot be changed now"
            raise SandboxError(text, hint=hint)
        refuse_busy(before.ports, api=before.running("apiserver"), etcd=before.running("etcd"))

    def kubeconfig_to_merge(self, record: Record) -> Path | None:
        """Name the kubeconfig that is to get a context, sure that it can."""
        if not self.wanted.merge:
            return None
        path = user_kubeconfig(self.environment)
        check_kubeconfig(path)
        return None if str(path) == record.merged_into else path


@contextmanager
def _undone(start: Start, before: Record | None) -> Iterator[None]:
    """Stop what was started when the block fails; what ran before is left alone."""
    try:
        yield
    except BaseException as error:
        with start.interrupts.held():
            stop_parts(start.record, start.started)
            if before is None and isinstance(error, Interrupted | KeyboardInterrupt):
                remove_folder(start.sandbox)
            elif exists(start.sandbox.root):  # with the logs that tell why
                left = {
                    part: process
                    for part, process in start.record.processes.items()
                    if part not in start.started
                }
                write_record(start.sandbox, replace(start.record, processes=left))
        raise


def _merged(sandbox: Sandbox, record: Record, path: Path | None) -> Record:
    if path is None:
        return record
    if record.merged_into:  # one file at a time, or `down` could not take it out again
        remove_context(Path(record.merged_into), sandbox.context)
    add_context(path, kubeconfig_of(sandbox, plane_of(sandbox, record).server, "admin"))
    merged = replace(record, merged_into=str(path))
    write_record(sandbox, merged)
    return merged
