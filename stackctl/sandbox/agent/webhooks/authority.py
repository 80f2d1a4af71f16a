"""Issues certificates in the name of the sandbox's CA: for the responder, and for cert-manager's.

cryptography is loaded when the first one is asked for: most of a sandbox's life nobody does.
"""

import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackctl.sandbox.machine.certificates import Pair

_SERVING = timedelta(days=365)
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A certificate somebody wants."""

    names: tuple[str, ...] = ()  # DNS names and IP addresses
    common_name: str = ""
    lifetime: timedelta = _SERVING
    authority: bool = False
    rsa_bits: int = 0  # 0: an elliptic curve


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, in PEM."""

    certificate: bytes
    key: bytes
    not_before: datetime
    not_after: datetime


class Authority:
    """The sandbox's CA, from its two files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._minting = Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    @cached_property
    def bundle(self) -> bytes:
        """What others must trust, in PEM."""
        return self._files[0].read_bytes()

    def context(self, host: str) -> ssl.SSLContext:
        """Return a server's TLS settings with a certificate for one host."""
        with self._minting:
            if host not in self._contexts:
                self._contexts[host] = self._new_context(host)
            return self._contexts[host]

    def _new_context(self, host: str) -> ssl.SSLContext:
        issued = self.issue(CertificateRequest(names=(host,), common_name=host))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # OpenSSL reads certificates from files only; this one is gone right after.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(issued.certificate + issued.key)
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def issue(self, wish: CertificateRequest) -> Issued:
        """Make a key and sign a certificate for it."""
        from stackctl.sandbox.machine.certificates import CertificateContent, issue

        begin = datetime.now(UTC).replace(microsecond=0) - _CLOCK_SKEW
        content = CertificateContent(
            begin,
            begin + _CLOCK_SKEW + wish.lifetime,
            wish.common_name,
            names=wish.names,
            authority=wish.authority,
            rsa_bits=wish.rsa_bits,
        )
        pair = issue(content, self._pair)
        return Issued(pair.certificate_pem, pair.key_pem, content.begin, content.end)

    @cached_property
    def _pair(self) -> "Pair":
        from stackctl.sandbox.machine.certificates import load

        return load(self.bundle, self._files[1].read_bytes())
