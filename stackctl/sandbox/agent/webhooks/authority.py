"""Issues certificates in the name of the sandbox's CA: for the responder, and for cert-manager's.

cryptography is loaded when the first one is asked for: most of a sandbox's life nobody does.
"""

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import (
        CertificateIssuerPrivateKeyTypes as PrivateKey,
    )

_SERVING = timedelta(days=365)
_CLOCK_SKEW = timedelta(minutes=5)
_LONGEST_COMMON_NAME = 64


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
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        key = _new_key(wish.rsa_bits)
        begin = datetime.now(UTC).replace(microsecond=0) - _CLOCK_SKEW
        end = begin + _CLOCK_SKEW + wish.lifetime
        ca, ca_key = self._pair
        common_name = wish.common_name[:_LONGEST_COMMON_NAME]
        builder = (
            x509.CertificateBuilder()
            .subject_name(_subject(common_name))
            .issuer_name(ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )
        for extension, critical in _extensions(wish, key.public_key(), ca_key.public_key()):
            builder = builder.add_extension(extension, critical=critical)
        certificate = builder.sign(ca_key, hashes.SHA256())
        return Issued(
            certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            begin,
            end,
        )

    @cached_property
    def _pair(self) -> "tuple[x509.Certificate, Any]":
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key(self._files[1].read_bytes(), password=None)
        return x509.load_pem_x509_certificate(self.bundle), key


def _new_key(rsa_bits: int) -> "PrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if rsa_bits:
        return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
    return ec.generate_private_key(ec.SECP256R1())


def _subject(common_name: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    if not common_name:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _extensions(
    wish: CertificateRequest, key: Any, ca_key: Any
) -> "list[tuple[x509.ExtensionType, bool]]":
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=bool(wish.rsa_bits),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=wish.authority,
        crl_sign=wish.authority,
        encipher_only=False,
        decipher_only=False,
    )
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    names = x509.SubjectAlternativeName([_general_name(name) for name in wish.names])
    return [
        (x509.BasicConstraints(ca=wish.authority, path_length=None), True),
        (usage, True),
        *([] if wish.authority else [(x509.ExtendedKeyUsage(uses), False)]),
        *([(names, not wish.common_name)] if wish.names else []),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key), False),
    ]


def _general_name(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
