"""The story of a run names its stack once, and tells how it ended."""

import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from stackctl.api.client import Client
from stackctl.cluster.record.event_recorder import record_events
from stackctl.errors import ApplyError, Interrupted
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId

STACK = StackId("s")


class Listener:
    """Stands for a server that takes every event."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def now(self) -> float:
        """Stand still."""
        return 0.0

    def request(self, *_: str, body: bytes, **__: Any) -> None:
        """Take an event."""
        event = json.loads(body)
        self.heard.append((event["reason"], event["note"]))


def heard(ending: BaseException | None) -> list[tuple[str, str]]:
    """Tell a run that ends like this."""
    listener = Listener()

    def run() -> None:
        recording = record_events(cast(Client, listener), STACK, "me@here", "Deploy")
        with recording as story, story.telling():
            story.begin(1, "revision 1", lambda: datetime.now(UTC))
            story.residue([Ref("", "ConfigMap", "ns", "x")])
            if ending is not None:
                raise ending

    if ending is None:
        run()
    else:
        with pytest.raises(type(ending)):
            run()
    return listener.heard


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (None, ("DeployFinished", "stack s: done")),
        (ApplyError("stack s: it broke"), ("DeployFailed", "stack s: it broke")),
        (ApplyError("it broke"), ("DeployFailed", "stack s: it broke")),
        (Interrupted("stack s: interrupted"), ("DeployInterrupted", "stack s: interrupted")),
        (KeyboardInterrupt(), ("DeployInterrupted", "stack s: interrupted")),
    ],
)
def test_a_story_names_its_stack_once_and_how_it_ended(ending, told):
    """Whether the error names the stack itself or not; to be stopped is not to fail."""
    assert heard(ending) == [
        ("DeployStarted", "stack s: revision 1"),
        ("ResidueFound", "stack s: still there: ConfigMap/ns/x"),
        told,
    ]
