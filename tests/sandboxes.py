"""A sandbox for a whole test run, shared by every tier that needs an API server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackctl.sandbox.lifecycle import UpResult, Wanted, down, up

NODES = "gpu=2x8,cpu=1"


@contextmanager
def sandbox_in(folder: Path, name: str = "tests", nodes: str = NODES) -> Iterator[UpResult]:
    """Bring a sandbox up in a state folder of its own, and take it down again."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder)}
    try:
        yield up(name, Wanted(nodes=nodes), notify=lambda _: None, environment=environment)
    finally:
        down(name, notify=lambda _: None, environment=environment)
