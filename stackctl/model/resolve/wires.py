"""Wires: parameters that take their value from an attribute of what another component provides.

A wire gives way to whoever sets the parameter, and comes before its default. What attributes may
say is `catalogue.attributes`' part; that a component waits for its providers is `graph`'s.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stackctl.model.catalogue.attributes import (
    attributes_of,
    capability_of,
    filled,
    holes_in,
)
from stackctl.model.catalogue.component import Component, Mode, Parameter, ParameterType
from stackctl.model.catalogue.generated import Generated
from stackctl.model.catalogue.parameters import checked, parameters_of, parsed, text_of
from stackctl.model.catalogue.profile import DEFAULT, Origin, declared
from stackctl.model.resolve.confidential import confidential
from stackctl.model.resolve.graph import provided, required
from stackctl.model.resolve.selection import Attribute, Chosen, Setting, WireSource
from stackctl.model.shapes.suggest import did_you_mean

STACK = "stack"  # a capability that no component provides: what all of them come to
STACK_NAMESPACES = "stack.namespaces"  # of the components that the stack runs itself


def wired(
    components: Sequence[Chosen], known: Mapping[str, Component], problems: list[str]
) -> tuple[Chosen, ...]:
    """Fill in what is wired and not set, and what attributes come to; problems are added."""
    wiring = _Wiring({part.component.name: part for part in components}, known, problems)
    return tuple(wiring.of(part) for part in components)


def attribute_text(component: Component, name: str, features: Iterable[str]) -> str | None:
    """Return what a component says an attribute is made of, with the features that are on."""
    found = component.spec.attributes.get(name)
    for feature, said in component.spec.features.items():
        if feature in features:
            found = said.attributes.get(name, found)
    return found


def made_of(part: Chosen, name: str) -> str | None:
    """Return what a component says an attribute is made of in a stack, whatever it comes from.

    What is true of its own manifests says nothing of a chart that stands in for them.
    """
    if not stands_in(part):
        return attribute_text(part.component, name, part.features)
    upstream = part.component.spec.upstream
    return upstream.chart.attributes.get(name) if upstream and upstream.chart else None


def stands_in(part: Chosen) -> bool:
    """Tell whether a chart stands in for a component's own manifests."""
    return part.source is not None and part.source.instead


def matters(part: Chosen, key: str, parameter: Parameter) -> bool:
    """Tell whether a parameter's value goes anywhere with the features that are on."""
    if stands_in(part):
        return any(place.values for place in parameter.places)
    homes = {place.feature for place in parameter.places}
    return not homes or key in part.component.spec.each or bool(homes & {"", *part.features})


class _Wiring:
    """The settings and attributes of a stack, each worked out once."""

    def __init__(
        self,
        parts: Mapping[str, Chosen],
        known: Mapping[str, Component],
        problems: list[str],
    ) -> None:
        self._parts = parts
        self._known = known
        self._problems = problems
        self._settings: dict[tuple[str, str], Setting] = {}
        self._attributes: dict[tuple[str, str], Attribute | None] = {}
        self._open: list[str] = []  # what is being worked out, outermost first

    def of(self, part: Chosen) -> Chosen:
        """Return a component with its wires followed and its attributes worked out."""
        name = part.component.name
        parameters = {key: self._setting(part, key) for key in part.parameters}
        found = {each: self._attribute(name, each) for each in attributes_of(part.component)}
        attributes = {each: value for each, value in found.items() if value is not None}
        return replace(part, parameters=parameters, attributes=attributes)

    def _setting(self, part: Chosen, key: str) -> Setting:
        name, setting = part.component.name, part.parameters[key]
        parameter = parameters_of(part.component)[key]
        follows = parameter.from_ and setting.unsaid and part.mode is not Mode.EXTERNAL
        if not follows or not matters(part, key, parameter):
            return setting
        if (name, key) not in self._settings and not self._circular(f"{name}.{key}"):
            self._open.append(f"{name}.{key}")
            found = self._follow(part, key, parameter)
            self._open.pop()
            self._settings[name, key] = found or setting
        return self._settings.get((name, key), setting)

    def _circular(self, step: str) -> bool:
        if step not in self._open:
            return False
        circle = [*self._open[self._open.index(step) :], step]
        self._problems.append(f"these values come from each other: {' → '.join(circle)}")
        return True

    def _follow(self, part: Chosen, key: str, parameter: Parameter) -> Setting | None:
        """Return the setting that a wire comes to; nothing where it leads nowhere."""
        title = f"{part.component.name}.{key}"
        wires: list[WireSource] = []
        values: dict[str, Any] = {}
        for attribute in holes_in(parameter.from_):
            if capability_of(attribute) == STACK:
                values[attribute] = self._of_stack(title, attribute)
                continue
            provider = self._provider(title, attribute)
            found = self._attribute(provider, attribute) if provider else None
            if found is None:
                if parameter.default is None or self._silenced(provider, attribute):
                    self._problems += self._unmet(part, title, attribute, provider)
                return None
            if found.secret and not confidential(key, parameter):
                self._problems.append(
                    f"{title} comes from {attribute}, which is secret: "
                    f"its component.yaml must say secret: true"
                )
            values[attribute] = found.value
            wires.append(WireSource(attribute, provider, found.origin))
        if None in values.values():
            return None
        try:
            value = _fitting(parameter, filled(parameter.from_, values.__getitem__))
        except ValueError as error:
            told = str(error).partition(", found ")[0] if confidential(key, parameter) else error
            self._problems.append(f"{title} comes from {parameter.from_}: {told}")
            return None
        before = part.parameters[key]
        sources = [f"{wire.attribute} of {wire.provider}" for wire in wires]
        origin = Origin(f"wire {', '.join(sources or values)}")
        overrode = ((before.value, before.origin), *before.overrode)
        return Setting(value, origin, overrode, wires=tuple(wires), unsaid=True)

    def _of_stack(self, title: str, attribute: str) -> Any:
        """Return what the stack itself knows: where its own components are."""
        if attribute != STACK_NAMESPACES:
            self._problems.append(f"{title}: the stack has no {attribute}: {STACK_NAMESPACES}")
            return None
        own = (part for part in self._parts.values() if part.mode is not Mode.EXTERNAL)
        return sorted({part.namespace for part in own} - {"default"})  # which is everybody's

    def _provider(self, title: str, attribute: str) -> str:
        """Name the component that an attribute comes from, of those in the stack."""
        capability = capability_of(attribute)
        names = [name for name, part in self._parts.items() if capability in provided(part)]
        if len(names) > 1:
            self._problems.append(
                f"{title} comes from {attribute}, which {' and '.join(names)} provide: "
                f"set {title}, or take one of them out"
            )
        return names[0] if len(names) == 1 else ""

    def _attribute(self, name: str, attribute: str) -> Attribute | None:
        if (name, attribute) not in self._attributes:
            step = f"{attribute} of {name}"
            if self._circular(step):
                return None
            self._open.append(step)
            self._attributes[name, attribute] = self._worked_out(self._parts[name], attribute)
            self._open.pop()
        return self._attributes[name, attribute]

    def _silenced(self, provider: str, attribute: str) -> bool:
        """Tell whether a component would say it, did no chart stand in for its manifests."""
        part = self._parts.get(provider)
        if part is None or not stands_in(part) or part.mode is Mode.EXTERNAL:
            return False
        return attribute_text(part.component, attribute, part.features) is not None

    def _worked_out(self, part: Chosen, attribute: str) -> Attribute | None:
        component = part.component
        text = made_of(part, attribute)
        declared = parameters_of(component)
        secret = any(confidential(hole, declared[hole]) for hole in holes_in(text or ""))
        said = part.said_attributes.get(attribute)
        if part.mode is Mode.EXTERNAL or (said and stands_in(part)):
            return Attribute(said[0], said[1], secret) if said else None
        if text is None:
            return None
        try:
            value = filled(text, lambda hole: self._setting(part, hole).value)
        except ValueError as error:
            self._problems.append(f"{_written(part, attribute)}: {attribute}: {error}")
            return None
        return None if value is None else Attribute(value, _written(part, attribute), secret)

    # what is said where a wire leads nowhere

    def _unmet(self, part: Chosen, title: str, attribute: str, provider: str) -> Iterator[str]:
        capability = capability_of(attribute)
        if provider:
            yield f"{title} comes from {attribute}: {self._why(provider, attribute, title)}"
        elif capability not in required(part) and not self._ambiguous(capability):
            yield (
                f"{title} comes from {attribute}, which nothing in the stack provides: "
                f"{self._ways(attribute)}set {title}"
            )

    def _why(self, provider: str, attribute: str, title: str) -> str:
        part = self._parts[provider]
        if part.mode is Mode.EXTERNAL:
            return (
                f"somebody else runs {provider}: "
                f"write spec.components.{provider}.attributes.{attribute}, or set {title}"
            )
        text = made_of(part, attribute)
        if text is None and stands_in(part):
            return (
                f"{provider} comes from its chart, and nobody says what {attribute} is there: "
                f"write spec.components.{provider}.attributes.{attribute}, or set {title}"
            )
        if text is None:
            others = self._ways(attribute, without=provider)
            return f"{provider} does not say it: {others}set {title}"
        unset = [hole for hole in holes_in(text) if self._setting(part, hole).value is None]
        return f"set {' and '.join(f'{provider}.{hole}' for hole in unset)}, or {title}"

    def _ambiguous(self, capability: str) -> bool:
        return sum(capability in provided(part) for part in self._parts.values()) > 1

    def _ways(self, attribute: str, without: str = "") -> str:
        """Name the components, and the features, that would provide an attribute."""
        ways = []
        for name, component in self._known.items():
            said = attributes_of(component).get(attribute, ()) if name != without else ()
            ways += [f"turn on {name}.features.{each}" if each else f"add {name}" for each in said]
        if ways:
            return f"{' or '.join(sorted(ways))}, or "
        everything = {each for part in self._known.values() for each in attributes_of(part)}
        known = did_you_mean(attribute, everything)
        return f"no component known does{known}; "


def _fitting(parameter: Parameter, value: Any) -> Any:
    """Turn a value that comes from elsewhere into what a parameter takes.

    Raises:
        ValueError: it cannot be.
    """
    if isinstance(value, Generated):
        if parameter.type is not ParameterType.SECRET:
            raise ValueError("a generated value is for a parameter of type secret")
        return value
    if parameter.type is ParameterType.STRING and not isinstance(value, str):
        value = text_of(value)
    elif isinstance(value, str) and parameter.type is not ParameterType.STRING:
        value = parsed(parameter, value)
    return checked(parameter, value)


def _written(part: Chosen, attribute: str) -> Origin:
    """Return where a component says what an attribute is."""
    component = part.component
    at: tuple[str, ...] = ("attributes", attribute)
    if stands_in(part):
        return declared(component, "upstream", "chart", "attributes", attribute)
    for feature, said in component.spec.features.items():
        if feature in part.features and attribute in said.attributes:
            at = ("features", feature, "attributes", attribute)
    return declared(component, *at) if component.lines else DEFAULT
