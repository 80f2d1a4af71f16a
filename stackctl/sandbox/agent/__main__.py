"""Starts the agent's parts, each in a thread of its own, and ends them on a signal."""

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from stackctl.api.access.kubeconfig import find_access
from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.model.run.events import Event, Retrying
from stackctl.sandbox.agent.lifecycles.known import LIFECYCLES
from stackctl.sandbox.agent.log import log_to_stderr
from stackctl.sandbox.agent.mirror import NODES, PODS, SERVICES, SLICES, Mirror
from stackctl.sandbox.agent.simulation import injector
from stackctl.sandbox.agent.simulation.certificates import Certificates
from stackctl.sandbox.agent.simulation.kubelets import Kubelets
from stackctl.sandbox.agent.simulation.operators import Operators
from stackctl.sandbox.agent.simulation.volumes import Volumes
from stackctl.sandbox.agent.webhooks.addresses import Destination, World, resolve
from stackctl.sandbox.agent.webhooks.authority import Authority
from stackctl.sandbox.agent.webhooks.egress import Egress
from stackctl.sandbox.agent.webhooks.responder import Responder
from stackctl.sandbox.agent.webhooks.routes import Routes

KINDS = (
    ApiResource("", "v1", "Service", "services", namespaced=True),
    ApiResource("", "v1", "Secret", "secrets", namespaced=True),
    ApiResource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", namespaced=True),
    ApiResource("", "v1", "Pod", "pods", namespaced=True),
    ApiResource("", "v1", "Node", "nodes", namespaced=False),
    ApiResource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", namespaced=True),
    ApiResource("", "v1", "PersistentVolume", "persistentvolumes", namespaced=False),
    *injector.KINDS,
)
_PATIENCE_SECONDS = 3.0  # whatever fails is seen again
_RECHECK_SECONDS = 1.0  # the routes are a file, which wakes nobody
_POLL_SECONDS = 0.05


class Agent:
    """The whole program."""

    def __init__(self, state: Path) -> None:
        self.stop = threading.Event()
        self.failed = False
        self._ready = state / "agent.ready"
        access = find_access(kubeconfig=str(state / "agent.kubeconfig"), context=None, env={})
        self._client = Client(
            access, notify=_note_trouble, stop=self.stop, patience=_PATIENCE_SECONDS
        )
        self._mirror = Mirror(self._client, self.stop, log_to_stderr)
        self._routes = Routes(state / "routes.json", log_to_stderr)
        self._authority = Authority(state / "ca.crt", state / "ca.key")
        self._network = self._mirror.wakeup(SERVICES, SLICES, PODS, NODES)
        self._egress = Egress(
            state / "egress.sock",
            self._resolve,
            Responder(self._authority, log_to_stderr).respond,
            self._trouble,
            log_to_stderr,
        )

    def run(self) -> None:
        """Work until `stop` is set."""
        self._ready.unlink(missing_ok=True)
        parts = self._parts()
        for resource in KINDS:
            self._mirror.follow(resource)
        threads = [self._start(name, part) for name, part in parts.items()]
        while self._trouble() and not self.stop.wait(_POLL_SECONDS):
            pass
        if not self.stop.is_set():
            self._egress.listen()
            self._ready.write_text(f"{os.getpid()}\n")
            log_to_stderr("ready")
        self.stop.wait()
        log_to_stderr("ending")
        self._ready.unlink(missing_ok=True)
        self._egress.close()
        self._mirror.close()
        for thread in threads:
            thread.join(timeout=2.0)
        self._client.close()

    def _parts(self) -> dict[str, Callable[[], None]]:
        client, mirror, routes = self._client, self._mirror, self._routes
        certificates = Certificates(client, mirror, self._authority)
        lifecycles = (*LIFECYCLES, certificates.lifecycle)
        bundle = self._authority.bundle
        return {
            "injector": injector.Injector(client, mirror, routes, bundle, log_to_stderr).run,
            "kubelets": Kubelets(client, mirror, log_to_stderr).run,
            "operators": Operators(client, mirror, routes, lifecycles, log_to_stderr).run,
            "volumes": Volumes(client, mirror, log_to_stderr).run,
            "network": self._watch_network,
        }

    def _start(self, name: str, part: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=part, name=name, daemon=True)
        thread.start()
        return thread

    def _watch_network(self) -> None:
        while not self._network.wait(_RECHECK_SECONDS, self.stop):
            self._egress.recheck()

    def _resolve(self, host: str, port: int) -> Destination:
        mirror = self._mirror
        world = World(
            mirror.all(SERVICES),
            mirror.all(SLICES),
            mirror.all(PODS),
            mirror.all(NODES),
            self._routes.read(),
        )
        return resolve(host, port, world)

    def _trouble(self) -> str:
        missing = self._mirror.missing(each.group_kind for each in KINDS)
        return f"not read yet: {', '.join(kind for _, kind in missing)}" if missing else ""

    def fail(self, arguments: threading.ExceptHookArgs) -> None:
        """End the program when one of its threads does: half an agent would deceive."""
        traceback.print_exception(arguments.exc_value)
        name = arguments.thread.name if arguments.thread else "a thread"
        log_to_stderr(f"{name} failed")
        if name != "connection":
            self.failed = True
            self.stop.set()


def _note_trouble(event: Event) -> None:
    if isinstance(event, Retrying):
        log_to_stderr(f"{event.what}: {event.why}")


def main(arguments: Sequence[str]) -> int:
    """Run the agent of the sandbox in a folder."""
    parser = argparse.ArgumentParser(prog="python -m stackctl.sandbox.agent", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="the sandbox's folder")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    agent = Agent(options.state_dir)
    threading.excepthook = agent.fail
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _tell(agent.stop))
    agent.run()
    return int(agent.failed)


def _tell(stop: threading.Event) -> None:
    # Not from the handler itself: the thread it interrupts may hold the event's lock.
    threading.Thread(target=stop.set).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
