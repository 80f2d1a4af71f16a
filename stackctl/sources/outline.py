"""What a catalogue offers at a glance: names and descriptions, as they are written, unchecked.

For completion, which has no time to read everything and nobody to tell what is wrong with it.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from stackctl.errors import ConfigError
from stackctl.files import Unreadable, read_file
from stackctl.sources import folders, yaml


class Outline(NamedTuple):
    """What a profile or a component is called, what it is for, and its `spec` as it is written."""

    name: str
    description: str
    spec: dict[str, Any]

    def described(self, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the entries of a map of the spec: parameters, features."""
        entries = self.spec.get(key)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            yield name, entry if isinstance(entry, dict) else {}


def profiles(extra: Sequence[Path] = ()) -> Iterator[Outline]:
    """Yield what profiles there are."""
    for root in folders.catalogues(extra):
        for path in folders.profile_files(root):
            yield from _outline(path)


def components(extra: Sequence[Path] = (), name: str = "") -> Iterator[Outline]:
    """Yield what components there are, or the one of a name."""
    for root in folders.catalogues(extra):
        for path in folders.component_files(root):
            if not name or path.parent.name == name:
                yield from _outline(path)


def described(extra: Sequence[Path] = ()) -> Iterator[tuple[str, str]]:
    """Yield the names and descriptions of components; what they consist of is not even parsed."""
    for root in folders.catalogues(extra):
        for path in folders.component_files(root):
            for each in _outline(path, until=b"\nspec:"):
                yield each.name, each.description


def names(extra: Sequence[Path] = ()) -> Iterator[str]:
    """Yield the names of components; no file is read."""
    for root in folders.catalogues(extra):
        yield from (path.parent.name for path in folders.component_files(root))


def _outline(path: Path, until: bytes = b"") -> Iterator[Outline]:
    with suppress(ConfigError, Unreadable):
        text = read_file(path)
        found = _map(yaml.load(text.partition(until)[0] if until else text))
        if "metadata" not in found:  # it stands further down
            found = _map(yaml.load(text))
        metadata = _map(found.get("metadata"))
        name, description = metadata.get("name"), metadata.get("description")
        if isinstance(name, str):
            yield Outline(name, str(description or ""), _map(found.get("spec")))


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
