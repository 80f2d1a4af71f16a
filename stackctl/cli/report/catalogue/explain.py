"""How explanations look: of a component as a stack has it, and of one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackctl.actions.explain import ExplainedComponent
from stackctl.cli.report.catalogue.components import (
    block,
    component_lines,
    components_document,
    limits,
    shown_value,
)
from stackctl.cli.report.catalogue.values import settings_of
from stackctl.cli.report.rendering import Document, Page, Rendering, document, known
from stackctl.cli.terminal.terminal import columns, plain, wrap
from stackctl.model.compose.bind import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackctl.model.resolve.explanation import Explanation, Said, Supply, WrittenTo

_DEFAULT = "default"


def explain_result(found: ExplainedComponent | Explanation) -> Rendering:
    """Explain a component or a value."""
    if isinstance(found, ExplainedComponent):
        return Rendering(
            document=lambda: _component_document(found),
            lines=lambda page: _component_lines(found, page),
        )
    return Rendering(
        document=lambda: value_document(found), lines=lambda page: value_lines(found, page)
    )


def _component_lines(found: ExplainedComponent, page: Page) -> list[str]:
    return component_lines(found.contents, page.paint, page.width, found)


def _component_document(found: ExplainedComponent) -> Document:
    (item,) = components_document([found.contents.component], found.contents)["items"]
    chosen = found.chosen
    if chosen is None:
        return document("ComponentExplanation", **item)
    waits = [{"name": name, "capability": why} for name, why in found.needs.items()]
    return document(
        "ComponentExplanation",
        **item | {"namespace": chosen.namespace},
        profile=found.profile,
        mode=chosen.mode.value,
        waitsFor=waits,
        settings=[
            known(name=key, value=value, origin=str(origin))
            for key, value, origin in settings_of(chosen)
        ],
    )


def value_lines(found: Explanation, page: Page) -> list[str]:
    """Write everything about one value."""
    paint, width = page.paint, page.width
    lines = wrap(f"{paint(found.name, 'bold')} = {_shown(found.value)}", width, "  ")
    lines += wrap(plain(found.description), width)
    if found.parameter:
        words = [str(found.parameter.type), *limits(found.parameter)]
        words += ["secret"] if found.secret and "secret" not in words else []
        lines += wrap(", ".join(words), width)
    rows = [
        (
            f"  {plain(str(said.origin))}",
            _DEFAULT if said.default else "",
            _shown(said.value),
            "" if index == 0 else "overridden",
        )
        for index, said in enumerate(found.said)
    ]
    lines += ["", paint("SAID BY", "bold")]
    table = columns(rows, paint)
    if width is None or all(len(row.rstrip()) <= width for row in table):
        lines += [row.rstrip() for row in table]
    else:  # one below the other, where there is no room beside each other
        lines += [line for said in rows for line in _stacked(said, width)]
    lines += block("WIRES", map(_wire, found.wires), paint, width)
    lines += block("WRITTEN TO", ((each, "") for each in _places(found)), paint, width)
    lines += block("FEEDS", ((each, "") for each in (*found.feeds, *found.readers)), paint, width)
    return lines


def _stacked(row: tuple[str, ...], width: int | None) -> Iterator[str]:
    origin, *rest = row
    yield origin
    text = "  ".join(each for each in rest if each)
    yield from (f"      {line}" for line in wrap(text, width and width - 6))


def _shown(value: Any) -> str:
    return "unset" if value is None else plain(shown_value(value))


def _wire(each: Supply) -> tuple[str, str]:
    made = f"made of {each.made_of} in " if each.made_of else "said in "
    return f"{each.attribute} of {each.provider} = {_shown(each.value)}", f"{made}{each.origin}"


def _places(found: Explanation) -> Iterator[str]:
    if found.name.endswith(".namespace"):
        yield "every object of the component, and wherever kinds refer to its namespace"
    yield from (_place(each) for each in found.targets)


def _place(each: WrittenTo) -> str:
    place = each.place
    words = [f"for each of {place.each}"] if place.each else []
    if place.feature:
        words.append(f"with the feature {place.feature}{'' if each.there else ', which is off'}")
    return describe(place) + (f" ({'; '.join(words)})" if words else "")


def value_document(found: Explanation) -> Document:
    """Explain a value to programs."""
    return document(
        "ValueExplanation",
        name=found.name,
        value=found.value,
        description=found.description,
        type=found.parameter.type.value if found.parameter else None,
        secret=found.secret,
        said=[_said_document(each) for each in found.said],
        wires=[
            known(
                attribute=each.attribute,
                provider=each.provider,
                value=each.value,
                madeOf=each.made_of or None,
                origin=str(each.origin),
            )
            for each in found.wires
        ],
        places=[
            known(
                place=describe(each.place),
                active=each.there,
                feature=each.place.feature or None,
                each=each.place.each or None,
            )
            for each in found.targets
        ],
        feeds=[*found.feeds, *found.readers],
    )


def _said_document(each: Said) -> Document:
    return known(value=each.value, origin=str(each.origin), default=each.default)
