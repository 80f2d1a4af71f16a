"""The keys and certificates of a sandbox: who its parts are to each other.

How certificates are made is in `certificates`, the kubeconfig files made of them in `kubeconfigs`.
Import this module where it is used: it loads cryptography, which no other command should wait for.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stackctl.files import exists, write_private
from stackctl.sandbox.machine.certificates import (
    CertificateContent,
    Pair,
    issue,
    new_key,
    private_pem,
    public_pem,
)
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
    if exists(last):
        return
    sandbox.pki.mkdir(mode=0o700, exist_ok=True)
    begin = datetime.now(UTC) - _CLOCK_SKEW
    end = begin + _CLOCK_SKEW + _LIFETIME
    authorities = {}
    for name in _AUTHORITIES:
        content = CertificateContent(begin, end, f"stackctl-sandbox-{name}", authority=True)
        authorities[name] = issue(content)
        _write(authorities[name], (sandbox.root if name == "ca" else sandbox.pki) / name)
    for each in _IDENTITIES:
        content = CertificateContent(
            begin, end, each.common_name, each.groups, each.hosts, serves=bool(each.hosts)
        )
        _write(issue(content, authorities[each.issuer]), sandbox.pki / each.file)
    key = new_key()
    write_private(last.with_suffix(".pub"), public_pem(key))
    write_private(last, private_pem(key))


def _write(pair: Pair, path: Path) -> None:
    """Write `path`.key and `path`.crt."""
    write_private(path.with_name(f"{path.name}.key"), pair.key_pem)
    write_private(path.with_name(f"{path.name}.crt"), pair.certificate_pem)
