"""Whom a connection trusts and which certificate it shows."""

import datetime
import ssl
import tempfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stackctl.api.access.access import Access, Login
from stackctl.api.access.credentials import Certificate
from stackctl.api.http.transport import tls_context
from stackctl.errors import AccessDenied, ClusterError

ACCESS = Access("https://prod", cluster="prod", origin="/home/me/config", login=Login(user="me"))
NO_SECRET = serialization.NoEncryption()


def certificate(secret: serialization.KeySerializationEncryption = NO_SECRET) -> Certificate:
    """Make a client certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "me")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = (
        builder.not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret
    )
    return Certificate(signed.public_bytes(serialization.Encoding.PEM), private)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_keys_are_not_left_on_the_disk(folder):
    """The files that the TLS library reads a key from are gone when it has read them."""
    tls_context(ACCESS, certificate())
    assert list(folder.iterdir()) == []


def test_a_key_that_does_not_fit_is_refused(folder):
    """The message names the kubeconfig and the user; the files are gone as well."""
    mixed = Certificate(certificate().content, certificate().key)
    with pytest.raises(AccessDenied, match="/home/me/config: user 'me': the client certificate"):
        tls_context(ACCESS, mixed)
    assert list(folder.iterdir()) == []


def test_nobody_is_asked_for_a_passphrase(folder):
    """A key with a passphrase is an error, not a question in the middle of a run."""
    secret = serialization.BestAvailableEncryption(b"secret")
    with pytest.raises(AccessDenied, match="cannot be used"):
        tls_context(ACCESS, certificate(secret))


def test_an_authority_that_cannot_be_read_is_named():
    """The message says which cluster entry, or which file, is wrong."""
    with pytest.raises(ClusterError, match="/home/me/config: cluster 'prod': the certificate"):
        tls_context(Access("https://x", cluster="prod", origin="/home/me/config", ca=b"?"), None)
    with pytest.raises(ClusterError, match="/no/ca: the certificate authority"):
        tls_context(Access("https://x", ca_file="/no/ca"), None)


def test_only_the_named_authority_is_trusted():
    """The system's authorities are not asked where the kubeconfig names one."""
    mine = certificate().content
    context = tls_context(Access("https://x", ca=mine), None)
    assert len(context.get_ca_certs()) <= 1
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
