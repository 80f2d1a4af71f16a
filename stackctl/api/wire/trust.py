"""Whom a connection trusts: the authorities in some bytes, as kubectl finds them there."""

import ssl
from pathlib import Path

from stackctl.api.wire.pem import certificates
from stackctl.errors import ClusterError
from stackctl.files import Unreadable, read_file


def authorities(content: bytes, path: str) -> bytes:
    """Return what names the authorities: what is at hand, or else what is in a file.

    Raises:
        ClusterError: the file cannot be read.
    """
    if content or not path:
        return content
    try:
        return read_file(Path(path))  # and not wait for one that has no end
    except Unreadable as error:
        raise _unusable(path, str(error)) from error


def context_trusting(content: bytes, path: str, where: str) -> ssl.SSLContext:
    """Trust the authorities that are named, or else the system's; no certificate is shown yet.

    Raises:
        ClusterError: there is none in what names them.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Many clusters' own authorities lack extensions that newer Pythons would insist on, and some
    # kubeconfigs trust one that another has signed, or the server itself; kubectl minds neither.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    if not (content or path):
        context.load_default_certs()
        return context
    blocks = [block for block in certificates(authorities(content, path)) if not block.headed]
    if not [block for block in blocks if _load(context, block.content)]:
        raise _unusable(path or where, "there is no certificate in it")
    return context


def _load(context: ssl.SSLContext, certificate: bytes) -> bool:
    try:
        context.load_verify_locations(cadata=certificate)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _unusable(where: str, why: str) -> ClusterError:
    return ClusterError(f"{where}: the certificate authority cannot be read: {why}")
