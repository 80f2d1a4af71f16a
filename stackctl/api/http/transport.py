"""Sends one request over a kept connection and gives the answer, or says what went wrong.

The only module that speaks urllib3. Nothing is repeated here, and no status is judged.
"""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stackctl.api.access.access import Access
from stackctl.api.access.credentials import Certificate, Identity
from stackctl.api.http.guard import Hold
from stackctl.api.http.retries import Fault
from stackctl.api.wire.memory_file import in_memory
from stackctl.api.wire.pem import certificates, private_keys
from stackctl.api.wire.pools import pools_through
from stackctl.api.wire.proxies import end_of
from stackctl.api.wire.trust import context_trusting
from stackctl.errors import AccessDenied

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool


CONNECT_SECONDS = 10.0
CONNECTIONS = 80  # that are kept: for all workers of a run, and for watches
PART = 1 << 16


class TransportFault(Exception):
    """No usable answer came; it never leaves `api`."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Sending:
    """One request as it goes over the wire."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    timeout: float  # between two packets of the answer
    stream: bool = False
    connect: float = CONNECT_SECONDS

    def within(self, seconds: float) -> "Sending":
        """Return the same, to be given up after so long; a stream may go on."""
        timeout = self.timeout if self.stream else min(self.timeout, seconds)
        return replace(self, timeout=timeout, connect=min(self.connect, seconds))


class _Using(threading.local):
    """What this thread is waiting for."""

    hold: Hold


def _telling(kind: Any, using: _Using) -> Any:
    """Make connections say which of them is used, from the moment they are opened."""

    class Telling(kind):  # type: ignore[misc]
        def connect(self) -> None:
            using.hold.wire = self
            using.hold.open(super().connect, super().close)

        def request(self, *args: Any, **options: Any) -> None:
            using.hold.wire = self
            super().request(*args, **options)

    return Telling


class Transport:
    """The connections to one API server; a new client certificate gets new ones."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._opening = threading.Lock()
        self._using = _Using()
        self._pool: tuple[HTTPConnectionPool, Certificate | None] | None = None
        parts = urlsplit(access.server)
        self._via = f"proxy {end_of(access.proxy)}: " if access.proxy else ""
        self._prefix = parts.path.rstrip("/")
        if access.proxy.startswith("http") and parts.scheme == "http":
            self._prefix = access.server  # a proxy wants the whole address

    def send(self, sending: Sending, identity: Identity, hold: Hold) -> "BaseHTTPResponse":
        """Send a request and read the answer, or its head when it is a stream.

        `hold` learns which connection that happens on.

        Raises:
            TransportFault: no answer came, or only a part of one.
        """
        from urllib3 import HTTPHeaderDict, Timeout

        pool = self._pool_for(identity.certificate)
        pairs = sending.headers + identity.headers
        headers = dict(pairs)
        self._using.hold = hold
        several = len(headers) < len(pairs)  # groups to act for, each in a header of its own
        with translated(self._via):
            return pool.urlopen(
                sending.method,
                self._prefix + sending.path,
                body=sending.body,
                headers=HTTPHeaderDict(pairs) if several else headers,
                timeout=Timeout(connect=sending.connect, read=sending.timeout),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=not sending.stream,
            )

    def close(self) -> None:
        """Close every idle connection."""
        with self._opening:
            if self._pool is not None:
                self._pool[0].close()
            self._pool = None

    def _pool_for(self, certificate: Certificate | None) -> "HTTPConnectionPool":
        opened = self._pool
        if opened is not None and opened[1] == certificate:
            return opened[0]
        with self._opening:
            if self._pool is None or self._pool[1] != certificate:
                pool = open_pool(self._access, certificate)
                pool.ConnectionCls = _telling(pool.ConnectionCls, self._using)
                self._pool = (pool, certificate)
            return self._pool[0]


def open_pool(access: Access, certificate: Certificate | None) -> "HTTPConnectionPool":
    """Prepare the connections; none is opened yet."""
    import urllib3

    parts = urlsplit(access.server)
    options: dict[str, Any] = {
        "maxsize": CONNECTIONS,
        "block": False,
        "socket_options": [*urllib3.connection.HTTPConnection.default_socket_options, *KEEP_ALIVE],
    }
    if parts.scheme == "https":
        options["ssl_context"] = tls_context(access, certificate)
        options["server_hostname"] = access.tls_server_name or None
    if access.insecure:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if access.proxy:
        return _open_through_proxy(access, options)
    pool = urllib3.HTTPSConnectionPool if "ssl_context" in options else urllib3.HTTPConnectionPool
    return pool(parts.hostname or "", parts.port, **options)


def _keep_alive() -> list[tuple[int, int, int]]:
    """Find out within a minute and a half that the other end of a quiet watch is gone."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


KEEP_ALIVE = _keep_alive()


def tls_context(access: Access, certificate: Certificate | None) -> ssl.SSLContext:
    """Decide whom to trust and which certificate to show."""
    where = f"{access.origin}: cluster {access.cluster!r}"
    context = context_trusting(access.ca, access.ca_file, where)
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        _show(context, certificate, access)
    return context


def _show(context: ssl.SSLContext, certificate: Certificate, access: Access) -> None:
    where = f"{access.origin}: user {access.login.user!r}"
    chain = "".join(map(str, certificates(certificate.content)))
    why = "there is no certificate in it" if not chain else "there is no key in it"
    for key in private_keys(certificate.key) if chain else ():
        try:
            with in_memory(chain) as file, in_memory(str(key)) as secret:
                # A key with a passphrase is refused instead of asked for in the middle of a run.
                return context.load_cert_chain(file, secret, password=lambda: b"")
        except (OSError, ValueError) as error:
            why = str(error)
    raise AccessDenied(f"{where}: the client certificate cannot be used: {why}")


def _open_through_proxy(access: Access, options: Mapping[str, Any]) -> "HTTPConnectionPool":
    parts = urlsplit(access.server)
    manager = pools_through(access.proxy, options)
    return manager.connection_from_host(parts.hostname, parts.port, parts.scheme)


def body_of(answer: "BaseHTTPResponse") -> bytes:
    """Read the rest of an answer.

    Raises:
        TransportFault: it ends too early.
    """
    with translated():
        return answer.data


def lines_of(answer: "BaseHTTPResponse") -> Iterator[bytes]:
    """Read an answer line by line, as it comes.

    Raises:
        TransportFault: the connection was lost.
    """
    rest = b""
    while part := _next_part(answer):
        *lines, rest = (rest + part).split(b"\n")
        yield from lines


def _next_part(answer: "BaseHTTPResponse") -> bytes:
    with translated():
        return answer.read1(PART)


@contextmanager
def translated(via: str = "") -> Iterator[None]:
    """Turn every way a connection can fail into a TransportFault; `via` names the proxy."""
    from urllib3 import exceptions as urllib3

    try:
        yield
    except urllib3.HTTPError as error:
        to_proxy = (urllib3.ProxyError, urllib3.NewConnectionError, urllib3.ConnectTimeoutError)
        through = via if isinstance(error, to_proxy) else ""
        raise TransportFault(_fault(error), through + _words(error)) from error
    except OSError as error:
        raise TransportFault(Fault.DROPPED, _words(error)) from error


def _fault(error: Exception) -> Fault:
    from urllib3 import exceptions as urllib3

    cut_short = (urllib3.IncompleteRead, urllib3.InvalidChunkLength)
    match error:
        case urllib3.ProxyError() | urllib3.NewConnectionError() | urllib3.ConnectTimeoutError():
            return Fault.CONNECT
        case urllib3.SSLError(args=[ssl.SSLCertVerificationError(), *_]):
            return Fault.UNTRUSTED
        case urllib3.ReadTimeoutError():
            return Fault.SILENT
    inner = error.args[1] if len(error.args) > 1 else None
    return Fault.TRUNCATED if isinstance(inner or error, cut_short) else Fault.DROPPED


def _words(error: BaseException) -> str:
    """Return the innermost cause's own words, without Python's wrapping."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
