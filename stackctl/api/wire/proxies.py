"""Through which proxy an address is reached, by the environment's usual variables."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from stackctl.api.wire.addresses import fault_in, split
from stackctl.errors import ClusterError
from stackctl.secrets import SECRETS, login_in

PROXY_SCHEMES = ("http", "https", "socks5")


def proxy_for(address: str, env: Mapping[str, str]) -> str:
    """Return the proxy the environment asks for, empty for none.

    Raises:
        ClusterError: what it says is no address.
    """
    parts = urlsplit(address)
    name = f"{parts.scheme}_proxy".upper()
    proxy = env.get(name) or env.get(name.lower()) or ""
    SECRETS.learn(login_in(proxy))
    host, port = parts.hostname or "", parts.port or _usual_port(parts.scheme)
    exceptions = env.get("NO_PROXY") or env.get("no_proxy") or ""
    if not proxy or is_loopback(host) or exempt(host, port, exceptions):
        return ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if fault := fault_in(proxy, (*PROXY_SCHEMES, "socks5h")):
        raise ClusterError(f"{name}: expected the address of a proxy, but {fault}")
    return proxy


def end_of(address: str) -> str:
    """Return host and port of an address, without the login that may be in it."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or _usual_port(parts.scheme)}"


def without_login(address: str) -> str:
    """Leave out of an address the login that may be in it."""
    host, path = split(address)
    scheme, sign, rest = host.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}{path}" if sign else address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine; no proxy is ever asked for those."""
    address = _address(host)
    return address.is_loopback if address else host.lower() == "localhost"


def exempt(host: str, port: int, exceptions: str) -> bool:
    """Return whether NO_PROXY names a host: a name, a domain, an address, a network, or `*`."""
    return any(_matches(rule.strip().lower(), host.lower(), port) for rule in exceptions.split(","))


def _matches(rule: str, host: str, port: int) -> bool:
    if rule in ("", "*"):
        return rule == "*"
    address = _address(host)
    if "/" in rule:
        return address is not None and _in_network(address, rule)
    name, only_port = _split_port(rule)
    if only_port and only_port != str(port):
        return False
    if address is not None:
        return _address(name) == address
    # `.corp` is for the hosts in the domain, `corp` for the domain itself as well.
    domain = name.removeprefix("*")
    return host.endswith(domain) if domain.startswith(".") else _is_or_in(host, domain)


def _is_or_in(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _in_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, rule: str) -> bool:
    try:
        return address in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False


def _split_port(rule: str) -> tuple[str, str]:
    if _address(rule) is not None:  # an IPv6 address has colons of its own
        return rule, ""
    name, colon, port = rule.rpartition(":")
    return (name.strip("[]"), port) if colon and port.isdigit() else (rule.strip("[]"), "")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _usual_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
