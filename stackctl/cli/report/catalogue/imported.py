"""How a recipe looks that has become a profile: what is there now, and what is not."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stackctl.cli.report.rendering import Document, Page, Rendering, document, known
from stackctl.cli.terminal.terminal import plain, table, wrap
from stackctl.model.recipes.conversion import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackctl.actions.import_profile import ImportedProfile
    from stackctl.model.recipes.conversion import Made


def imported_result(found: ImportedProfile) -> Rendering:
    """Say what was written, what stands for what, and what is left out."""
    return Rendering(
        document=lambda: imported_document(found),
        lines=lambda page: imported_lines(found, page),
    )


def imported_lines(found: ImportedProfile, page: Page) -> Iterator[str]:
    """Show each part of the recipe beside what it has become, then what has become of nothing."""
    header = ("RECIPE", "VERSION", "BECOMES")
    rows = [
        (each.ingredient.name, each.ingredient.version or "-", _becomes(each))
        for each in found.conversion.made
    ]
    yield from table(header, rows, page.paint, page.width)
    yield ""
    if found.conversion.left:
        yield page.paint("left out:", "bold")
        for text in grouped(found.conversion.left):
            yield from (f"  {line}" for line in wrap(plain(text), _less(page.width), "  "))
        yield ""
    yield from (f"written: {plain(each)}" for each in found.files)


def _less(width: int | None) -> int | None:
    return width and width - 2


def _becomes(made: Made) -> str:
    if made.source is None:
        return f"component {made.component} {made.version}"
    named = "" if made.component == made.ingredient.name else f", called {made.component}"
    return f"{_from(made)}{named}"


def _from(made: Made) -> str:
    if made.source is None:
        return "catalogue"
    return "chart" if made.source.chart else "manifests"


def next_lines(found: ImportedProfile, catalog: Path) -> list[str]:
    """Say what to do now, with commands that work as they are."""
    told = f"{found.name} --catalog {shlex.quote(str(catalog))}"
    return [f"next: stackctl profiles {told}, stackctl deploy {told}"]


def imported_document(found: ImportedProfile) -> Document:
    """Describe what was written, and what was not."""
    return document(
        "ImportedProfile",
        name=found.name,
        layers=list(found.recipe.layers),
        files=list(found.files),
        components=[
            known(
                name=each.component,
                version=each.version,
                source=_from(each),
                recipe=known(name=each.ingredient.name, version=each.ingredient.version or None),
                chart=str(each.source.chart) if each.source and each.source.chart else None,
            )
            for each in found.conversion.made
        ],
        leftOut=[
            known(component=each.component or None, what=each.what, reason=each.why)
            for each in found.conversion.left
        ],
    )
