"""Keys, and the X.509 certificates that are made for them.

Who gets which is for the callers. Import this module where it is used: it loads cryptography,
which no other command should wait for.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LONGEST_COMMON_NAME = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its certificate."""

    key: Any
    certificate: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        """The key as a file has it."""
        return private_pem(self.key)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as a file has it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True)
class CertificateContent:
    """What a certificate says."""

    begin: datetime
    end: datetime
    common_name: str = ""
    groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # DNS names and IP addresses
    authority: bool = False
    serves: bool = True  # and is not only a client
    rsa_bits: int = 0  # of its key; 0: an elliptic curve

    @property
    def subject(self) -> x509.Name:
        """Whom it is for."""
        groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in self.groups]
        name = self.common_name[:_LONGEST_COMMON_NAME]
        own = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
        return x509.Name([*groups, *own])


def issue(content: CertificateContent, issuer: Pair | None = None) -> Pair:
    """Make a key and a certificate for it, signed by an authority or by itself."""
    key = _rsa_key(content.rsa_bits) if content.rsa_bits else new_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(content.subject)
        .issuer_name(issuer.certificate.subject if issuer else content.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(content.begin)
        .not_valid_after(content.end)
        # Newer Pythons refuse certificates without key identifiers.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(by, critical=False)
    for extension, critical in _extensions(content):
        builder = builder.add_extension(extension, critical=critical)
    return Pair(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


def load(certificate: bytes, key: bytes) -> Pair:
    """Read a certificate and its key."""
    loaded = serialization.load_pem_private_key(key, password=None)
    return Pair(loaded, x509.load_pem_x509_certificate(certificate))


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key."""
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: Any) -> bytes:
    """Write a key as a file has it."""
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Write the public half of a key as a file has it."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _extensions(content: CertificateContent) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Return what else a certificate says, and whether who does not know that must refuse it."""
    yield x509.BasicConstraints(ca=content.authority, path_length=None), True
    yield _key_usage(content), True
    if not content.authority:
        server = [ExtendedKeyUsageOID.SERVER_AUTH] if content.serves else []
        yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, *server]), False
    if content.names:
        yield _alternative_names(content.names), not content.common_name


def _alternative_names(names: Iterable[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(name) for name in names])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(content: CertificateContent) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=bool(content.rsa_bits),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=content.authority,
        crl_sign=content.authority,
        encipher_only=False,
        decipher_only=False,
    )
