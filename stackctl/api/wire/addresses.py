"""Whether a text is an address that can be connected to, by the rules that kubectl has for it.

Which proxy an address is reached through is for `proxies`.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_NAME = re.compile(r"[A-Za-z0-9_](?:[\w.-]{0,252})", re.ASCII)
_V6 = re.compile(r"[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?", re.ASCII)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LOGIN = re.compile(r"[\w.~!$&'()*+,;=%@:-]*", re.ASCII)
_WRONGLY_QUOTED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_END_OF_HOST = re.compile(r"[/?#]")


def fault_in(address: str, schemes: Collection[str]) -> str:
    """Return what is wrong with an address, never with any part of it; empty when nothing is."""
    scheme, found, _ = address.partition("://")
    if not found or scheme.lower() not in schemes:
        return f"it does not begin with {_any_of(schemes)}"
    host, path = split(address)
    if not _PRINTABLE.fullmatch(host) or _CONTROL.search(path):
        return "there are blanks, or letters that are not ASCII, in it"
    if _WRONGLY_QUOTED.search(address):
        return "there is a % in it that quotes nothing"
    try:
        parts = urlsplit(host)
        login = parts.netloc.rpartition("@")[0]
        if not _LOGIN.fullmatch(login):
            return "what is before the @ is to be quoted"
        return _fault_of_end(parts.hostname or "", parts.port)
    except ValueError:
        quote = ", and a /, a ? or a # before the @ is to be quoted" if "@" in path else ""
        return f"its host or its port cannot be read{quote}"


def split(address: str) -> tuple[str, str]:
    """Take an address apart behind its host and port."""
    scheme, sign, rest = address.partition("://")
    end = _END_OF_HOST.search(rest)
    at = len(scheme) + len(sign) + (end.start() if end else len(rest))
    return address[:at], address[at:]


def _fault_of_end(host: str, port: int | None) -> str:
    if not host:
        return "there is no host in it"
    if not (_V6 if ":" in host else _NAME).fullmatch(host):
        return "its host is no name and no address"
    return "its port is 0" if port == 0 else ""


def is_server_name(text: str) -> bool:
    """Return whether a certificate can be for this name."""
    labels = text.rstrip(".").split(".")
    return _NAME.fullmatch(text) is not None and all(0 < len(label) < 64 for label in labels)


def _any_of(schemes: Collection[str]) -> str:
    *others, last = (f"{scheme}://" for scheme in schemes)
    return f"{', '.join(others)} or {last}" if others else last
