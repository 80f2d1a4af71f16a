"""A server that answers with what it was sent: who asks, and for what."""

import ipaddress
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_SHOWN = ("authorization", "impersonate")


class Echo(ThreadingHTTPServer):
    """With TLS and authorities of its own in a folder, or plain; a context manager."""

    daemon_threads = True

    def __init__(self, folder: Path, *, secure: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Said)
        self._tls = _context(folder) if secure else None
        scheme = "https" if secure else "http"
        self.address = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def get_request(self) -> tuple[Any, Any]:
        """Take a connection; its handshake is for the thread that will read from it."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, *_: Any) -> None:
        """Say nothing of those who do not trust us."""

    def server_close(self) -> None:
        """Stop for good."""
        self.shutdown()
        super().server_close()


class _Said(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with the path, the client's certificate, and the headers that say who asks."""
        shown = [
            [name.lower(), value]
            for name, value in self.headers.items()
            if name.lower().startswith(_SHOWN)
        ]
        peer = getattr(self.connection, "getpeercert", lambda: None)()
        said = {"path": self.path.partition("?")[0], "headers": sorted(shown)}
        content = json.dumps(said | {"certificate": bool(peer)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _context(folder: Path) -> ssl.SSLContext:
    """Make an authority, our certificate and a client's, each with its key in a file."""
    authority = _issue(folder / "ca", None)
    _issue(folder / "server", authority)
    _issue(folder / "me", authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _issue(path: Path, issuer: Pair | None) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, path.name)])
    now = datetime.now(UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(
            issuer[0].subject if issuer else name,
            name,
            key.public_key(),
            x509.random_serial_number(),
        )
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    path.with_suffix(".crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return signed, key
