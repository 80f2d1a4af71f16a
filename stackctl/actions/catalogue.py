"""Which profiles and components there are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stackctl.sources.files import read_catalogue

if TYPE_CHECKING:  # listing profiles loads nothing it does not need
    from stackctl.model.component import Component
    from stackctl.model.profile import Profile


def profiles(catalogs: Sequence[Path] = ()) -> "Mapping[str, Profile]":
    """Return every profile by name.

    Raises:
        ConfigError: a profile is not right; every fault is listed.
    """
    return read_catalogue(catalogs).profiles


def components(catalogs: Sequence[Path] = ()) -> "Mapping[str, Component]":
    """Return every component by name; their manifests are not read.

    Raises:
        ConfigError: a component.yaml is not right; every fault is listed.
    """
    found = read_catalogue(catalogs).components
    len(found)  # reads them, and finds what is wrong with them, now
    return found
