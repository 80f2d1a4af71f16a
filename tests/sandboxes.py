"""A sandbox for a whole test run, shared by every tier that needs an API server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackctl.model.run.events import Notify
from stackctl.sandbox.lifecycle import UpResult, Wanted, down, up
from stackctl.sandbox.machine.interrupts import interruptible
from stackctl.sandbox.machine.places import Places
from stackctl.sandbox.programs.binaries import Search, find_binaries
from stackctl.sandbox.programs.versions import this_platform
from tests.environment import CALLERS

NODES = "gpu=2x8,amd=1x8,cpu=1"


def have_programs(notify: Notify) -> None:
    """Find the programs of a sandbox, or build them, which takes minutes the first time."""
    cache = Places.of(CALLERS).cache
    with interruptible() as interrupts:
        find_binaries(Search(cache, this_platform(), CALLERS), notify, interrupts)


@contextmanager
def sandbox_in(folder: Path, name: str = "tests", nodes: str = NODES) -> Iterator[UpResult]:
    """Bring a sandbox up in a state folder of its own, and take it down again."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder)}
    try:
        yield up(name, Wanted(nodes=nodes), notify=lambda _: None, environment=environment)
    finally:
        down(name, notify=lambda _: None, environment=environment)
