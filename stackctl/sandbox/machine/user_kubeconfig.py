"""Puts a sandbox's context into the user's own kubeconfig, and takes it out again.

Everything else in the file stays as it is written, except comments.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackctl.api.access.kubeconfig import kubeconfig_files
from stackctl.api.polling import NotYet, until
from stackctl.errors import SandboxError
from stackctl.sandbox.machine.files import write_private

if TYPE_CHECKING:
    import yaml

_LISTS = ("clusters", "users", "contexts")
_CURRENT = "current-context"
_TEXT = "tag:yaml.org,2002:str"
_LOCK_SECONDS = 5.0
_LOCK_POLL = 0.1


def user_kubeconfig(environment: Mapping[str, str]) -> Path:
    """Return the file that kubectl would write to."""
    files = kubeconfig_files(None, environment)
    if not files:
        raise SandboxError("--merge: there is no HOME and no KUBECONFIG", hint="set KUBECONFIG")
    # A link stays one: what it points to is rewritten.
    return next((path for path in files if path.exists()), files[-1]).resolve()


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
        if not _current(document):
            _set(document, _CURRENT, SafeRepresenter().represent_data(addition[_CURRENT]))
        _write(path, document)


def remove_context(path: Path, name: str) -> None:
    """Take the entries of a name out of a file."""
    if not path.exists():
        return
    with _locked(path):
        document = _read(path)
        for key in _LISTS:
            _remove(document, key, name)
        if _current(document) == name:
            document.value = [pair for pair in document.value if pair[0].value != _CURRENT]
        _write(path, document)


def _read(path: Path) -> "yaml.MappingNode":
    # Nodes, not values: what is only copied must not change, not even in the way it is quoted.
    import yaml

    try:
        document = yaml.compose(path.read_text(), yaml.SafeLoader) if path.exists() else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SandboxError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if document is None:
        return _new_document()
    if not isinstance(document, yaml.MappingNode):
        raise SandboxError(f"{path}: expected a kubeconfig, which is a map")
    return document


def _new_document() -> "yaml.MappingNode":
    from yaml.representer import SafeRepresenter

    return SafeRepresenter().represent_mapping(
        "tag:yaml.org,2002:map", {"apiVersion": "v1", "kind": "Config"}, flow_style=False
    )


def _write(path: Path, document: "yaml.MappingNode") -> None:
    import yaml

    path.parent.mkdir(parents=True, exist_ok=True)
    text: str = yaml.serialize(document, Dumper=yaml.SafeDumper, width=10**6, allow_unicode=True)
    write_private(path, text.encode())


def _list(document: "yaml.MappingNode", key: str) -> "yaml.SequenceNode":
    import yaml

    for name, value in document.value:
        if name.value == key and isinstance(value, yaml.SequenceNode):
            value.flow_style = False  # `[]`, as kubectl writes an empty list
            return value
    sequence = yaml.SequenceNode("tag:yaml.org,2002:seq", [], flow_style=False)
    _set(document, key, sequence)
    return sequence


def _set(document: "yaml.MappingNode", key: str, value: "yaml.Node") -> None:
    import yaml

    kept = [pair for pair in document.value if pair[0].value != key]
    document.value = [*kept, (yaml.ScalarNode(_TEXT, key), value)]


def _remove(document: "yaml.MappingNode", key: str, name: str) -> None:
    sequence = _list(document, key)
    sequence.value = [entry for entry in sequence.value if _name_of(entry) != name]


def _name_of(entry: "yaml.Node") -> str:
    import yaml

    pairs = entry.value if isinstance(entry, yaml.MappingNode) else []
    return next((str(value.value) for key, value in pairs if key.value == "name"), "")


def _current(document: "yaml.MappingNode") -> str:
    return next((str(value.value) for key, value in document.value if key.value == _CURRENT), "")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock that kubectl takes as well: a file beside the kubeconfig."""
    lock = path.with_name(f"{path.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    taken = SandboxError(
        f"{path} is locked by another program ({lock} exists)",
        hint=f"remove {lock} if no kubectl is running",
    )

    def take() -> bool | NotYet:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return NotYet(_LOCK_POLL, late=lambda: taken)
        return True

    until(take, deadline=time.monotonic() + _LOCK_SECONDS)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
