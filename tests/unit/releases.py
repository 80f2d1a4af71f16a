"""A stand-in for the servers that publish releases, on loopback."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stackctl.sandbox.programs.download import releases
from stackctl.sandbox.programs.versions import Platform

PLATFORM = Platform("linux", "amd64")


@dataclass
class Releases:
    """What the stand-in serves, and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=dict)  # by path
    cut: dict[str, int] = field(default_factory=dict)  # bytes after which the connection breaks
    stall: set[str] = field(default_factory=set)  # paths that are never answered
    asked: list[str] = field(default_factory=list)  # "GET /path bytes=…"
    ranges: bool = True
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)
    asked_for: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make it stand in for the originals."""
        names = ("KUBERNETES", "ETCD", "KWOK")
        return {f"STACKCTL_SANDBOX_{name}_URL": f"{self.address}/{name.lower()}" for name in names}

    def publish(self) -> None:
        """Serve good releases of every program, each a small script."""
        for release in releases(PLATFORM, self.environment):
            script = f"#!/bin/sh\n# {release.program} {'x' * 5000}\n".encode()
            content = archive(release.member, script) if release.member else script
            self.files[self.path(release.url)] = content
            digest = hashlib.sha256(content).hexdigest()
            sums = f"{digest}  {release.file}\n".encode()
            self.files[self.path(release.checksums)] = sums

    def path(self, url: str) -> str:
        """Return an address without the server."""
        return url.removeprefix(self.address)

    def find(self, end: str) -> str:
        """Return the path of a file by its end."""
        (path,) = (path for path in self.files if path.endswith(end))
        return path


def archive(member: str, content: bytes) -> bytes:
    """Make a release archive of one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo(member)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@contextmanager
def serving() -> Iterator[Releases]:
    """Run the stand-in; good releases are published."""
    served = Releases()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(self, served)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}"
    served.publish()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def answer(request: BaseHTTPRequestHandler, served: Releases) -> None:
    """Answer as told."""
    begin = request.headers.get("Range", "")
    served.asked.append(f"{request.path} {begin}".strip())
    content = served.files.get(request.path)
    request.close_connection = True
    if request.path in served.stall:
        served.asked_for.set()
        served.closing.wait()
        return
    if content is None:
        request.send_error(404)
        return
    start = int(begin.removeprefix("bytes=").rstrip("-")) if begin and served.ranges else 0
    if start > len(content):
        request.send_error(416)
        return
    request.send_response(206 if start else 200)
    request.send_header("Content-Length", str(len(content) - start))
    request.end_headers()
    request.wfile.write(content[start : served.cut.get(request.path)])
