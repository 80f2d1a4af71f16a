"""A proxy in front of the real API server that does wrong what it is told to do wrong.

It speaks HTTP on both sides, so that a fault can be meant for one request: `on` says which, and
what happens to it. Whatever no rule is for passes unchanged. Cutting a whole wire is for `proxy`,
all sorts of faults at once for `mixture`.
"""

import json
import re
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.client import HTTPException, HTTPResponse, HTTPSConnection, parse_headers
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from stackctl.api.access.access import Access
from stackctl.api.access.credentials import Credentials, Identity
from stackctl.api.http.transport import tls_context

HOST = "127.0.0.1"
ALWAYS = 1 << 30
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the proxy received it."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def question(self) -> str:
        """What is asked, and in which form the answer is wanted."""
        return f"{self} {self.headers.get('Accept', '')}"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that can be given again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fault(Protocol):
    """What happens to a request."""

    def play(self, talk: "Conversation", /) -> None:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The proxy answers by itself; the server hears nothing."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"fault\n"

    def play(self, talk: "Conversation", /) -> None:
        """Answer in place of the server."""
        talk.reply(self.status, self.headers, self.body)


@dataclass(frozen=True, slots=True)
class LoseRequest:
    """The connection is reset before the server hears anything."""

    def play(self, talk: "Conversation", /) -> None:
        """Reset the connection."""
        talk.reset()


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """The server carries the request out; its answer is lost with the connection."""

    def play(self, talk: "Conversation", /) -> None:
        """Let the server do it and reset the connection."""
        talk.ask().read()
        talk.reset()


@dataclass(frozen=True, slots=True)
class CutBody:
    """The answer begins, and after so many bytes the connection is reset."""

    after: int

    def play(self, talk: "Conversation", /) -> None:
        """Pass on the beginning."""
        talk.pass_on(talk.ask(), limit=self.after)
        talk.reset()


@dataclass(frozen=True, slots=True)
class CutHead:
    """The connection is closed in the middle of the headers, in good order."""

    def play(self, talk: "Conversation", /) -> None:
        """Pass on the first line and half a header."""
        talk.raw(f"HTTP/1.1 {talk.ask().status} OK\r\nAudit-Id: 0\r\nContent-Ty".encode())
        talk.hang_up()


@dataclass(frozen=True, slots=True)
class Shorten:
    """The answer lacks its end, but says that it is complete."""

    to: int

    def play(self, talk: "Conversation", /) -> None:
        """Pass on a whole answer with half a body."""
        answer = talk.ask()
        headers = {"Content-Type": answer.headers.get("Content-Type", "")}
        talk.reply(answer.status, headers, answer.read()[: self.to])


@dataclass(frozen=True, slots=True)
class CloseAfterwards:
    """The answer is fine, and the connection is closed although nobody said that it would be."""

    def play(self, talk: "Conversation", /) -> None:
        """Pass on the answer and hang up."""
        talk.pass_on(talk.ask())
        talk.hang_up()


@dataclass(frozen=True, slots=True)
class Hold:
    """The request waits until the test lets it go, then passes or has another fault."""

    then: Fault | None = None
    arrived: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def play(self, talk: "Conversation", /) -> None:
        """Say that the request is here, and wait."""
        self.arrived.set()
        self.release.wait()
        try:
            if self.then is None:
                talk.pass_on(talk.ask())
            else:
                self.then.play(talk)
        finally:
            self.over.set()  # the server has answered, whether anybody still listens or not


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer is fine, and takes its time."""

    seconds: float

    def play(self, talk: "Conversation", /) -> None:
        """Pass on the answer later."""
        time.sleep(self.seconds)
        talk.pass_on(talk.ask())


@dataclass(frozen=True, slots=True)
class Trickle:
    """The answer comes in small pieces with pauses between them, its head as well."""

    size: int
    pause: float

    def play(self, talk: "Conversation", /) -> None:
        """Pass on the answer slowly."""
        talk.pace(self.size, self.pause)
        talk.pass_on(talk.ask())


@dataclass(frozen=True, slots=True)
class Silence:
    """The request arrives, and nothing comes back for as long as anybody waits."""

    def play(self, talk: "Conversation", /) -> None:
        """Say nothing."""
        talk.outlast()


@dataclass(frozen=True, slots=True)
class Strip:
    """What the server says it serves lacks a group, as while it has only just started."""

    group: str

    def play(self, talk: "Conversation", /) -> None:
        """Pass on a discovery document without the group."""
        answer = talk.ask(encoding="identity")
        document = json.loads(answer.read())
        kept = [each for each in document["items"] if each["metadata"].get("name") != self.group]
        headers = {"Content-Type": answer.headers["Content-Type"]}
        talk.reply(answer.status, headers, json.dumps(document | {"items": kept}).encode())


@dataclass(slots=True)
class Stale:
    """The first answer to a question stays the answer, as from a member that lost the others."""

    _kept: dict[str, "Kept"] = field(default_factory=dict)

    def play(self, talk: "Conversation", /) -> None:
        """Answer as at the first time."""
        key = talk.asked.question
        if key in self._kept:
            talk.repeat(self._kept[key])
        else:
            self._kept[key] = talk.keep(talk.ask())


@dataclass(frozen=True, slots=True)
class Dates:
    """The answer has these Date headers instead of its own, for which an empty one stands."""

    values: tuple[str, ...] = ()

    def play(self, talk: "Conversation", /) -> None:
        """Pass on the answer with other dates."""
        answer = talk.ask()
        own = answer.headers["Date"]
        del answer.headers["Date"]
        for value in self.values:
            answer.headers.add_header("Date", value or own)
        talk.pass_on(answer)


@dataclass(frozen=True, slots=True)
class Skew:
    """The server's clock is wrong, or ours is."""

    by: timedelta

    def play(self, talk: "Conversation", /) -> None:
        """Pass on the answer with another date."""
        answer = talk.ask()
        date = answer.headers["Date"]
        answer.headers.replace_header(
            "Date", format_datetime(parsedate_to_datetime(date) + self.by, True)
        )
        talk.pass_on(answer)


@dataclass(slots=True)
class Every:
    """Each tenth request, or so, has a fault; the others pass, or have another one."""

    nth: int
    fault: Fault
    otherwise: Fault | None = None
    _seen: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def play(self, talk: "Conversation", /) -> None:
        """Count, and do it when it is its turn."""
        with self._counting:
            self._seen += 1
            hit = self._seen % self.nth == 0
        if hit:
            self.fault.play(talk)
        elif self.otherwise is not None:
            self.otherwise.play(talk)
        else:
            talk.pass_on(talk.ask())


@dataclass(slots=True)
class After:
    """So many requests pass; all later ones have a fault."""

    count: int
    fault: Fault
    passed: int = 0
    reached: threading.Event = field(default_factory=threading.Event)  # the first fault is on
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def play(self, talk: "Conversation", /) -> None:
        """Count, and do it from then on."""
        with self._counting:
            self.passed += 1
            hit = self.passed > self.count
        if hit:
            self.reached.set()
            self.fault.play(talk)
        else:
            talk.pass_on(talk.ask())


@dataclass(slots=True)
class Gate:
    """Lets so many requests through, the last one without its answer; then nothing any more.

    `reached` is set when the server has carried the last one out. Whoever waited for that sets
    `closed` to let the connections break.
    """

    after: int
    passed: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def play(self, talk: "Conversation", /) -> None:
        """Pass it on, or hold it until nobody waits for it any more."""
        with self._counting:
            self.passed += 1
            number = self.passed
        if number < self.after:
            talk.pass_on(talk.ask())
            return
        if number == self.after:
            talk.ask().read()
            self.reached.set()
        self.closed.wait()
        talk.reset()


@dataclass(slots=True)
class Rule:
    """Which requests a fault is for, and how many of them."""

    method: str
    pattern: re.Pattern[str]
    fault: Fault
    times: int


class Conversation:
    """One request and what is made of it."""

    def __init__(self, proxy: "FaultProxy", near: ssl.SSLSocket, asked: Asked) -> None:
        self.asked = asked
        self.over = False  # the connection takes no further request
        self._proxy = proxy
        self._near = near
        self._piece, self._pause = 1 << 20, 0.0

    def ask(self, **headers: str) -> HTTPResponse:
        """Let the server answer; `encoding` and `path` may be other ones than were asked for."""
        asked = self.asked
        if "encoding" in headers:
            changed = {**asked.headers, "Accept-Encoding": headers["encoding"]}
            asked = replace(asked, headers=changed)
        return self._proxy.forward(replace(asked, path=headers.get("path", asked.path)))

    def pace(self, piece: int, pause: float) -> None:
        """Send everything from now on in pieces, with pauses after them."""
        self._piece, self._pause = piece, pause

    def pass_on(self, answer: HTTPResponse, limit: int | None = None) -> None:
        """Give the server's answer as it comes, or its first bytes."""
        if answer.length is not None:
            self._head(answer.status, [*_end_to_end(answer), ("Content-Length", answer.length)])
            self._send(answer.read()[:limit])
            return
        self._head(answer.status, [*_end_to_end(answer), ("Transfer-Encoding", "chunked")])
        while part := answer.read1(1 << 16)[:limit]:
            self._send(b"%x\r\n%b\r\n" % (len(part), part))
            limit = None if limit is None else limit - len(part)
        if limit is None:
            self._send(b"0\r\n\r\n")

    def keep(self, answer: HTTPResponse) -> Kept:
        """Give the server's answer as a whole, and keep it."""
        kept = Kept(answer.status, {k: str(v) for k, v in _end_to_end(answer)}, answer.read())
        self.repeat(kept)
        return kept

    def repeat(self, kept: Kept) -> None:
        """Give an answer that was kept."""
        self.reply(kept.status, kept.headers, kept.body)

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Give an answer of our own."""
        self._head(status, [*headers.items(), ("Content-Length", len(body))])
        self._send(body)

    def begin(self, status: int, headers: Mapping[str, str], length: int, body: bytes) -> None:
        """Give the beginning of an answer that is said to be so long."""
        self._head(status, [*headers.items(), ("Content-Length", length)])
        self._send(body)

    def raw(self, content: bytes) -> None:
        """Send whatever it is."""
        self._send(content)

    def outlast(self) -> None:
        """Wait until the other end gives up."""
        self._near.recv(1)
        self.hang_up()

    def reset(self) -> None:
        """Break the connection so that both ends notice."""
        self._near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self.over = True

    def _head(self, status: int, headers: list[tuple[str, object]]) -> None:
        lines = [f"HTTP/1.1 {status} Status", *(f"{key}: {value}" for key, value in headers)]
        self._send("\r\n".join([*lines, "", ""]).encode())

    def _send(self, content: bytes) -> None:
        for start in range(0, len(content), self._piece):
            self._near.sendall(content[start : start + self._piece])
            time.sleep(self._pause)


class FaultProxy:
    """An API server with faults; `access` leads to it as `upstream` leads to the real one."""

    def __init__(self, upstream: Access) -> None:
        self._server = urlsplit(upstream.server)
        self._identity: Identity = Credentials(upstream).identity()
        self._upstream_tls = tls_context(upstream, self._identity.certificate)
        self._listener = socket.create_server((HOST, 0), backlog=128)
        certificate, self._tls = _serving()
        address = f"https://{HOST}:{self._listener.getsockname()[1]}"
        self.access = replace(upstream, server=address, ca=certificate, ca_file="")
        self.asked: list[Asked] = []  # everything, in the order of arrival
        self.forwarded: list[Asked] = []  # what the server heard
        self._rules: list[Rule] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)  # a conversation

    def on(self, method: str, pattern: str, fault: Fault, *, times: int = 1) -> None:
        """Do something to the next requests of this method whose path matches."""
        with self._lock:
            self._rules.append(Rule(method, re.compile(pattern), fault, times))

    def on_everything(self, fault: Fault, *, times: int = ALWAYS) -> None:
        """Do something to all requests that no rule so far is for."""
        for method in METHODS:
            self.on(method, "", fault, times=times)

    def on_writes(self, fault: Fault, *, times: int = ALWAYS) -> None:
        """Do something to all requests that would change something."""
        for method in METHODS[1:]:
            self.on(method, r"^(?!.*dryRun)", fault, times=times)

    @property
    def written(self) -> list[Asked]:
        """What the server heard that changed something."""
        return [
            asked
            for asked in tuple(self.forwarded)
            if asked.method != "GET" and "dryRun" not in asked.path
        ]

    def __enter__(self) -> "FaultProxy":
        threading.Thread(target=self._accept, name="fault proxy", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection."""
        with self._lock:
            for each in self._open:
                # Not the TLS socket's own `shutdown`: whoever still reads would get ciphertext.
                with suppress(OSError):
                    socket.socket.shutdown(each, socket.SHUT_RDWR)

    def drain(self, seconds: float) -> None:
        """Break every connection, and wait until the server has answered all that it was sent.

        What a killed run has asked for goes on its way without it.
        """
        self.cut()
        with self._ended:
            self._ended.wait_for(lambda: not self._open, seconds)

    def forward(self, asked: Asked) -> HTTPResponse:
        """Send a request on to the server."""
        with self._lock:
            self.forwarded.append(asked)
        far = HTTPSConnection(
            self._server.hostname or "", self._server.port, context=self._upstream_tls, timeout=60
        )
        # The client's certificate ends here; our own says the same to the server.
        headers = dict(asked.headers) | {"Connection": "close"}
        headers |= {} if "Authorization" in headers else dict(self._identity.headers)
        far.request(asked.method, asked.path, asked.body or None, headers)
        return far.getresponse()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        # A client that leaves, and a server that does, end the conversation.
        with suppress(OSError, HTTPException), self._tls.wrap_socket(raw, server_side=True) as near:
            with self._lock:
                self._open.add(near)
            try:
                self._converse(near)
            finally:
                with self._ended:
                    self._open.discard(near)
                    self._ended.notify_all()

    def _converse(self, near: ssl.SSLSocket) -> None:
        with near.makefile("rb") as stream:
            while (asked := _read(stream)) is not None:
                talk = Conversation(self, near, asked)
                fault = self._fault_for(asked)
                if fault is None:
                    talk.pass_on(talk.ask())
                else:
                    fault.play(talk)
                if talk.over:
                    return

    def _fault_for(self, asked: Asked) -> Fault | None:
        with self._lock:
            self.asked.append(asked)
            for rule in self._rules:
                if rule.times and rule.method == asked.method and rule.pattern.search(asked.path):
                    rule.times -= 1
                    return rule.fault
        return None


def _read(stream: BinaryIO) -> Asked | None:
    line = stream.readline().decode()
    if not line.strip():
        return None
    method, path, _ = line.split(" ", 2)
    headers = parse_headers(stream)
    body = stream.read(int(headers.get("Content-Length", 0)))
    kept = {key: value for key, value in headers.items() if key.lower() not in _HOP}
    return Asked(method, path, kept, body)


_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding", "keep-alive"})


def _end_to_end(answer: HTTPResponse) -> list[tuple[str, object]]:
    return [(key, value) for key, value in answer.getheaders() if key.lower() not in _HOP]


def _serving() -> tuple[bytes, ssl.SSLContext]:
    """Make a certificate for the loopback address, and the context that shows it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fault proxy")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "pem"
        pem.write_bytes(private + certificate)
        context.load_cert_chain(pem)
    return certificate, context
