"""The newest version of everything that was seen, so that older answers are known as such.

A member of a control plane that lost touch with the others, or a cache on the way, may answer
with what was true before. Versions of one resource are compared, nothing else is: that they are
numbers that grow is what Kubernetes promises, and what does not look like a number is left alone.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

_PLACE = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/[^/]+(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?"
)

K = TypeVar("K")
Kind = tuple[str, str]  # group, plural
Key = tuple[str, str, str, str]  # and namespace, name


@dataclass(frozen=True, slots=True)
class ResourcePlace:
    """Where objects of a kind are, or one of them."""

    kind: Kind
    namespace: str
    name: str  # empty: all of them

    @property
    def key(self) -> Key:
        """Name the object."""
        return (*self.kind, self.namespace, self.name)


def place_of(path: str) -> ResourcePlace | None:
    """Understand a path; None for what is neither a kind nor an object."""
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    parts = {name: text or "" for name, text in found.groupdict().items()}
    return ResourcePlace((parts["group"], parts["plural"]), parts["namespace"], parts["name"])


class Newest:
    """What was seen; to be used from many threads."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, int] = {}
        self._objects: dict[Key, int] = {}
        self._noting = threading.Lock()

    def known(self, place: ResourcePlace) -> int:
        """Return which version an answer that is asked for now must have at least."""
        seen = self._objects.get(place.key) if place.name else self._kinds.get(place.kind)
        return seen or 0

    def note(self, place: ResourcePlace, document: Any) -> None:
        """Remember the versions in an answer."""
        items = document.get("items") if isinstance(document, Mapping) else None
        with self._noting:
            self._raise(self._kinds, place.kind, version_in(document))
            if place.name:
                self._raise(self._objects, place.key, version_in(document))
            for item in items if isinstance(items, list) and not place.name else ():
                metadata = _metadata(item)
                key = (
                    *place.kind,
                    str(metadata.get("namespace") or ""),
                    str(metadata.get("name") or ""),
                )
                self._raise(self._objects, key, _version(metadata))

    @staticmethod
    def _raise(known: dict[K, int], key: K, version: int) -> None:
        if version > known.get(key, 0):
            known[key] = version


def version_in(document: Any) -> int:
    """Read the version of an answer; 0 where there is none that can be compared."""
    return _version(_metadata(document))


def _version(metadata: Mapping[str, Any]) -> int:
    text = str(metadata.get("resourceVersion") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _metadata(document: Any) -> Mapping[str, Any]:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    return metadata if isinstance(metadata, dict) else {}
