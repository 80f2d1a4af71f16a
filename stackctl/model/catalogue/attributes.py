"""Attributes of capabilities, and texts that are made of values: `hdfs://{service}:{port}`.

The only texts with holes there are. A provider fills them with its own parameters, whoever reads
an attribute with attributes. What they come to in a stack is `resolve.wires`' part.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from stackctl.model.catalogue.component import Component, ComponentSpec, Parameter
from stackctl.model.catalogue.generated import Generated
from stackctl.model.catalogue.parameters import NAMESPACE, text_of
from stackctl.model.shapes.decode import Problem
from stackctl.model.shapes.suggest import did_you_mean

ATTRIBUTE = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\.[A-Za-z][\w-]*"  # capability.name
EXPECTED_ATTRIBUTE = "capability.name, such as hdfs.url"
_PARAMETER = r"[A-Za-z][\w-]*"
_HOLE = re.compile(r"\{(?P<name>[^{}]*)\}")

At = tuple[str | int, ...]


class Hole(NamedTuple):
    """What stands for a value in a text."""

    name: str


def parts_of(text: str) -> list[str | Hole]:
    """Take a text apart at its holes; the name of an attribute alone is a hole."""
    if re.fullmatch(ATTRIBUTE, text):
        return [Hole(text)]
    found: list[str | Hole] = []
    end = 0
    for match in _HOLE.finditer(text):
        found += [text[end : match.start()], Hole(match["name"])]
        end = match.end()
    return [part for part in (*found, text[end:]) if part != ""]


def holes_in(text: str) -> list[str]:
    """Name what a text is made of, each once."""
    return list(dict.fromkeys(part.name for part in parts_of(text) if isinstance(part, Hole)))


def filled(text: str, value: Callable[[str], Any]) -> Any:
    """Fill the holes; one that is the whole text keeps its type. None where a value is None.

    Raises:
        ValueError: nobody knows a value yet, and it is a part of a text.
    """
    parts = parts_of(text)
    values = [value(part.name) if isinstance(part, Hole) else part for part in parts]
    if None in values:
        return None
    if len(parts) > 1 and any(isinstance(each, Generated) for each in values):
        raise ValueError("a generated value is passed on whole, or not at all")
    return values[0] if len(parts) == 1 else "".join(map(text_of, values))


def capability_of(attribute: str) -> str:
    """Return the capability that an attribute is of."""
    return attribute.partition(".")[0]


def attributes_of(component: Component) -> dict[str, tuple[str, ...]]:
    """Name every attribute a component may provide, with the features that say what it is.

    An empty name among them stands for the component itself.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(component.spec.attributes, ("",))
    for feature, said in component.spec.features.items():
        for name in said.attributes:
            found[name] = (*found.get(name, ()), feature)
    return found


# what a component.yaml may say of them


def attribute_problems(spec: ComponentSpec) -> Iterator[Problem]:
    """Check what a component says of its attributes."""
    whole: At = ("spec", "attributes")
    yield from _of_attributes(whole, spec, spec.attributes, spec.provides)
    for name, feature in spec.features.items():
        at = ("spec", "features", name, "attributes")
        provided = (*spec.provides, *feature.provides)
        yield from _of_attributes(at, spec, feature.attributes, provided)
    yield from _of_chart(spec)


def _of_chart(spec: ComponentSpec) -> Iterator[Problem]:
    """Check what attributes are where the chart stands in, made of what it is told alone."""
    if spec.upstream is None or spec.upstream.chart is None:
        return
    said = spec.upstream.chart.attributes
    features = [each for feature in spec.features.values() for each in feature.attributes]
    known = {*spec.attributes, *features}
    told = {NAMESPACE, *(k for k, p in spec.parameters.items() if any(e.values for e in p.places))}
    for name, text in said.items():
        here = ("spec", "upstream", "chart", "attributes", name)
        if name not in known:
            yield Problem(here, f"the component has no such attribute{did_you_mean(name, known)}")
        yield from _stray_braces(here, text, "{parameter}")
        for hole in holes_in(text):
            if hole not in told:
                what = f"no parameter {hole} is bound to a value of the chart"
                yield Problem(here, f"{what}{did_you_mean(hole, told)}")


def _of_attributes(
    at: At, spec: ComponentSpec, said: Mapping[str, str], provided: tuple[str, ...]
) -> Iterator[Problem]:
    known = {NAMESPACE, *spec.parameters}
    for name, text in said.items():
        here = (*at, name)
        if not re.fullmatch(ATTRIBUTE, name):
            yield Problem(here, f"expected {EXPECTED_ATTRIBUTE}, found {name}")
        elif capability_of(name) not in provided:
            what = f"provides has no {capability_of(name)}"
            yield Problem(here, f"{what}{did_you_mean(capability_of(name), provided)}")
        yield from _stray_braces(here, text, "{parameter}")
        for hole in holes_in(text):
            if re.fullmatch(_PARAMETER, hole) and hole not in known:
                yield Problem(here, f"no parameter is called {hole}{did_you_mean(hole, known)}")
            elif not re.fullmatch(_PARAMETER, hole):
                yield Problem(here, f"expected {{parameter}}, found {{{hole}}}")


def wire_problems(at: At, parameter: Parameter) -> Iterator[Problem]:
    """Check what a parameter is said to come from."""
    text = parameter.from_
    if not text:
        return
    yield from _stray_braces(at, text, "{capability.name}")
    holes = holes_in(text)
    for hole in holes:
        if not re.fullmatch(ATTRIBUTE, hole):
            yield Problem(at, f"expected {EXPECTED_ATTRIBUTE}, found {hole or '{}'}")
    if not holes:
        yield Problem(at, f"expected {EXPECTED_ATTRIBUTE}, or a text with {{capability.name}}")


def _stray_braces(at: At, text: str, hole: str) -> Iterator[Problem]:
    if set("{}") & set(_HOLE.sub("", text)):
        yield Problem(at, f"a brace that is no part of {hole}")
