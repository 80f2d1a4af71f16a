"""Reads the maps of a kubeconfig and says what was expected where.

What the fields mean is for `kubeconfig`, `clusters` and `logins`; which shape all of it must have,
before any of it is used, is said here, as kubectl has it.
"""

import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path
from typing import Any, NamedTuple

from stackctl.errors import ClusterError


class _Leaf(NamedTuple):
    what: str
    kind: type


TEXT = _Leaf("a text", str)
NAME = _Leaf("a text", str)  # which no other in the list has
FLAG = _Leaf("true or false", bool)
BASE64 = _Leaf("base64 of a PEM text", bytes)
ANYTHING = _Leaf("anything", object)

_EXTENSIONS = [{"name": NAME, "extension": ANYTHING}]
_CLUSTER = {
    "server": TEXT,
    "tls-server-name": TEXT,
    "insecure-skip-tls-verify": FLAG,
    "certificate-authority": TEXT,
    "certificate-authority-data": BASE64,
    "proxy-url": TEXT,
    "disable-compression": FLAG,
    "extensions": _EXTENSIONS,
}
_EXEC = {
    "command": TEXT,
    "args": [TEXT],
    "env": [{"name": TEXT, "value": TEXT}],
    "apiVersion": TEXT,
    "installHint": TEXT,
    "provideClusterInfo": FLAG,
    "interactiveMode": TEXT,
}
_USER = {
    "client-certificate": TEXT,
    "client-certificate-data": BASE64,
    "client-key": TEXT,
    "client-key-data": BASE64,
    "token": TEXT,
    "tokenFile": TEXT,
    "as": TEXT,
    "as-uid": TEXT,
    "as-groups": [TEXT],
    "as-user-extra": {"*": [TEXT]},
    "username": TEXT,
    "password": TEXT,
    "auth-provider": {"name": TEXT, "config": {"*": TEXT}},
    "exec": _EXEC,
    "extensions": _EXTENSIONS,
}
_CONTEXT = {"cluster": TEXT, "user": TEXT, "namespace": TEXT, "extensions": _EXTENSIONS}
KUBECONFIG: Mapping[str, Any] = {
    "kind": TEXT,
    "apiVersion": TEXT,
    "preferences": {"colors": FLAG, "extensions": _EXTENSIONS},
    "clusters": [{"name": NAME, "cluster": _CLUSTER}],
    "users": [{"name": NAME, "user": _USER}],
    "contexts": [{"name": NAME, "context": _CONTEXT}],
    "current-context": TEXT,
    "extensions": _EXTENSIONS,
}


def misfit(value: Any, shape: Any, where: str = "") -> str:
    """Return the first place that has another shape, and which it should have; empty for none.

    A null is what is not there. No value is in the message: many are secret.
    """
    if value is None:
        return ""
    if isinstance(shape, _Leaf):
        return _misfit_of_leaf(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where}: expected a list"
        if (twice := _twice(value, shape[0])) is not None:
            return f"{where}: the name {twice!r} is there twice"
        parts = ((item, shape[0], f"{where}[{index}]") for index, item in enumerate(value))
    else:
        if not isinstance(value, dict):
            return f"{where}: expected a map"
        parts = (
            (item, shape.get(key, shape.get("*", ANYTHING)), f"{where}.{key}".lstrip("."))
            for key, item in value.items()
        )
    return next(filter(None, (misfit(*part) for part in parts)), "")


def _twice(items: list[Any], shape: Any) -> str | None:
    """Return the name that a second item of a list has, where each has to have its own."""
    if not isinstance(shape, dict) or shape.get("name") is not NAME:
        return None
    seen: set[str] = set()
    for item in items:
        known = item if isinstance(item, dict) else {}
        name = str(known.get("name") or "")
        if name in seen:
            return name
        if "extension" not in shape or known.get("extension") is not None:
            seen.add(name)  # an extension that says nothing is none to kubectl
    return None


def _misfit_of_leaf(value: Any, leaf: _Leaf, where: str) -> str:
    if leaf is BASE64:
        return "" if _decoded(value) is not None else f"{where}: expected {leaf.what}"
    if isinstance(value, leaf.kind):
        return ""
    quote = leaf.kind is str and isinstance(value, bool | int | float)
    return f"{where}: expected {leaf.what}{': quote it' if quote else ''}"


def _decoded(value: Any) -> bytes | None:
    """Return what base64 stands for; line breaks in it do not matter, blanks do."""
    try:
        if isinstance(value, list):  # numbers, as Go reads bytes from as well
            return bytes(0 if item is None else item for item in value)
        text = value.replace("\n", "").replace("\r", "")
        return binascii.a2b_base64(text, strict_mode=True)
    except (AttributeError, TypeError, ValueError):  # binascii.Error is one
        return None


def sound(text: str) -> bool:
    """Return whether programs and files can be given a text: no NUL, no half characters."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


@dataclass(frozen=True, slots=True)
class Fields:
    """A map of a kubeconfig that has its shape; what is missing is empty."""

    origin: Path
    where: str
    values: Mapping[str, Any]

    def has(self, key: str) -> bool:
        """Tell whether something is there, be it empty."""
        return self.values.get(key) is not None

    def text(self, key: str) -> str:
        """Return a text."""
        return self._sound(key, self.values.get(key) or "")

    def flag(self, key: str) -> bool:
        """Return a boolean."""
        return bool(self.values.get(key))

    def map(self, key: str) -> "Fields":
        """Return a map."""
        return Fields(self.origin, f"{self.where}{key}.", self.values.get(key) or {})

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._sound(key, item or "") for item in self.values.get(key) or ())

    def maps(self, key: str) -> "Iterator[Fields]":
        """Return a list of maps."""
        for number, item in enumerate(self.values.get(key) or ()):
            yield Fields(self.origin, f"{self.where}{key}[{number}].", item or {})

    def path(self, key: str) -> str:
        """Return a file name, which is meant from the folder of the kubeconfig."""
        name = self.text(key)
        # As kubectl does it: `a/../b` is b, whether or not there is an a.
        near = not name.startswith("/")
        return normpath(self.origin.parent / name) if name and near else name

    def data(self, key: str) -> bytes:
        """Return what is kept as base64."""
        value = self.values.get(key)
        return (value is not None and _decoded(value)) or b""

    def base64(self, key: str) -> bytes:
        """Return what a text keeps as base64, where nothing has said before that it does.

        Raises:
            ClusterError: it keeps nothing so.
        """
        content = _decoded(self.text(key))
        if content is None:
            raise self.wrong(key, BASE64.what)
        return content

    def wrong(self, key: str, expected: str) -> ClusterError:
        """Return an error that names the place that is wrong."""
        return ClusterError(f"{self.origin}: {self.where}{key}: expected {expected}")

    def _sound(self, key: str, text: str) -> str:
        if not sound(text):
            raise self.wrong(key, "a text")
        return text
