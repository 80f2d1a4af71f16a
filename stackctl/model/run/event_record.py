"""Events of a run as documents for programs, and the JSON Schema that describes them.

One document for each line of `--events FILE`. Fields are added, never renamed; what is
secret was hidden before it came here.
"""

from typing import Any

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

API_VERSION = "stackctl.dev/v1alpha1"
KIND = "Event"

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_OBJECT = {
    "type": "object",
    "properties": {"group": _TEXT, "kind": _TEXT, "namespace": _TEXT, "name": _TEXT},
    "required": ["group", "kind", "namespace", "name"],
}
# What each type of event carries besides its envelope; names that end in ? may be missing.
_FIELDS: dict[str, dict[str, Any]] = {
    "started": {"command": _TEXT},
    "step": {"text": _TEXT, "done?": _COUNT, "total?": _COUNT, "unit?": _TEXT},
    "component": {
        "component": _TEXT,
        "state": {"enum": [state.value for state in ComponentState]},
        "ready": _COUNT,
        "total": _COUNT,
        "waitingFor?": _TEXT,
    },
    "object": {
        "component": _TEXT,
        "object": _OBJECT,
        "action": {
            "enum": [
                "created",
                "configured",
                "recreated",
                "adopted",
                "released",
                "pruned",
                "deleted",
            ],
        },
    },
    "retry": {"what": _TEXT, "why": _TEXT, "seconds": {"type": "number", "minimum": 0}},
    "warning": {"text": _TEXT},
    "notice": {"text": _TEXT},
    "finished": {
        "outcome": {"enum": ["succeeded", "declined", "failed", "interrupted"]},
        "seconds": {"type": "number", "minimum": 0},
        "exitCode?": {"type": "integer"},
        "message?": _TEXT,
    },
}


def record(event: Event, time: str) -> dict[str, Any]:
    """Describe one event."""
    match event:
        case Step():
            counted = {"done": event.done, "total": event.total} if event.total else {}
            unit = {"unit": event.unit} if event.unit else {}
            return envelope("step", time, text=event.text, **counted, **unit)
        case ComponentProgress():
            waiting = {"waitingFor": event.waiting_for} if event.waiting_for else {}
            return envelope(
                "component",
                time,
                component=event.component,
                state=event.state.value,
                ready=event.ready,
                total=event.total,
                **waiting,
            )
        case ObjectDone():
            ref = event.ref
            named = {
                "group": ref.group,
                "kind": ref.kind,
                "namespace": ref.namespace,
                "name": ref.name,
            }
            return envelope(
                "object", time, component=event.component, object=named, action=event.action
            )
        case Retrying():
            return envelope("retry", time, what=event.what, why=event.why, seconds=event.seconds)
        case ServerWarning():
            return envelope("warning", time, text=event.text)
        case Notice():
            return envelope("notice", time, text=event.text)


def envelope(type: str, time: str, **fields: Any) -> dict[str, Any]:
    """Put what happened into its document."""
    head = {"apiVersion": API_VERSION, "kind": KIND, "time": time, "type": type}
    return head | fields


def events_schema() -> dict[str, Any]:
    """Describe one line of an events file as a JSON Schema (2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of `stackctl … --events FILE`",
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": KIND},
            "time": {"type": "string", "format": "date-time"},
            "type": {"enum": list(_FIELDS)},
            "context": _TEXT,  # where one was named
        },
        "required": ["apiVersion", "kind", "time", "type"],
        "oneOf": [_variant(name, fields) for name, fields in _FIELDS.items()],
    }


def _variant(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "properties": {
            "type": {"const": name},
            **{key.rstrip("?"): schema for key, schema in fields.items()},
        },
        "required": ["type", *(key for key in fields if not key.endswith("?"))],
    }
