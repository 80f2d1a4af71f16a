"""A cluster entry of a kubeconfig: where the API server is, and whom to trust there."""

import json
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from stackctl.api.access.access import Access, AsWritten
from stackctl.api.access.fields import Fields
from stackctl.api.wire.addresses import fault_in, is_server_name
from stackctl.api.wire.proxies import PROXY_SCHEMES, proxy_for, without_login
from stackctl.files import exists

SANDBOX_EXTENSION = "stackctl.dev/sandbox"
PLUGIN_EXTENSION = "client.authentication.k8s.io/exec"
SCHEMES = ("https", "http")
_KEPT = "%/:@!$&'()*+,;=~"  # of a path, as it is written


def access_to(fields: Fields, name: str, env: Mapping[str, str]) -> Access:
    """Read where a cluster is, as kubectl would; whom it is shown is for `logins`.

    Raises:
        ClusterError: something in the entry cannot be used.
    """
    server = _server(fields)
    proxy = _proxy(fields)
    ca, ca_file = _authority(fields, secure=server.startswith("https:"))
    extensions = _extensions(fields)
    return Access(
        server=server,
        cluster=name,
        ca=ca,
        ca_file=ca_file,
        insecure=fields.flag("insecure-skip-tls-verify"),
        tls_server_name=_server_name(fields),
        proxy=proxy or proxy_for(server, env),
        compress=not fields.flag("disable-compression"),
        simulated=SANDBOX_EXTENSION in extensions,
        written=AsWritten(fields.text("server"), proxy, extensions.get(PLUGIN_EXTENSION, "")),
    )


def login_in_server(fields: Fields) -> tuple[str, str] | None:
    """Return the name and the password in the address of the server, which come before others."""
    netloc = urlsplit(_with_scheme(fields.text("server"))).netloc
    login, at, _ = netloc.rpartition("@")
    name, _, password = login.partition(":")
    return (unquote(name), unquote(password)) if at else None


def _server(fields: Fields) -> str:
    text = fields.text("server")
    if not text:
        raise fields.wrong("server", "the address of the API server")
    address = _with_scheme(text)
    if fault := fault_in(address, SCHEMES):
        raise fields.wrong("server", f"an https address, but {fault}")
    parts = urlsplit(without_login(address))
    if "://" not in text and parts.path not in ("", "/"):
        raise fields.wrong("server", "an https address, but it does not begin with https://")
    return f"{parts.scheme}://{parts.netloc}{quote(parts.path.rstrip('/'), safe=_KEPT)}"


def _with_scheme(address: str) -> str:
    """Read an address without a scheme as kubectl does, whatever else the entry says: http."""
    return address if "://" in address else f"http://{address}"


def _proxy(fields: Fields) -> str:
    proxy = fields.text("proxy-url")
    if proxy and (fault := fault_in(proxy, PROXY_SCHEMES)):
        raise fields.wrong("proxy-url", f"the address of a proxy, but {fault}")
    return proxy


def _authority(fields: Fields, *, secure: bool) -> tuple[bytes, str]:
    ca, ca_file = fields.data("certificate-authority-data"), fields.path("certificate-authority")
    if ca and ca_file:
        raise fields.wrong("certificate-authority", "this or certificate-authority-data, not both")
    if ca_file and not exists(ca_file):
        raise fields.wrong("certificate-authority", f"a file, and there is no {ca_file}")
    if secure and (ca or ca_file) and fields.flag("insecure-skip-tls-verify"):
        raise fields.wrong("insecure-skip-tls-verify", "this or a certificate-authority, not both")
    return ca, ca_file


def _server_name(fields: Fields) -> str:
    name = fields.text("tls-server-name")
    if name and not is_server_name(name):
        raise fields.wrong("tls-server-name", "the name of a server")
    return name


def _extensions(fields: Fields) -> dict[str, str]:
    """Return what others say of the cluster, as JSON by their names."""
    return {
        each.text("name"): json.dumps(each.values.get("extension"), ensure_ascii=False)
        for each in fields.maps("extensions")
    }
