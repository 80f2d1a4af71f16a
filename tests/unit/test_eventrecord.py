"""Lines of an events file: every event has a document, and the schema describes it."""

import json
import stat
from typing import Any

import pytest

from stackctl.cli.terminal.event_log import EventLog
from stackctl.errors import ApplyError, Interrupted
from stackctl.model.objects.refs import Ref
from stackctl.model.run.event_record import events_schema, record
from stackctl.model.run.events import (
    ComponentProgress,
    ComponentState,
    Event,
    Notice,
    ObjectDone,
    Retrying,
    ServerWarning,
    Step,
)

SCHEMA = events_schema()
VARIANTS = {each["properties"]["type"]["const"]: each for each in SCHEMA["oneOf"]}
EVENTS: list[Event] = [
    Step("building", 1, 3, "parts"),
    Step("taking the lock"),
    ComponentProgress("a", ComponentState.WAITING, 1, 2, "Deployment/ns/d: 0/1"),
    ComponentProgress("a", ComponentState.READY, 2, 2),
    ObjectDone("a", Ref("apps", "Deployment", "ns", "d"), "created"),
    Retrying("PATCH", "busy", 0.5),
    ServerWarning("deprecated"),
    Notice("by the way"),
]


def fits(document: dict[str, Any]) -> bool:
    """Check what the schema says of a document's fields: which, and of which simple type."""
    variant = VARIANTS[document["type"]]
    allowed = SCHEMA["properties"] | variant["properties"]
    required = {*SCHEMA["required"], *variant["required"]}
    return required <= document.keys() <= allowed.keys() and all(
        agrees(document[key], allowed[key]) for key in document
    )


def agrees(value: Any, schema: dict[str, Any]) -> bool:
    types = {"string": str, "integer": int, "number": int | float, "object": dict}
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema:
        return value in schema["enum"]
    return isinstance(value, types[schema["type"]])


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: type(each).__name__)
def test_every_event_fits_the_schema(event):
    """All of what is required, and nothing that is not described."""
    assert fits(record(event, "2026-01-01T00:00:00Z"))


def lines(path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_plan_that_was_only_shown_is_no_success(tmp_path):
    """Whoever reads the file can tell it from a run that was carried out."""
    path = tmp_path / "events.ndjson"
    log = EventLog(path, "deploy", "here")
    log.declined()
    log.close()
    assert all(map(fits, lines(path)))
    assert lines(path)[-1]["outcome"] == "declined"


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, {"outcome": "succeeded"}),
        (ApplyError("no"), {"outcome": "failed", "exitCode": 8, "message": "no"}),
        (Interrupted("stopped"), {"outcome": "interrupted", "exitCode": 130}),
        (KeyboardInterrupt(), {"outcome": "interrupted", "exitCode": 130}),
    ],
    ids=["succeeded", "failed", "interrupted", "ctrl-c"],
)
def test_a_file_tells_a_run_from_beginning_to_end(tmp_path, error, ending):
    """The last line says how it ended; all of them fit the schema."""
    path = tmp_path / "events.ndjson"
    log = EventLog(path, "deploy", "here")
    for event in EVENTS:
        log.event(event)
    log.close(error)
    found = lines(path)
    assert [each["type"] for each in found][:2] == ["started", "step"]
    assert all(map(fits, found))
    assert {each["context"] for each in found} == {"here"}
    assert ending.items() <= found[-1].items()


def test_a_second_run_adds_to_the_file(tmp_path):
    """What was told before stays; nobody else may read it."""
    path = tmp_path / "events.ndjson"
    for _ in range(2):
        EventLog(path, "deploy").close()
    assert [each["type"] for each in lines(path)] == ["started", "finished"] * 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
