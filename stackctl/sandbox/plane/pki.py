"""The keys and certificates of a sandbox: who its parts are to each other.

Only keys and certificates; the kubeconfig files made of them are in `kubeconfig`. Import this
module where it is used: it loads cryptography, which no other command should wait for.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stackctl.sandbox.machine.files import write_private
from stackctl.sandbox.machine.places import Sandbox
from stackctl.sandbox.plane.parts import API_SERVICE_ADDRESS

_LIFETIME = timedelta(days=3650)
_CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CertificateHolder:
    """A certificate to be issued: for whom, by which CA, to serve which hosts."""

    file: str  # without suffix, in the pki folder
    common_name: str
    issuer: str = "ca"
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # a server's names and addresses; empty for a pure client


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def write(self, path: Path) -> None:
        """Write `path`.key and `path`.crt."""
        write_private(path.with_name(f"{path.name}.key"), _private_pem(self.key))
        pem = self.certificate.public_bytes(serialization.Encoding.PEM)
        write_private(path.with_name(f"{path.name}.crt"), pem)


_MASTERS = ("system:masters",)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_API_HOSTS = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    API_SERVICE_ADDRESS,
    *_LOOPBACK,
)
_AUTHORITIES = ("ca", "etcd-ca", "front-proxy-ca")
_IDENTITIES = (
    CertificateHolder("apiserver", "kube-apiserver", hosts=_API_HOSTS),
    CertificateHolder("apiserver-kubelet-client", "kube-apiserver-kubelet-client", groups=_MASTERS),
    CertificateHolder("admin", "kubernetes-admin", groups=_MASTERS),
    CertificateHolder("controller-manager", "system:kube-controller-manager"),
    CertificateHolder("scheduler", "system:kube-scheduler"),
    # kwok and the agent stand for everything outside the control plane: kubelets, the network,
    # operators that are only simulated. No smaller right than all of them would do for that.
    CertificateHolder("kwok", "sandbox:kwok", groups=_MASTERS),
    CertificateHolder("agent", "sandbox:agent", groups=_MASTERS),
    # Its own CA: whoever has a certificate of the cluster must not be able to read the database.
    CertificateHolder("etcd", "etcd", issuer="etcd-ca", hosts=_LOOPBACK),
    CertificateHolder("apiserver-etcd-client", "kube-apiserver-etcd-client", issuer="etcd-ca"),
    # Its own CA as well, or any client certificate could claim to speak for any user.
    CertificateHolder("front-proxy-client", "front-proxy-client", issuer="front-proxy-ca"),
)


def issue_all(sandbox: Sandbox) -> None:
    """Write every key and certificate of a sandbox; one that has them keeps them."""
    last = sandbox.pki / "service-accounts.key"
    if last.exists():
        return
    sandbox.pki.mkdir(mode=0o700, exist_ok=True)
    now = datetime.now(UTC)
    authorities = {name: _authority(name, now) for name in _AUTHORITIES}
    for name, pair in authorities.items():
        pair.write((sandbox.root if name == "ca" else sandbox.pki) / name)
    for identity in _IDENTITIES:
        _issue(identity, authorities[identity.issuer], now).write(sandbox.pki / identity.file)
    _write_service_account_keys(last)


def _authority(name: str, now: datetime) -> Pair:
    key = _new_key()
    subject = _name(f"stackctl-sandbox-{name}", ())
    certificate = (
        _begin(subject, subject, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Pair(key, certificate)


def _issue(identity: CertificateHolder, issuer: Pair, now: datetime) -> Pair:
    key = _new_key()
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
    subject = _name(identity.common_name, identity.groups)
    builder = _begin(subject, issuer.certificate.subject, key.public_key(), now)
    if identity.hosts:
        uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
        names = x509.SubjectAlternativeName([_general_name(host) for host in identity.hosts])
        builder = builder.add_extension(names, critical=False)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(by, critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
    return Pair(key, certificate)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        # Newer Pythons refuse certificates without key identifiers.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str, groups: tuple[str, ...]) -> x509.Name:
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write_service_account_keys(path: Path) -> None:
    key = _new_key()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_private(path.with_suffix(".pub"), public)
    write_private(path, _private_pem(key))


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
