"""Rewrites a kubeconfig in the way kubectl does: under its lock, everything else as it was.

What is put in there is for who calls. Comments are lost, as with kubectl.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stackctl.api.access.access import OidcProvider
from stackctl.errors import ClusterError
from stackctl.files import Unreadable, read_file, write_private

if TYPE_CHECKING:
    import yaml

_TEXT = "tag:yaml.org,2002:str"


def keep_tokens(path: Path, user: str, provider: OidcProvider) -> None:
    """Write new tokens to a user's auth-provider.

    Raises:
        ClusterError: the file cannot be written, or has no such user.
    """
    path = path.resolve()  # a link stays one: what it points to is rewritten
    try:
        with lock_of(path):
            document = nodes_in(path)
            config = _config_of(document, user)
            if config is None:
                raise ClusterError(f"{path}: no user {user!r} with an auth-provider")
            put(config, "id-token", provider.id_token)
            put(config, "refresh-token", provider.refresh_token)
            write_nodes(path, document)
    except FileExistsError:
        raise ClusterError(f"{path} is locked by another program") from None
    except OSError as error:
        raise ClusterError(f"{path}: {error.strerror or 'cannot be written'}") from error


def nodes_in(path: Path) -> "yaml.MappingNode":
    """Read a file for rewriting: nodes, not values, so that what is only copied does not change.

    Raises:
        ClusterError: it is no kubeconfig.
    """
    import yaml

    try:
        document = yaml.compose(read_file(path), yaml.SafeLoader)
    except Unreadable as error:
        if not error.absent:
            raise ClusterError(f"{path}: {error}") from error
        document = None
    except yaml.YAMLError:
        raise ClusterError(f"{path}: not YAML, or of several documents") from None
    if document is None:
        return _new_document()
    if not isinstance(document, yaml.MappingNode):
        raise ClusterError(f"{path}: expected a kubeconfig, which is a map")
    return document


def _new_document() -> "yaml.MappingNode":
    from yaml.representer import SafeRepresenter

    return SafeRepresenter().represent_mapping(
        "tag:yaml.org,2002:map", {"apiVersion": "v1", "kind": "Config"}, flow_style=False
    )


def write_nodes(path: Path, document: "yaml.MappingNode") -> None:
    """Replace a file's content in one step."""
    import yaml

    path.parent.mkdir(parents=True, exist_ok=True)
    text: str = yaml.serialize(document, Dumper=yaml.SafeDumper, width=10**6, allow_unicode=True)
    write_private(path, text.encode())


@contextmanager
def lock_of(path: Path) -> Iterator[Path]:
    """Hold the lock that kubectl takes as well: a file beside the kubeconfig.

    Raises:
        FileExistsError: somebody else holds it.
    """
    lock = path.with_name(f"{path.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield lock
    finally:
        lock.unlink(missing_ok=True)


def value_of(node: "yaml.Node | None", key: str) -> "yaml.Node | None":
    """Return what a map has under a key; None for what is no map."""
    import yaml

    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in reversed(pairs) if name.value == key), None)


def put(mapping: "yaml.MappingNode", key: str, value: "str | yaml.Node") -> None:
    """Give a key of a map another value."""
    import yaml

    node = yaml.ScalarNode(_TEXT, value) if isinstance(value, str) else value
    kept = [pair for pair in mapping.value if pair[0].value != key]
    mapping.value = [*kept, (yaml.ScalarNode(_TEXT, key), node)]


def _config_of(document: "yaml.MappingNode", user: str) -> "yaml.MappingNode | None":
    import yaml

    users = value_of(document, "users")
    for entry in users.value if isinstance(users, yaml.SequenceNode) else ():
        name = value_of(entry, "name")
        if name is not None and name.value == user:
            config = value_of(value_of(value_of(entry, "user"), "auth-provider"), "config")
            return config if isinstance(config, yaml.MappingNode) else None
    return None
