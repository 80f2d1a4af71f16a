"""What a result is before it is shown: a document for programs, names for scripts, lines to read.

Each result says in its own module what it looks like; who shows it is `report`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackctl.model.catalogue.envelope import DOCUMENTS_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stackctl.cli.terminal.terminal import Paint
    from stackctl.model.objects.refs import Ref
    from stackctl.model.release.history import VersionChange

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """What lines are written on."""

    paint: Paint
    width: int | None = None  # None: lines may be as long as they are
    verbose: bool = False
    wide: bool = False

    @property
    def folded(self) -> int | None:
        """The width that tables keep to; none where they were asked to be wide."""
        return None if self.wide else self.width


@dataclass(frozen=True, slots=True)
class Rendering:
    """A result in each of its forms, made when it is asked for.

    The shapes of documents are for programs: fields are added, never renamed. Manifests never
    appear in them, for they may hold secrets; `render` prints those.
    """

    document: Callable[[], Document]
    lines: Callable[[Page], Iterable[str]]
    names: Callable[[], Iterable[str]] = tuple  # where a command offers `-o name`


def document(kind: str, **fields: Any) -> Document:
    """Start a document; `model.documents.documents` describes each kind."""
    head: Document = {"apiVersion": DOCUMENTS_VERSION, "kind": kind}
    return head | known(**fields)


def known(**fields: Any) -> Document:
    """Leave out what has no value."""
    return {key: value for key, value in fields.items() if value is not None}


def versions_document(components: Mapping[str, str]) -> list[Document]:
    """List components with their versions."""
    return [{"name": name, "version": version} for name, version in components.items()]


def change_document(change: VersionChange) -> Document:
    """Describe a component's version before and after."""
    return known(name=change.component, old=change.before or None, new=change.after or None)


def ref_document(ref: Ref) -> Document:
    """Describe which object is meant."""
    return {"group": ref.group, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def dumped(found: Any, format: str) -> str:
    """Write a value as JSON or YAML."""
    if format == "yaml":
        from stackctl.sources import yaml

        return yaml.dump(found)
    import json

    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
