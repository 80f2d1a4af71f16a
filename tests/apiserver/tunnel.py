"""A proxy as companies have them: it makes connections for those who may use it."""

import socket
import threading
from contextlib import suppress
from http.client import parse_headers
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
