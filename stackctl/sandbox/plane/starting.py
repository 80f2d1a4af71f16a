"""Starts the parts of a sandbox, in order, and waits until it can be worked with.

What is to be started is decided before; what happens when this fails is for `lifecycle`.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stackctl.api.polling import NotYet, until
from stackctl.errors import SandboxError
from stackctl.files import exists, write_private
from stackctl.model.run.events import Notify, Step
from stackctl.sandbox.machine import processes
from stackctl.sandbox.machine.interrupts import Interrupts
from stackctl.sandbox.machine.places import Sandbox
from stackctl.sandbox.plane.kubeconfigs import write_kubeconfigs
from stackctl.sandbox.plane.nodes import parse_nodes
from stackctl.sandbox.plane.parts import PARTS, Plane, command_of, egress_config, environment_of
from stackctl.sandbox.plane.population import offer_storage, populate
from stackctl.sandbox.plane.ports import is_open
from stackctl.sandbox.plane.readiness import (
    agent_pending,
    api_pending,
    cluster_pending,
    is_ending,
    version_of,
)
from stackctl.sandbox.plane.record import Record, name_option, write_record
from stackctl.sandbox.plane.server import Server
from stackctl.sandbox.programs.versions import this_platform

_STAGES = Path(__file__).parent / "simulation"
_LOG_LINES = 5
_POLL = 0.05
_GRACE = 5.0  # for an API server that was asked before; being asked twice it hurries


def prepare(sandbox: Sandbox, record: Record) -> None:
    """Write the files that the parts read."""
    from stackctl.sandbox.plane import pki

    sandbox.root.mkdir(parents=True, mode=0o700, exist_ok=True)
    write_record(sandbox, record)
    pki.issue_all(sandbox)
    plane = plane_of(sandbox, record)
    write_kubeconfigs(sandbox, plane.server)
    write_private(sandbox.egress_config, json.dumps(egress_config(plane), indent=2).encode())


def plane_of(sandbox: Sandbox, record: Record) -> Plane:
    """Return what the command lines depend on."""
    stages = tuple(sorted(_STAGES.glob("*.yaml")))
    return Plane(sandbox, record.ports, record.programs, stages)


@dataclass(slots=True)
class Start:
    """One start of all parts that do not run; `record` and `started` tell how far it came."""

    sandbox: Sandbox
    record: Record
    environment: Mapping[str, str]
    notify: Notify
    interrupts: Interrupts
    deadline: float
    now: Callable[[], float] = time.monotonic
    started: list[str] = field(default_factory=list)
    nodes_changed: bool = False

    def run(self) -> None:
        """Start what is missing and wait until the cluster is ready."""
        etcd, api, *others = PARTS
        self._start(etcd)
        self._until("etcd", lambda: "" if is_open(self.record.ports.etcd) else "etcd: no answer")
        server = Server(self.sandbox.kubeconfig)
        try:
            self._await_end(api, server)
            self._start(api)
            # The others come after it: asking before they are let in, they would back off.
            self._until("the API server", lambda: api_pending(server))
            self.record = replace(self.record, kubernetes=version_of(server))
            for part in others:
                self._start(part)
            groups = parse_nodes(self.record.nodes)
            offer_storage(server)
            self.nodes_changed = populate(server, groups, this_platform().arch)
            self._until("the nodes", lambda: cluster_pending(server))
            self._until("the agent", lambda: agent_pending(self.sandbox))
        finally:
            server.close()
        write_record(self.sandbox, self.record)

    def _await_end(self, part: str, server: Server) -> None:
        """Let an API server end that is about to; left alone it takes a minute over its clients.

        It listens no more then, or says so.
        """
        listens = is_open(self.record.ports.api)
        if self.record.running(part) and (not listens or is_ending(server)):
            self.notify(Step("waiting for the API server that is still ending"))
            processes.stop([self.record.processes[part]], _GRACE)

    def _start(self, part: str) -> None:
        if self.record.running(part):
            return
        if part == "agent":
            self.sandbox.egress_socket.unlink(missing_ok=True)  # its predecessor's
        # Between the process and its record there must be no way out.
        with self.interrupts.held():
            process = processes.start(
                command_of(part, plane_of(self.sandbox, self.record)),
                log=self.sandbox.log(part),
                folder=self.sandbox.root,
                environment=environment_of(self.sandbox, self.environment),
            )
            self.started.append(part)
            self.record = self.record.with_process(part, process)
            write_record(self.sandbox, self.record)

    def _until(self, what: str, pending: Callable[[], str]) -> None:
        if not pending():
            return
        running = sum(map(self.record.running, PARTS))
        self.notify(Step(f"waiting for {what}", running, len(PARTS), "parts"))

        def look() -> bool | NotYet:
            missing = pending()
            if missing:
                self._require_parts()
            return not missing or NotYet(
                _POLL,
                late=lambda: SandboxError(
                    f"the sandbox is not ready in time: {missing}",
                    hint="stackctl sandbox logs shows what its parts say",
                ),
            )

        until(look, deadline=self.deadline, now=self.now)

    def _require_parts(self) -> None:
        """Raise when waiting makes no sense any more: a part that was started has ended.

        One that was there before was on its way out, and is started anew.
        """
        for part in self.record.processes:
            if not self.record.running(part):
                if part in self.started:
                    raise self._crashed(part)
                self._start(part)

    def _crashed(self, part: str) -> SandboxError:
        log = self.sandbox.log(part)
        last = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if exists(log) else []
        words = "\n".join(f"  {line}" for line in last)
        return SandboxError(
            f"{part} stopped while starting; its last words:\n{words or '  (none)'}",
            hint=f"stackctl sandbox logs {part}{name_option(self.sandbox)}",
        )
