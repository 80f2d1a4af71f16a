"""How a new component looks: the files that were written, and what was found for it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stackctl.cli.report.rendering import Document, Rendering, document
from stackctl.cli.terminal.terminal import plain

if TYPE_CHECKING:
    from pathlib import Path

    from stackctl.actions.new_component import Started


def new_result(started: Started) -> Rendering:
    """Say what was written."""
    return Rendering(
        document=lambda: new_document(started),
        lines=lambda _: [f"written: {plain(each)}" for each in started.files],
    )


def next_lines(started: Started, catalog: Path) -> list[str]:
    """Say what to do now, with commands that work as they are."""
    name = started.component.name
    told = f"{name} --catalog {shlex.quote(str(catalog))}"
    if started.profile:
        return [f"next: stackctl component lint {told}, stackctl deploy {told}"]
    profile = f"there is a profile {name} already, so name {name} in one of yours, under components"
    return [f"next: stackctl component lint {told}", profile]


def new_document(started: Started) -> Document:
    """Describe what was written."""
    spec = started.component.spec
    return document(
        "NewComponent",
        name=started.component.name,
        version=spec.version,
        namespace=spec.namespace,
        folder=started.component.folder,
        files=list(started.files),
        parameters=list(spec.parameters),
        images=[image.reference for image in spec.images or ()],
    )
