"""A wire to the API server that can be cut."""

import select
import socket
import threading
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit


class Proxy:
    """Forwards connections on a port of its own, until it is told otherwise."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._target = (parts.hostname or "", parts.port or 443)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._refusing = False
        self._closed = False
        self.server = f"{parts.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        # Accepting is ended by a last connection: closing would not end it everywhere.
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname(), 1).close()
        self.cut()

    def cut(self) -> int:
        """Close every connection without a word; say how many there were."""
        with self._lock:
            count = len(self._open)
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        return count

    def refuse(self) -> None:
        """Close new connections at once."""
        self._refusing = True

    def accept(self) -> None:
        """Forward new connections again."""
        self._refusing = False

    def _accept(self) -> None:
        with self._listener:
            while True:
                near, _ = self._listener.accept()
                if self._closed:
                    near.close()
                    return
                if self._refusing:
                    near.close()
                    continue
                threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near: socket.socket) -> None:
        with near, socket.create_connection(self._target) as far:
            pair = {near: far, far: near}
            with self._lock:
                self._open |= pair.keys()
            with suppress(OSError):
                while all(_pass_on(each, pair[each]) for each in select.select([*pair], [], [])[0]):
                    pass
            with self._lock:
                self._open -= pair.keys()


def _pass_on(source: socket.socket, sink: socket.socket) -> bool:
    part = source.recv(1 << 16)
    sink.sendall(part)
    return bool(part)
