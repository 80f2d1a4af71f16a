"""Puts a sandbox's context into the user's own kubeconfig, and takes it out again.

Everything else in the file stays as it is written, except comments.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackctl.api.access.kubeconfig import kubeconfig_files
from stackctl.api.access.kubeconfig_file import lock_of, nodes_in, put, value_of, write_nodes
from stackctl.api.polling import NotYet, until
from stackctl.errors import ClusterError, SandboxError
from stackctl.files import exists

if TYPE_CHECKING:
    import yaml

_LISTS = ("clusters", "users", "contexts")
_CURRENT = "current-context"
_LOCK_SECONDS = 5.0
_LOCK_POLL = 0.1


def user_kubeconfig(environment: Mapping[str, str]) -> Path:
    """Return the file that kubectl would write to."""
    files = kubeconfig_files(None, environment)
    if not files:
        raise SandboxError("--merge: there is no HOME and no KUBECONFIG", hint="set KUBECONFIG")
    # A link stays one: what it points to is rewritten.
    return next((path for path in files if exists(path)), files[-1]).resolve()


def check_kubeconfig(path: Path) -> None:
    """Fail now if a context could not be put into the file later."""
    _read(path)


def add_context(path: Path, addition: Mapping[str, Any]) -> None:
    """Put a kubeconfig's entries into a file; a current context of the user's stays current."""
    from yaml.representer import SafeRepresenter

    with _locked(path):
        document = _read(path)
        for key in _LISTS:
            for entry in addition[key]:
                _remove(document, key, entry["name"])
                _list(document, key).value.append(SafeRepresenter().represent_data(entry))
        if not _text_of(document, _CURRENT):
            put(document, _CURRENT, SafeRepresenter().represent_data(addition[_CURRENT]))
        write_nodes(path, document)


def remove_context(path: Path, name: str) -> None:
    """Take the entries of a name out of a file."""
    if not exists(path):
        return
    with _locked(path):
        document = _read(path)
        for key in _LISTS:
            _remove(document, key, name)
        if _text_of(document, _CURRENT) == name:
            document.value = [pair for pair in document.value if pair[0].value != _CURRENT]
        write_nodes(path, document)


def _read(path: Path) -> "yaml.MappingNode":
    try:
        return nodes_in(path)
    except ClusterError as error:
        raise SandboxError(str(error)) from error


def _list(document: "yaml.MappingNode", key: str) -> "yaml.SequenceNode":
    import yaml

    sequence = value_of(document, key)
    if isinstance(sequence, yaml.SequenceNode):
        sequence.flow_style = False  # `[]`, as kubectl writes an empty list
        return sequence
    sequence = yaml.SequenceNode("tag:yaml.org,2002:seq", [], flow_style=False)
    put(document, key, sequence)
    return sequence


def _remove(document: "yaml.MappingNode", key: str, name: str) -> None:
    sequence = _list(document, key)
    sequence.value = [entry for entry in sequence.value if _text_of(entry, "name") != name]


def _text_of(entry: "yaml.Node", key: str) -> str:
    found = value_of(entry, key)
    return "" if found is None else str(found.value)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a kubeconfig, as soon as nobody else does."""
    with ExitStack() as held:
        until(lambda: _take(path, held), deadline=time.monotonic() + _LOCK_SECONDS)
        yield


def _take(path: Path, held: ExitStack) -> bool | NotYet:
    lock = path.with_name(f"{path.name}.lock")
    taken = SandboxError(
        f"{path} is locked by another program ({lock} exists)",
        hint=f"remove {lock} if no kubectl is running",
    )
    try:
        held.enter_context(lock_of(path))
    except FileExistsError:
        return NotYet(_LOCK_POLL, late=lambda: taken)
    return True
