"""List the components profiles are made of, and what each asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stackctl.errors import RenderError
from stackctl.sources.files import read_catalogue

if TYPE_CHECKING:  # listing components loads nothing it does not need
    from stackctl.model.catalogue.component import Component
    from stackctl.model.privileges.privileges import Privilege


def components(catalogs: Sequence[Path] = ()) -> "Mapping[str, Component]":
    """Return every component by name; their manifests are not read.

    Raises:
        ConfigError: a component.yaml is not right; every fault is listed.
    """
    found = read_catalogue(catalogs).components
    len(found)  # reads them, and finds what is wrong with them, now
    return found


def privileges_of(component: "Component") -> "dict[str, tuple[Privilege, ...]]":
    """Name what a component asks for: as it comes (under no name), and more with each feature.

    Raises:
        ConfigError: its manifests are not right.
        RenderError: a feature does not fit.
    """
    from stackctl.model.compose.compose import scopes_of
    from stackctl.model.compose.object_set import NoSuchObject
    from stackctl.model.objects.merge import OverlayError
    from stackctl.model.privileges.privileges import asked_by_features
    from stackctl.sources.components import read_manifests

    manifests = read_manifests(component)
    try:
        return asked_by_features(component, manifests, scopes_of([manifests]))
    except (NoSuchObject, OverlayError) as error:
        raise RenderError(f"component {component.name}: {error}") from error
