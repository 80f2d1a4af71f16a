"""Which loopback ports a sandbox listens on."""

import random
import socket

from stackctl.errors import SandboxError
from stackctl.sandbox.plane.parts import HOST, Ports

# Below the range from which systems give ports to outgoing connections.
_FIRST, _LAST = 20000, 29999


def choose_ports(wanted: int | None, before: Ports | None = None) -> Ports:
    """Choose free ports, those of before if they still are; `wanted` is the API server's."""
    if wanted is not None and not is_free(wanted):
        raise SandboxError(
            f"port {wanted} is in use by another program",
            hint="choose another with --port, or leave the option out: a free one is found",
        )
    keep = [port for port in _all(before) if is_free(port) and port != wanted]
    if wanted is None and len(keep) == 3 and before:
        return before
    api = wanted if wanted is not None else _free_port(set())
    etcd = _free_port({api})
    return Ports(api=api, etcd=etcd, etcd_peer=_free_port({api, etcd}))


def refuse_busy(ports: Ports, *, api: bool, etcd: bool) -> None:
    """Fail when a part that does not run (false) would find its port taken."""
    needed = ((ports.api,) if not api else ()) + ((ports.etcd, ports.etcd_peer) if not etcd else ())
    if busy := [port for port in needed if not is_free(port)]:
        raise SandboxError(
            f"port {busy[0]} of the sandbox has been taken by another program",
            hint="stackctl sandbox down --keep-data, then up again: another port is found",
        )


def _all(ports: Ports | None) -> tuple[int, ...]:
    return (ports.api, ports.etcd, ports.etcd_peer) if ports else ()


def _free_port(taken: set[int]) -> int:
    # Random, so that two sandboxes that start at once do not reach for the same one.
    for port in random.sample(range(_FIRST, _LAST + 1), 200):
        if port not in taken and is_free(port):
            return port
    raise SandboxError(
        f"no free port between {_FIRST} and {_LAST} on {HOST}", hint="name one with --port"
    )


def is_free(port: int) -> bool:
    """Return whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        # As servers do: connections that only wait to be forgotten are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):  # taken, or no port at all
            return False
    return True


def is_open(port: int) -> bool:
    """Return whether a server takes connections on a loopback port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
