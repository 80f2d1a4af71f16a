"""The parts of a control plane and the command line of each.

Values in, argument lists out: nothing in here starts anything.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackctl.sandbox.machine.places import Sandbox
from stackctl.sandbox.plane.nodes import KWOK_ANNOTATION

# In the order they are started; stopped the other way round.
PARTS = ("etcd", "apiserver", "controller-manager", "scheduler", "kwok", "agent")

HOST = "127.0.0.1"
API_SERVICE_ADDRESS = "10.96.0.1"
_SERVICE_RANGE = "10.96.0.0/16"
_POD_RANGE = "10.244.0.1/16"
_ISSUER = "https://kubernetes.default.svc.cluster.local"
_MARK = "STACKCTL_SANDBOX_ROOT"


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports in use."""

    api: int
    etcd: int
    etcd_peer: int


@dataclass(frozen=True, slots=True)
class Plane:
    """All that the command lines depend on."""

    sandbox: Sandbox
    ports: Ports
    programs: Path  # folder of the programs
    stages: tuple[Path, ...]  # what kwok does to nodes and Pods

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://{HOST}:{self.ports.api}"


def mark_of(sandbox: Sandbox) -> str:
    """Return the environment entry that every part of a sandbox carries, and nothing else does."""
    return f"{_MARK}={sandbox.root}"


def environment_of(sandbox: Sandbox, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the parts."""
    name, _, value = mark_of(sandbox).partition("=")
    # The agent is this package, which need not be installed to be run.
    package = str(Path(__file__).parents[3])
    paths = [package, environment.get("PYTHONPATH", "")]
    # A proxy of the user's is for the outside; all our addresses are inside.
    kept = {key: text for key, text in environment.items() if not key.lower().endswith("_proxy")}
    return kept | {name: value, "PYTHONPATH": ":".join(filter(None, paths))}


def command_of(part: str, plane: Plane) -> list[str]:
    """Return the command line of one part."""
    return _COMMANDS[part](plane)


def egress_config(plane: Plane) -> dict[str, Any]:
    """Send the API server's calls to Services and Pods to the agent's socket."""
    transport = {"uds": {"udsName": _from_root(plane, plane.sandbox.egress_socket)}}
    connection = {"proxyProtocol": "HTTPConnect", "transport": transport}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }


def _from_root(plane: Plane, path: Path) -> str:
    # Every part has the sandbox's folder as its working directory, so that a folder
    # with a long name does not make a socket address that is too long.
    sandbox = plane.sandbox
    return str(path.relative_to(sandbox.root)) if sandbox.long else str(path)


def _etcd(plane: Plane) -> list[str]:
    pki = plane.sandbox.pki
    client = f"https://{HOST}:{plane.ports.etcd}"
    peer = f"https://{HOST}:{plane.ports.etcd_peer}"
    return [
        str(plane.programs / "etcd"),
        f"--data-dir={plane.sandbox.etcd}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={pki}/etcd-ca.crt",
        f"--cert-file={pki}/etcd.crt",
        f"--key-file={pki}/etcd.key",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={pki}/etcd-ca.crt",
        f"--peer-cert-file={pki}/etcd.crt",
        f"--peer-key-file={pki}/etcd.key",
        # The database lives as long as the sandbox; a power cut may take it.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(plane: Plane) -> list[str]:
    sandbox, pki = plane.sandbox, plane.sandbox.pki
    return [
        str(plane.programs / "kube-apiserver"),
        f"--bind-address={HOST}",
        f"--secure-port={plane.ports.api}",
        # A machine without a default route has no other address to offer.
        f"--advertise-address={HOST}",
        # Loopback addresses are not allowed in Endpoints, which it would try to write.
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={sandbox.ca}",
        f"--etcd-servers=https://{HOST}:{plane.ports.etcd}",
        f"--etcd-cafile={pki}/etcd-ca.crt",
        f"--etcd-certfile={pki}/apiserver-etcd-client.crt",
        f"--etcd-keyfile={pki}/apiserver-etcd-client.key",
        f"--kubelet-certificate-authority={sandbox.ca}",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        "--authorization-mode=RBAC",
        f"--service-cluster-ip-range={_SERVICE_RANGE}",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-key-file={pki}/service-accounts.pub",
        f"--service-account-signing-key-file={pki}/service-accounts.key",
        "--requestheader-allowed-names=front-proxy-client",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
        f"--proxy-client-key-file={pki}/front-proxy-client.key",
        f"--egress-selector-config-file={sandbox.egress_config}",
        "--allow-privileged=true",
        "--profiling=false",
    ]


def _controller_manager(plane: Plane) -> list[str]:
    sandbox, pki = plane.sandbox, plane.sandbox.pki
    return [
        str(plane.programs / "kube-controller-manager"),
        *_client_flags(sandbox.part_kubeconfig("controller-manager")),
        f"--service-account-private-key-file={pki}/service-accounts.key",
        "--use-service-account-credentials=true",
        f"--root-ca-file={sandbox.ca}",
        f"--cluster-signing-cert-file={sandbox.ca}",
        f"--cluster-signing-key-file={sandbox.root}/ca.key",
        # It makes this folder if it is missing, and its default is the machine's.
        f"--flex-volume-plugin-dir={sandbox.root}/flexvolume",
        "--concurrent-namespace-syncs=30",  # the usual 10 leave a teardown waiting for their turn
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def _scheduler(plane: Plane) -> list[str]:
    return [
        str(plane.programs / "kube-scheduler"),
        *_client_flags(plane.sandbox.part_kubeconfig("scheduler")),
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def _client_flags(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",  # nobody asks them anything
        "--profiling=false",
    ]


def _kwok(plane: Plane) -> list[str]:
    return [
        str(plane.programs / "kwok"),
        f"--kubeconfig={plane.sandbox.part_kubeconfig('kwok')}",
        f"--manage-nodes-with-annotation-selector={KWOK_ANNOTATION}=fake",
        f"--cidr={_POD_RANGE}",
        "--node-lease-duration-seconds=40",
        *(f"--config={stage}" for stage in plane.stages),
    ]


def _agent(plane: Plane) -> list[str]:
    root = "." if plane.sandbox.long else str(plane.sandbox.root)
    return [sys.executable, "-m", "stackctl.sandbox.agent", "--state-dir", root]


_COMMANDS: dict[str, Callable[[Plane], list[str]]] = {
    "etcd": _etcd,
    "apiserver": _apiserver,
    "controller-manager": _controller_manager,
    "scheduler": _scheduler,
    "kwok": _kwok,
    "agent": _agent,
}
