"""Everything that there is a JSON Schema of: the files we read, the documents we print, events."""

from typing import Any

from stackctl.model.catalogue.component_file import ComponentFile
from stackctl.model.catalogue.descriptions import DESCRIPTIONS
from stackctl.model.catalogue.lock_file import LockDocument
from stackctl.model.catalogue.profile_file import ProfileFile, StackDocument
from stackctl.model.documents.documents import KINDS, document_schema
from stackctl.model.run.event_record import events_schema
from stackctl.model.shapes.schema import schema

_FILES: dict[str, type] = {
    "stack": StackDocument,
    "profile": ProfileFile,
    "component": ComponentFile,
    "lock": LockDocument,
}
_EVENTS = "events"
# By name: of what they are.
SCHEMAS = {
    "stack": "a stack file",
    "profile": "a file in profiles/",
    "component": "a component.yaml",
    "lock": "a stack.lock.yaml",
    _EVENTS: "a line that --events writes",
} | {kind: f"-o json: {what[:1].lower()}{what[1:]}" for kind, what in KINDS.items()}


def schema_of(name: str) -> dict[str, Any]:
    """Return a schema by its name."""
    if name == _EVENTS:
        return events_schema()
    if name in _FILES:
        return schema(_FILES[name], descriptions=DESCRIPTIONS)
    return document_schema(name)
