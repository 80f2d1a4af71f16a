"""Proxies as companies and their people have them: they connect those who may use them."""

import socket
import threading
from contextlib import suppress
from http.client import parse_headers
from ipaddress import ip_address
from socketserver import StreamRequestHandler, ThreadingTCPServer


class Tunnel(ThreadingTCPServer):
    """An HTTP proxy that only knows CONNECT; a context manager."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connect)
        self.targets: list[str] = []
        self.authorization: list[str | None] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens, without a scheme."""
        return f"127.0.0.1:{self.server_address[1]}"

    def server_close(self) -> None:
        """Stop for good."""
        self.shutdown()
        super().server_close()


class _Connect(StreamRequestHandler):
    server: Tunnel

    def handle(self) -> None:
        """Connect, and carry bytes both ways until one end leaves."""
        _, target, _ = self.rfile.readline().decode().split(" ")
        headers = parse_headers(self.rfile)
        self.server.targets.append(target)
        self.server.authorization.append(headers.get("Proxy-Authorization"))
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_carry, args=(far, self.connection), daemon=True)
            back.start()
            _carry(self.connection, far)
            back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(1 << 16):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


class Socks(ThreadingTCPServer):
    """A SOCKS5 server, as `ssh -D` is one; with a login, only for who says it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, login: tuple[bytes, bytes] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.login = login
        self.targets: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def server_close(self) -> None:
        """Stop for good."""
        self.shutdown()
        super().server_close()


class _Relay(StreamRequestHandler):
    server: Socks

    rbufsize = 0  # what comes behind the greeting is carried, not kept here

    def handle(self) -> None:
        """Connect to a name, which is looked up here, and carry bytes until one end leaves."""
        methods = self._take(self._take(2)[1])
        login = self.server.login
        self.wfile.write(bytes([5, 2 if login else 0]))
        if login and not (2 in methods and self._logs_in(login)):
            return
        kind = self._take(4)[3]
        host = self._take({1: 4, 4: 16}.get(kind) or self._take(1)[0])
        port = int.from_bytes(self._take(2))
        name = host.decode() if kind == 3 else str(ip_address(host))
        self.server.targets.append(f"{name}:{port}")
        with socket.create_connection((name, port)) as far:
            self.wfile.write(bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
            back = threading.Thread(target=_carry, args=(far, self.connection), daemon=True)
            back.start()
            _carry(self.connection, far)
            back.join()

    def _take(self, count: int) -> bytes:
        return self.rfile.read(count)

    def _logs_in(self, login: tuple[bytes, bytes]) -> bool:
        name = self._take(self._take(2)[1])
        known = (name, self._take(self._take(1)[0])) == login
        self.wfile.write(bytes([1, 0 if known else 1]))
        return known
