"""The network of the sandbox, as the API server sees it: a proxy on a Unix socket.

The API server says `CONNECT address:port` and speaks TLS to whoever answers. Where that leads is
decided in `addresses`; what nobody real answers is left to `responder`.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from stackctl.sandbox.agent.log import Log
from stackctl.sandbox.agent.webhooks.addresses import Destination, Way

Resolve = Callable[[str, int], Destination]
Respond = Callable[[socket.socket, Destination, str], None]  # …, the host asked for
Health = Callable[[], str]  # empty when all is well, or else what is not

_HEAD_LIMIT = 16 * 1024
_HEAD_SECONDS = 10.0
_DIAL_SECONDS = 5.0
_BLOCK = 64 * 1024
_BACKLOG = 256


class Egress:
    """Accepts the API server's connections and leads each to where it should go."""

    def __init__(
        self, path: Path, resolve: Resolve, respond: Respond, health: Health, log: Log
    ) -> None:
        self._path = path
        self._resolve = resolve
        self._respond = respond
        self._health = health
        self._log = log
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._open: dict[int, tuple[socket.socket, str, int, Destination]] = {}
        self._changing = threading.Lock()

    def listen(self) -> None:
        """Take the socket's place and begin to accept."""
        self._path.unlink(missing_ok=True)
        self._listener.bind(str(self._path))
        self._listener.listen(_BACKLOG)
        threading.Thread(target=self._accept, name="egress", daemon=True).start()

    def close(self) -> None:
        """Accept no more, and break what is open."""
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break(lambda _: True)

    def recheck(self) -> None:
        """Break the connections that would lead elsewhere now, as a Pod that goes breaks its."""
        self._break(lambda entry: self._resolve(entry[1], entry[2]) != entry[3])

    def _break(self, wanted: Callable[[tuple[socket.socket, str, int, Destination]], bool]) -> None:
        with self._changing:
            entries = list(self._open.values())
        for entry in filter(wanted, entries):
            with contextlib.suppress(OSError):
                entry[0].shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(
                target=self._serve, args=(connection,), name="connection", daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        # A connection that breaks is the other side's business.
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_HEAD_SECONDS)
            method, target = _read_request(connection)
            connection.settimeout(None)
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                self._connect(connection, host.strip("[]"), int(port))
            elif target == "/healthz":
                _answer_health(connection, self._health())
            else:
                connection.sendall(_head("405 only CONNECT and GET /healthz"))

    def _connect(self, connection: socket.socket, host: str, port: int) -> None:
        destination = self._resolve(host, port)
        with self._counted(connection, host, port, destination):
            match destination.way:
                case Way.REFUSED:
                    self._refuse(connection, f"{host}:{port}", destination.reason)
                case Way.LOCAL | Way.DIRECT:
                    self._pass_through(connection, f"{host}:{port}", destination)
                case Way.SIMULATED | Way.KUBELET:
                    connection.sendall(_head("200 Connection established"))
                    self._respond(connection, destination, host)

    @contextlib.contextmanager
    def _counted(
        self, connection: socket.socket, host: str, port: int, destination: Destination
    ) -> Iterator[None]:
        # TLS takes the socket object over; a second handle on the connection stays ours.
        handle = socket.socket(fileno=os.dup(connection.fileno()))
        with self._changing:
            self._open[id(handle)] = handle, host, port, destination
        try:
            yield
        finally:
            with self._changing:
                del self._open[id(handle)]
            handle.close()

    def _refuse(self, connection: socket.socket, address: str, reason: str) -> None:
        self._log(f"refused {address}: {reason}")
        # The words that a dialler on a real network gives; the API server repeats them.
        connection.sendall(_head(f"503 dial tcp {address}: connect: connection refused: {reason}"))

    def _pass_through(
        self, connection: socket.socket, address: str, destination: Destination
    ) -> None:
        host, _, port = destination.address.rpartition(":")
        try:
            peer = socket.create_connection((host.strip("[]"), int(port)), _DIAL_SECONDS)
        except OSError as error:
            reason = f"{destination.target} is to be at {destination.address}: {error.strerror}"
            self._refuse(connection, address, reason)
            return
        with peer:
            peer.settimeout(None)
            connection.sendall(_head("200 Connection established"))
            back = threading.Thread(
                target=_copy, args=(peer, connection), name="connection", daemon=True
            )
            back.start()
            _copy(connection, peer)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    """Pass on bytes until there are no more, and say so to the other side."""
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            sink.sendall(block)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _read_request(connection: socket.socket) -> tuple[str, str]:
    """Read a request's head; TLS comes only after our answer, so nothing else is read."""
    head = b""
    while b"\r\n\r\n" not in head:
        block = connection.recv(4096)
        if not block or len(head) > _HEAD_LIMIT:
            raise ConnectionError("no request")
        head += block
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
    if len(words) != 3 or (words[0] == "CONNECT" and not words[1].rpartition(":")[2].isdigit()):
        raise ConnectionError("not a request")
    return words[0], words[1]


def _head(status: str, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode("latin-1", "replace")


def _answer_health(connection: socket.socket, trouble: str) -> None:
    body = (trouble or "ok").encode() + b"\n"
    status = "503 Service Unavailable" if trouble else "200 OK"
    connection.sendall(_head(status, f"Content-Length: {len(body)}", "Connection: close") + body)
