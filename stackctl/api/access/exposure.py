"""Learns what is secret in credentials, before anything in them is checked.

What is done with the credentials is for `kubeconfig`, `credentials` and `plugin`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from stackctl.secrets import SECRETS, assigned, login_in, secretive

_FILES = frozenset({"tokenFile", "client-key", "client-certificate", "certificate-authority"})
_COMMAND = re.compile(r"[a-z][a-z-]*")  # a word that says what a program is to do


def learn_credentials(document: Any) -> None:
    """Learn the secrets of a kubeconfig, whatever shape it has, and the names in it."""
    SECRETS.name(_names(document))
    SECRETS.learn(_secrets("", document))


def _secrets(key: str, value: Any) -> Iterator[str]:
    """Walk through a document and yield what is under secret names, or given to programs."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _given(item) if name == "exec" else _secrets(str(name), item)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(key, item)
    elif isinstance(value, str) and key not in _FILES:
        yield from login_in(value)
        if secretive(key):
            yield value


def _given(plugin: Any) -> Iterator[str]:
    """Yield what a plugin is given that may be secret: its arguments and its variables."""
    if not isinstance(plugin, dict):
        return
    yield from _arguments(plugin.get("args"))
    variables = plugin.get("env")
    for item in variables if isinstance(variables, list) else ():
        if isinstance(item, dict) and isinstance(value := item.get("value"), str):
            yield from (value, *login_in(value))


def _arguments(arguments: Any) -> Iterator[str]:
    for argument in _texts(arguments):
        flag, equals, value = argument.partition("=")
        yield from (*assigned(argument), *login_in(argument))
        if argument.startswith("-") and equals:
            yield value
        elif argument.startswith("-") and not argument.startswith("--"):
            yield flag[2:]  # -pPASSWORD
        elif not argument.startswith("-") and not _COMMAND.fullmatch(argument):
            yield argument


def _names(document: Any) -> Iterator[str]:
    """Yield what a kubeconfig calls things, and where its servers are."""
    for kind in ("contexts", "clusters", "users"):
        entries = document.get(kind) if isinstance(document, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                context = entry.get("context")
                space = context.get("namespace") if isinstance(context, dict) else None
                yield from _texts([entry.get("name"), space])
                yield from _hosts(entry.get("cluster"))


def _hosts(cluster: Any) -> Iterator[str]:
    for key in ("server", "proxy-url"):
        for address in _texts([cluster.get(key)] if isinstance(cluster, dict) else []):
            try:
                yield urlsplit(address).hostname or ""
            except ValueError:
                continue


def _texts(values: Any) -> Iterable[str]:
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []
