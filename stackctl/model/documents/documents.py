"""The documents that commands print with `-o json` and `-o yaml`, as JSON Schemas.

One for each kind. What they say is filled in by `cli.report`; a field without a value is left out,
and fields are added, never renamed.
"""

from typing import Any

from stackctl.model.catalogue.envelope import DOCUMENTS_VERSION
from stackctl.model.documents.catalogue import CATALOGUE
from stackctl.model.documents.changes import CHANGES
from stackctl.model.documents.components import COMPONENTS
from stackctl.model.documents.parts import Bodies
from stackctl.model.documents.program import PROGRAM
from stackctl.model.documents.stacks import STACKS
from stackctl.model.documents.written import WRITTEN
from stackctl.model.shapes.json_schema import (
    DIALECT,
    Schema,
    always,
    fields,
    items,
    text,
)

_BODIES: Bodies = CHANGES | STACKS | CATALOGUE | COMPONENTS | WRITTEN | PROGRAM
RESULT_LIST = "ResultList"
KINDS = {kind: what for kind, (what, _) in _BODIES.items()} | {
    RESULT_LIST: "Results of one command on several clusters"
}


def document_schema(kind: str) -> dict[str, Any]:
    """Describe the documents of a kind as a JSON Schema (2020-12)."""
    described = _results() if kind == RESULT_LIST else _described(kind)
    return {"$schema": DIALECT, "title": kind, **described}


def _described(kind: str) -> Schema:
    what, body = _BODIES[kind]
    return fields(what, _head(kind) | body)


def _head(kind: str) -> dict[str, Schema]:
    return {
        "apiVersion": always(DOCUMENTS_VERSION),
        "kind": always(kind),
        "context?": text("In a ResultList: the context that it is about"),
    }


def _results() -> Schema:
    results: Schema = {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in _BODIES]}
    body = {"items": items("A result for each context", results)}
    return {
        **fields(KINDS[RESULT_LIST], _head(RESULT_LIST) | body),
        "$defs": {kind: _described(kind) for kind in _BODIES},
    }
