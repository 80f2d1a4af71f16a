"""Opens ways to servers through proxies; which proxy is used for what is for `proxies`."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from stackctl.api.wire.proxies import end_of
from stackctl.errors import ClusterError

if TYPE_CHECKING:
    from urllib3 import PoolManager


def pools_through(proxy: str, options: Mapping[str, Any]) -> "PoolManager":
    """Return what opens connections through a proxy, or straight where there is none."""
    import urllib3

    if not proxy:
        return urllib3.PoolManager(**options)
    parts = urlsplit(proxy)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme.startswith("socks"):
        return _through_socks(proxy, name, password, options)
    login = urllib3.make_headers(proxy_basic_auth=f"{name}:{password}") if name else None
    return urllib3.ProxyManager(f"{parts.scheme}://{end_of(proxy)}", proxy_headers=login, **options)


def _through_socks(
    proxy: str, name: str, password: str, options: Mapping[str, Any]
) -> "PoolManager":
    if find_spec("socks") is None:  # an installation whose dependencies are older than it
        raise ClusterError(
            f"proxy {end_of(proxy)}: a SOCKS proxy needs the Python package PySocks",
            hint="install stackctl again with its dependencies",
        )
    from urllib3.contrib.socks import SOCKSProxyManager

    # As kubectl: names are looked up at the other end, whichever of the two schemes it is.
    address = f"socks5h://{end_of(proxy)}"
    return SOCKSProxyManager(address, username=name or None, password=password or None, **options)
