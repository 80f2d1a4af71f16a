"""Events of a run as documents for programs, and the JSON Schema that describes them.

One document for each line of `--events FILE`. Fields are added, never renamed; what is
secret was hidden before it came here.
"""

from typing import Any

from stackctl.model.catalogue.envelope import DOCUMENTS_VERSION
from stackctl.model.plan.plan import Action
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
from stackctl.model.shapes.json_schema import (
    DIALECT,
    REF,
    Schema,
    always,
    count,
    fields,
    seconds,
    text,
    word,
)

KIND = "Event"
INTERRUPTED = "interrupted"

_COMPONENT = text("Component; empty for what belongs to none")
_MESSAGE = text("What there is to say, for people")
_HEAD: dict[str, Schema] = {
    "apiVersion": always(DOCUMENTS_VERSION),
    "kind": always(KIND),
    "time": text("When, RFC 3339", format="date-time"),
    "run": text("Which run; the objects that it writes carry it in their mark"),
    "context?": text("Context of the kubeconfig, where one was named"),
    "stack?": text("The stack, from the moment it is known"),
    "revision?": count("The revision, from the moment it is recorded"),
}
# What each type of event says, and what it carries besides its head; names in ? may be missing.
_TYPES: dict[str, tuple[str, dict[str, Schema]]] = {
    "started": ("A command begins", {"command": text("Which: deploy, teardown …")}),
    "step": (
        "A step of the run",
        {
            "message": _MESSAGE,
            "done?": count("How far it is"),
            "total?": count("How far it goes"),
            "unit?": text("What is counted"),
            "secondsLeft?": seconds("How long it will go on, at a guess"),
        },
    ),
    "component": (
        "How a component stands",
        {
            "component": _COMPONENT,
            "state": word("State", [state.value for state in ComponentState]),
            "ready": count("How many objects are ready, or removed"),
            "total": count("How many there are"),
            "waitingFor?": text("What it waits for"),
        },
    ),
    "object": (
        "An object was written or deleted",
        {
            "component": _COMPONENT,
            "object": fields("Which object", REF),
            "action": word("What was done, in the words of plans", [each.value for each in Action]),
        },
    ),
    "revision": ("The run is recorded, as this revision", {}),
    "retry": (
        "A request is sent again",
        {
            "what": text("Which request"),
            "reason": text("Why"),
            "seconds": seconds("After which time"),
        },
    ),
    "warning": (
        "A warning of the API server, each once",
        {
            "message": _MESSAGE,
            "object?": fields("Which object", REF),
            "component?": _COMPONENT,
        },
    ),
    "notice": ("Something to know", {"message": _MESSAGE}),
    "finished": (
        "The command ends",
        {
            "outcome": word("How", ["succeeded", "declined", "failed", INTERRUPTED]),
            "exitCode": count("Its exit code for this run; 130 by Ctrl-C, 143 by SIGTERM"),
            "seconds": seconds("How long it took"),
            "message?": _MESSAGE,
        },
    ),
}


def record(event: Event, time: str) -> dict[str, Any]:
    """Describe one event."""
    match event:
        case Step():
            counted = {"done": event.done, "total": event.total} if event.total else {}
            unit = {"unit": event.unit} if event.unit else {}
            left = {"secondsLeft": event.left} if event.left else {}
            return envelope("step", time, message=event.text, **counted, **unit, **left)
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
            done = {"object": event.ref._asdict(), "action": event.action.value}
            return envelope("object", time, component=event.component, **done)
        case Subject():
            return envelope("revision", time)
        case Retrying():
            return envelope("retry", time, what=event.what, reason=event.why, seconds=event.seconds)
        case ServerWarning() | Notice():
            type = "warning" if isinstance(event, ServerWarning) else "notice"
            return envelope(type, time, message=event.text, **_about(event))


def _about(event: ServerWarning | Notice) -> dict[str, Any]:
    """Name the object and the component of a warning."""
    if isinstance(event, Notice) or event.ref is None:
        return {}
    component = {"component": event.component} if event.component else {}
    return {"object": event.ref._asdict(), **component}


def envelope(type: str, time: str, **more: Any) -> dict[str, Any]:
    """Put what happened into its document; whose run it was is added by who writes it."""
    head = {"apiVersion": DOCUMENTS_VERSION, "kind": KIND, "time": time, "type": type}
    return head | more


def events_schema() -> dict[str, Any]:
    """Describe one line of an events file as a JSON Schema (2020-12)."""
    return {
        "$schema": DIALECT,
        "title": "Event",
        "description": "One line of `stackctl … --events FILE`",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in _TYPES],
        "$defs": {
            name: fields(what, {**_HEAD, "type": always(name), **more})
            for name, (what, more) in _TYPES.items()
        },
    }
