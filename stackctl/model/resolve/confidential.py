"""Which settings are secret: by a mark, by a place in a Secret, else by what they are called.

What is found here is hidden by `secrets`; where it is recorded is `cluster.releases`' part.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from stackctl.model.catalogue.component import Component, Parameter, ParameterType, Place
from stackctl.model.catalogue.generated import Generated
from stackctl.model.catalogue.parameters import parsed, text_of
from stackctl.model.catalogue.profile import Choice
from stackctl.model.objects.masking import values_of
from stackctl.model.resolve.selection import Chosen
from stackctl.secrets import HIDDEN, secretive

# A number or a yes called `token` says how tokens are dealt with.
_TEXTS = frozenset({ParameterType.STRING, ParameterType.LIST, ParameterType.MAP})


def confidential(name: str, parameter: Parameter) -> bool:
    """Tell whether what a parameter is set to is secret."""
    if parameter.type is ParameterType.SECRET:
        return True
    if parameter.secret is not None:
        return parameter.secret
    if any(_in_secret(place.object) for place in parameter.places):
        return True
    return parameter.type in _TEXTS and secretive(name)


def shown_default(name: str, parameter: Parameter) -> Any:
    """Return a default as it may be shown."""
    secret = parameter.default is not None and confidential(name, parameter)
    return HIDDEN if secret else parameter.default


def secret_places(component: Component) -> Iterator[Place]:
    """Yield the places of everything secret that can be set, whatever is switched on."""
    for name, parameter in component.spec.parameters.items():
        if confidential(name, parameter):
            yield from parameter.places


def _in_secret(place: str) -> bool:
    return place.partition("/")[0].partition(".")[0] == "Secret"


def secret_keys(
    components: Mapping[str, Component], keys: Iterable[str], known: Container[str] = ()
) -> frozenset[str]:
    """Choose the keys of `--set` whose values are secret; those that are known to be are."""
    return frozenset(key for key in keys if key in known or _is_secret(components, *_parted(key)))


def _is_secret(components: Mapping[str, Component], name: str, path: str) -> bool:
    parameter = _parameter(components, name, path)
    # What nobody knows may be a secret's name, mistyped.
    return confidential(path, parameter) if parameter else secretive(path)


def _parted(key: str) -> tuple[str, str]:
    component, _, path = key.partition(".")
    return component, path.partition(".")[0]


def _parameter(components: Mapping[str, Component], name: str, path: str) -> Parameter | None:
    component = components.get(name)
    return component.spec.parameters.get(path) if component else None


def split(sets: Mapping[str, str], secret: Container[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Part what may be seen from what may not; of that, the first says that it is there."""
    seen = {key: HIDDEN if key in secret else value for key, value in sets.items()}
    return seen, {key: value for key, value in sets.items() if key in secret}


def secrets_set(
    components: Mapping[str, Component], sets: Mapping[str, str], secret: Container[str]
) -> Iterator[object]:
    """Yield what `--set` gives to secret parameters: the text, and what it is made of."""
    for key, text in sets.items():
        if key in secret:
            yield text
            if parameter := _parameter(components, *_parted(key)):
                with suppress(ValueError):  # not what it should be; the text is known
                    yield from _leaves(parsed(parameter, text))


def secrets_chosen(
    components: Mapping[str, Component], choices: Iterable[tuple[str, Choice]]
) -> Iterator[object]:
    """Yield what files give to secret parameters, and what is in their patches of Secrets."""
    for name, choice in choices:
        yield from values_of(choice.patches)
        for key, value in choice.parameters.items():
            if _is_secret(components, name, key):
                yield from _leaves(value)


def secrets_decided(chosen: Chosen) -> Iterator[object]:
    """Yield what secret parameters come to, whoever said so, their defaults too."""
    for key, setting in chosen.parameters.items():
        if _is_secret({chosen.component.name: chosen.component}, chosen.component.name, key):
            yield from _leaves(setting.value)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, Generated):
        yield text_of(value)
