"""Lines of an events file: every event has a document, and the schema describes it."""

import json
import stat
from typing import Any

import pytest

from stackctl.cli.terminal.event_log import EventLog
from stackctl.errors import ApplyError, Interrupted
from stackctl.model.objects.refs import Ref
from stackctl.model.plan.plan import Action
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
    Subject,
)
from tests.documents import faults

SCHEMA = events_schema()
EVENTS: list[Event] = [
    Step("building", 1, 3, "parts", left=40.0),
    Step("taking the lock"),
    ComponentProgress("a", ComponentState.WAITING, 1, 2, "Deployment/ns/d: 0/1"),
    ComponentProgress("a", ComponentState.READY, 2, 2),
    ObjectDone("a", Ref("apps", "Deployment", "ns", "d"), Action.CREATE),
    ObjectDone("", Ref("", "Pod", "ns", "p"), Action.PRUNE),
    Subject("ml", 3),
    Retrying("PATCH", "busy", 0.5),
    ServerWarning("deprecated"),
    ServerWarning("odd", Ref("apps", "Deployment", "ml", "x"), "kserve"),
    Notice("by the way"),
]


def fits(document: dict[str, Any]) -> bool:
    """Check a document against the schema, which describes every field of it."""
    return faults(document, SCHEMA) == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: type(each).__name__)
def test_every_event_fits_the_schema(event):
    """All of what is required, and nothing that is not described."""
    document = record(event, "2026-01-01T00:00:00Z") | {"run": "r1"}
    assert faults(document, SCHEMA) == []


def test_the_schema_fits_nothing_else():
    """A type that is not known, a field too many, and a field too few are faults."""
    good = record(Notice("by the way"), "2026-01-01T00:00:00Z") | {"run": "r1"}
    assert fits(good)
    assert not fits(good | {"type": "gossip"})
    assert not fits(good | {"text": "by the way"})
    assert not fits({key: good[key] for key in good if key != "run"})


def lines(path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("code", "outcome"), [(0, "succeeded"), (1, "declined"), (8, "failed")], ids=str
)
def test_the_last_line_has_the_exit_code_of_a_run_that_ends_by_itself(tmp_path, code, outcome):
    """Nobody can take a plan that was only shown, or what a teardown left, for a success."""
    path = tmp_path / "events.ndjson"
    log = EventLog(path, "deploy", "here", "r1")
    log.exits(code)
    log.close()
    assert all(map(fits, lines(path)))
    assert (lines(path)[-1]["outcome"], lines(path)[-1]["exitCode"]) == (outcome, code)


def test_every_line_says_whose_it_is(tmp_path):
    """The run from the first line on, the stack once it is named, the revision once it is there."""
    path = tmp_path / "events.ndjson"
    log = EventLog(path, "deploy", run="r1")
    for event in (Step("looking"), Subject("ml"), Notice("a"), Subject("ml", 3), Notice("b")):
        log.event(event)
    log.close()
    found = lines(path)
    assert all(map(fits, found))
    assert [each["type"] for each in found] == [
        *("started", "step", "notice", "revision", "notice", "finished")
    ]
    assert {each["run"] for each in found} == {"r1"}
    assert [each.get("stack") for each in found] == [None, None, "ml", "ml", "ml", "ml"]
    assert [each.get("revision") for each in found] == [None, None, None, 3, 3, 3]


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, {"outcome": "succeeded", "exitCode": 0}),
        (ApplyError("no"), {"outcome": "failed", "exitCode": 8, "message": "no"}),
        (Interrupted("stopped"), {"outcome": "interrupted", "exitCode": 130}),
        (KeyboardInterrupt(), {"outcome": "interrupted", "exitCode": 130}),
    ],
    ids=["succeeded", "failed", "interrupted", "ctrl-c"],
)
def test_a_file_tells_a_run_from_beginning_to_end(tmp_path, error, ending):
    """The last line says how it ended; all of them fit the schema."""
    path = tmp_path / "events.ndjson"
    log = EventLog(path, "deploy", "here", "r1")
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
