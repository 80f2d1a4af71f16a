"""List the components profiles are made of, and describe one: what it installs and asks for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackctl.errors import ConfigError, RenderError
from stackctl.sources.files import read_catalogue

if TYPE_CHECKING:  # listing components loads nothing it does not need
    from stackctl.model.catalogue.component import Component, Manifests
    from stackctl.model.objects.refs import Manifest
    from stackctl.model.privileges.privileges import Privilege


@dataclass(frozen=True, slots=True)
class Contents:
    """What a component consists of: how many objects of each kind, and the rights it asks for."""

    component: "Component"
    base: Mapping[str, int]
    features: Mapping[str, Mapping[str, int]]  # more with each
    each: Mapping[str, Mapping[str, int]]  # more for each item of a list parameter
    privileges: "Mapping[str, tuple[Privilege, ...]]"  # by feature; as it comes, under no name
    hidden: RenderError | None = None  # why what it installs is not known


def components(catalogs: Sequence[Path] = ()) -> "Mapping[str, Component]":
    """Return every component by name; their manifests are not read.

    Raises:
        ConfigError: a component.yaml is not right; every fault is listed.
    """
    found = read_catalogue(catalogs).components
    len(found)  # reads them, and finds what is wrong with them, now
    return found


def contents(name: str, catalogs: Sequence[Path] = ()) -> Contents:
    """Read everything of one component; of one that cannot be rendered here what it says itself.

    Raises:
        ConfigError: there is none of this name, or its files are not right.
        RenderError: a feature does not fit.
    """
    from stackctl.model.compose.compose import scopes_of
    from stackctl.model.compose.object_set import NoSuchObject
    from stackctl.model.objects.merge import OverlayError
    from stackctl.model.privileges.privileges import asked_by_features
    from stackctl.sources.components import read_manifests

    component = read_catalogue(catalogs).component(name)
    manifests = read_manifests(component)
    if component.spec.source is not None:
        try:
            component, manifests = _rendered(component, manifests)
        except RenderError as error:
            return Contents(component, {}, {}, {}, {}, hidden=error)
    try:
        asked = asked_by_features(component, manifests, scopes_of([manifests]))
    except (NoSuchObject, OverlayError) as error:
        raise RenderError(f"component {component.name}: {error}") from error
    return Contents(
        component,
        kinds_of(manifests.base),
        {key: kinds_of(found) for key, found in manifests.features.items()},
        {key: kinds_of(found) for key, found in manifests.each.items()},
        asked,
    )


def _rendered(component: "Component", own: "Manifests") -> "tuple[Component, Manifests]":
    """Render the source of a component with what it says itself.

    Raises:
        ConfigError: what it says does not fit together.
        RenderError: it cannot be rendered.
    """
    from stackctl.actions.from_sources import with_sources
    from stackctl.model.resolve.component_settings import alone

    problems: list[str] = []
    selection = alone(component, problems)
    if problems:
        raise ConfigError.listing(f"component {component.name} is not right:", problems)
    made = with_sources(selection, {component.name: own}, None)
    return made.selection.components[0].component, made.manifests[component.name]


def kinds_of(manifests: "Iterable[Manifest]") -> dict[str, int]:
    """Count objects by kind, the kinds in alphabetical order."""
    return dict(sorted(Counter(each["kind"] for each in manifests).items()))
