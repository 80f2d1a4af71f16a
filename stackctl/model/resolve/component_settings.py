"""One component decided: which values win, where they came from, which features are on.

Which files speak, and in which order, is `resolve`'s part.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stackctl.model.catalogue.attributes import attributes_of
from stackctl.model.catalogue.component import Component, Mode, Parameter, standing
from stackctl.model.catalogue.generated import Generated
from stackctl.model.catalogue.parameters import (
    NAMESPACE,
    checked,
    larger,
    parameters_of,
    parsed,
    text_of,
)
from stackctl.model.catalogue.profile import DEFAULT, Choice, Needs, Origin, Settings
from stackctl.model.objects.merge import overlay
from stackctl.model.resolve.chosen_source import SOURCE, Asked, choose_source
from stackctl.model.resolve.confidential import confidential
from stackctl.model.resolve.profile_chain import Layer
from stackctl.model.resolve.selection import Chosen, Selection, Setting
from stackctl.model.shapes.suggest import did_you_mean, nearest

COMMAND_LINE = Origin("--set")


@dataclass(frozen=True, slots=True)
class Override:
    """One `--set component.path=value`, of this command or of one that was recorded."""

    component: str
    path: str
    value: str
    origin: Origin = COMMAND_LINE

    def __str__(self) -> str:
        return f"{self.origin} {self.component}.{self.path}"


@dataclass(frozen=True, slots=True)
class ParameterReading:
    """A parameter that values are read for; those of a hidden one are not repeated."""

    parameter: Parameter
    hidden: bool

    def told(self, problem: ValueError) -> str:
        """Return what is wrong with a value."""
        expected, found, _ = str(problem).partition(", found ")
        if not self.hidden:
            return str(problem)
        return expected if found else f"the value will not do for a {self.parameter.type}"


@dataclass(slots=True)
class Inputs:
    """What files and overrides say about one component, earliest first."""

    choices: list[tuple[Choice, Layer]] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)


def choose(component: Component, inputs: Inputs, problems: list[str]) -> Chosen:
    """Settle one component; what is wrong is added to the problems."""
    name = component.name
    mode, mode_origin = Mode.MANAGED, DEFAULT
    for choice, layer in inputs.choices:
        if choice.mode is not None:
            mode, mode_origin = choice.mode, layer.origin("components", name, "mode")
        if choice.version not in (None, component.spec.version) and component.folder:
            where = layer.origin("components", name, "version")
            problems.append(
                f"{where}: spec.components.{name}.version: the catalogue has "
                f"{component.spec.version}, not {choice.version}"
            )
    said_of_features = _said_of_features(component, inputs, problems)
    features = frozenset(key for key, said in said_of_features.items() if said.value)
    parameters = {
        key: _generated(
            f"{name}.{key}",
            parameter,
            _setting(parameter, list(_values(name, key, parameter, inputs, problems))),
        )
        for key, parameter in parameters_of(component).items()
    }
    _unknown(component, inputs, problems)
    if mode is not Mode.SKIP:
        problems += _idle(component, parameters, features, frozenset(_adjusted(name, inputs)))
        problems += _exceeding(component, parameters)
    source = choose_source(component, inputs.choices, problems, _asked(inputs.overrides))
    elsewhere = mode is Mode.EXTERNAL or (source is not None and source.instead)
    return Chosen(
        component=component,
        mode=mode,
        mode_origin=mode_origin,
        namespace=str(parameters[NAMESPACE].value),
        parameters=parameters,
        features=features,
        feature_settings=said_of_features,
        said_attributes=dict(_attributes(component, inputs, problems, elsewhere=elsewhere)),
        source=source,
        patches=tuple(_listed(name, inputs, "patches")),
        ignore=tuple(_listed(name, inputs, "ignore")),
        # The latest file is asked first, its rules in the order they are written.
        contested=tuple(_listed(name, inputs, "contested", latest_first=True)),
    )


def alone(component: Component, problems: list[str]) -> Selection:
    """Settle one component as it comes, beside nothing: its wires lead nowhere."""
    return Selection("", (), (choose(component, Inputs(), problems),), Needs(), Settings())


def _asked(overrides: Iterable[Override]) -> Asked | None:
    """Return the last that is said of the source."""
    said = [each for each in overrides if each.path == SOURCE]
    return Asked(said[-1].value, said[-1].origin, str(said[-1])) if said else None


def _listed(
    name: str, inputs: Inputs, key: str, *, latest_first: bool = False
) -> Iterator[tuple[Origin, Any]]:
    """Yield what all layers list under a key, each with where it is written."""
    for choice, layer in reversed(inputs.choices) if latest_first else inputs.choices:
        for index, item in enumerate(getattr(choice, key)):
            yield layer.origin("components", name, key, index), item


def _attributes(
    component: Component, inputs: Inputs, problems: list[str], *, elsewhere: bool
) -> Iterator[tuple[str, tuple[Any, Origin]]]:
    """Yield what is said of attributes that follow from no manifests of ours, the latest last."""
    name, known = component.name, attributes_of(component)
    for choice, layer in inputs.choices:
        for key, value in choice.attributes.items():
            origin = layer.origin("components", name, "attributes", key)
            where = f"{origin}: spec.components.{name}.attributes.{key}"
            if key not in known:
                problems.append(f"{where}: {name} has no such attribute{did_you_mean(key, known)}")
            elif not elsewhere:
                problems.append(
                    f"{where}: follows from the parameters of {name}, "
                    "unless somebody else runs it (mode: external) or it comes from its chart"
                )
            elif value is not None:
                yield key, (value, origin)


# parameters


def _values(
    name: str, key: str, parameter: Parameter, inputs: Inputs, problems: list[str]
) -> Iterator[tuple[Any, Origin]]:
    """Yield the values of a parameter that are valid, earliest first."""
    read = ParameterReading(parameter, hidden=confidential(key, parameter))
    for choice, layer in inputs.choices:
        if key in choice.parameters:
            origin = layer.origin("components", name, "parameters", key)
            where = f"{origin}: spec.components.{name}.parameters.{key}"
            yield from _valid(read, choice.parameters[key], origin, where, problems)
    for override in inputs.overrides:
        first, _, rest = override.path.partition(".")
        if first == key and key not in ("features", SOURCE):
            value = _set_value(read, rest, override, problems)
            yield from _valid(read, value, override.origin, str(override), problems)


def _set_value(read: ParameterReading, rest: str, override: Override, problems: list[str]) -> Any:
    """Read the value of an override; what follows the parameter's name is a key of a map."""
    if rest:
        if read.parameter.type == "map":
            return {rest: None if override.value == "null" else override.value}
        problems.append(f"{override}: the parameter is no map, it has nothing called {rest}")
        return None
    try:
        return parsed(read.parameter, override.value)
    except ValueError as error:
        problems.append(f"{override}: {read.told(error)}")
        return None


def _valid(
    read: ParameterReading, value: Any, origin: Origin, where: str, problems: list[str]
) -> Iterator[tuple[Any, Origin]]:
    try:
        if value is not None:
            # Nulls in a map take keys out of the map it is laid over.
            kept = {k: v for k, v in value.items() if v is not None} if _is_map(value) else value
            kept = checked(read.parameter, kept)
            value = value if _is_map(value) else kept
    except ValueError as error:
        problems.append(f"{where}: {read.told(error)}")
    else:
        yield value, origin


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _setting(parameter: Parameter, values: list[tuple[Any, Origin]]) -> Setting:
    """Lay values over the default, keeping what each one overrode."""
    setting = Setting(parameter.default, DEFAULT, unsaid=True)
    for value, origin in values:
        before = ((setting.value, setting.origin), *setting.overrode)
        merged = overlay(setting.value, value) if isinstance(value, dict) else value
        kept = parameter.default if value is None else merged
        setting = Setting(kept, origin, before, unsaid=value is None)
    return setting


def _generated(name: str, parameter: Parameter, setting: Setting) -> Setting:
    """Note of what nobody sets that a run makes it."""
    made = parameter.generate is not None and setting.value is None
    return replace(setting, value=Generated(name)) if made else setting


def _adjusted(name: str, inputs: Inputs) -> Iterator[Origin]:
    """Yield where parameters are adjusted: said for whoever has the component, and its features."""
    for choice, layer in inputs.choices:
        if choice is layer.adjust.get(name):
            for key in choice.parameters:
                yield layer.origin("components", name, "parameters", key)


def _idle(
    component: Component,
    parameters: Mapping[str, Setting],
    features: frozenset[str],
    adjusted: Collection[Origin],
) -> Iterator[str]:
    """Refuse settings that would go nowhere because the features they belong to are off.

    A mixin that adjusts them cannot know what the profile it is laid over has switched off.
    """
    for key, parameter in component.spec.parameters.items():
        setting = parameters[key]
        homes = {place.feature for place in parameter.places}
        unset = setting.origin in (DEFAULT, *adjusted) or setting.value == parameter.default
        if unset or not homes or key in component.spec.each or homes & {"", *features}:
            continue
        names = " or ".join(sorted(homes))
        yield (
            f"{setting.origin}: {component.name}.{key} only matters with the feature {names}, "
            f"which is off: set {component.name}.features.{min(homes)}=true"
        )


def _exceeding(component: Component, parameters: Mapping[str, Setting]) -> Iterator[str]:
    """Refuse values that are more than that of another parameter lets them be."""
    for key, parameter in component.spec.parameters.items():
        own, most = parameters[key], parameters.get(parameter.atMost)
        if most is None or own.value is None or most.value is None:
            continue
        if larger(parameter.type, own.value, most.value):
            said = most.origin if own.origin == DEFAULT else own.origin
            name, limit = component.name, text_of(most.value)
            yield (
                f"{said}: {name}.{key} is {text_of(own.value)}, which is more than "
                f"{name}.{parameter.atMost}, {limit}: set {name}.{key}={limit}"
            )


# features


def _said_of_features(
    component: Component, inputs: Inputs, problems: list[str]
) -> dict[str, Setting]:
    """Say of each feature whether it is on and who says so, and check that they go together."""
    known = component.spec.features
    said: dict[str, list[tuple[bool, Origin]]] = {
        key: [(feature.default, DEFAULT)] for key, feature in known.items()
    }
    for choice, layer in inputs.choices:
        for key, value in choice.features.items():
            origin = layer.origin("components", component.name, "features", key)
            said.setdefault(key, []).append((value, origin))
    for override in inputs.overrides:
        first, _, key = override.path.partition(".")
        if first != "features":
            continue
        if override.value in ("true", "false"):
            said.setdefault(key, []).append((override.value == "true", override.origin))
        elif key in known:
            problems.append(f'{override}: expected true or false, found "{override.value}"')
    found = {
        key: Setting(*said[key][-1], overrode=tuple(reversed(said[key][:-1]))) for key in known
    }
    found = _with_what_waits(component, found)
    active = {key: setting.origin for key, setting in found.items() if setting.value}
    problems += _quarrels(component, active)
    return found


def _with_what_waits(component: Component, said: dict[str, Setting]) -> dict[str, Setting]:
    """Turn off what is on by default and nobody speaks of, where what it requires is off."""
    features = component.spec.features
    on = {key for key, setting in said.items() if setting.value}
    kept = standing(features, on, {key for key in on if said[key].origin != DEFAULT})
    return {
        key: setting if key in kept else replace(setting, value=False)
        for key, setting in said.items()
    }


def _quarrels(component: Component, active: Mapping[str, Origin]) -> Iterator[str]:
    name = component.name
    for key, origin in active.items():
        feature = component.spec.features[key]
        for other in feature.requires:
            if other not in active:
                yield (
                    f"{origin}: {name}.features.{key} needs the feature {other}: "
                    f"set {name}.features.{other}=true"
                )
        for other in feature.conflicts:
            if other not in active:
                continue
            mutual = key in component.spec.features[other].conflicts
            if key < other or not mutual:  # say it once
                yield (
                    f"{origin}: {name}.features.{key} excludes the feature {other}, "
                    f"which is on ({active[other]}): turn one of them off"
                )


def _unknown(component: Component, inputs: Inputs, problems: list[str]) -> None:
    """Report parameters and features that the component does not have."""
    name = component.name
    parameters, features = parameters_of(component), component.spec.features
    for choice, layer in inputs.choices:
        for key in choice.parameters:
            if key not in parameters:
                where = layer.origin("components", name, "parameters", key)
                what = (
                    "a feature: it belongs in features, with true or false"
                    if key in features
                    else f"{name} has no such parameter{_nearest(key, parameters, features)}"
                )
                problems.append(f"{where}: spec.components.{name}.parameters.{key}: {what}")
        for key in choice.features:
            if key not in features:
                where = layer.origin("components", name, "features", key)
                what = (
                    "a parameter: it belongs in parameters"
                    if key in parameters
                    else f"{name} has no such feature{did_you_mean(key, features)}"
                )
                problems.append(f"{where}: spec.components.{name}.features.{key}: {what}")
    problems += _unknown_overrides(component, inputs.overrides)


def _unknown_overrides(component: Component, overrides: Iterable[Override]) -> Iterator[str]:
    name = component.name
    parameters, features = parameters_of(component), component.spec.features
    for override in overrides:
        first, _, rest = override.path.partition(".")
        if first == "features" and rest not in features:
            if rest in parameters:
                yield f"{override}: a parameter, no feature: --set {name}.{rest}=VALUE"
            else:
                yield f"{override}: {name} has no such feature{did_you_mean(rest, features)}"
        elif first in features and first not in parameters:
            value = override.value if override.value in ("true", "false") else "true"
            yield f"{override}: a feature, no parameter: --set {name}.features.{first}={value}"
        elif first not in (*parameters, "features") and override.path != SOURCE:
            known = _nearest(first, parameters, features)
            yield f"{override}: {name} has no such parameter{known}"


def _nearest(key: str, parameters: Collection[str], features: Collection[str]) -> str:
    """Say which parameter or feature was meant."""
    found = nearest(key, (*parameters, *features))
    switch = "features." if found in features else ""
    return f"; did you mean {switch}{found}?" if found else ""
