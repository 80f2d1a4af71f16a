"""Which profiles and components there are."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stackctl.model.component import Component
from stackctl.model.profile import Profile
from stackctl.sources.files import read_catalogue


def profiles(catalogs: Sequence[Path] = ()) -> Mapping[str, Profile]:
    """Return every profile by name.

    Raises:
        ConfigError: a profile is not right; every fault is listed.
    """
    return read_catalogue(catalogs).profiles


def components(catalogs: Sequence[Path] = ()) -> Mapping[str, Component]:
    """Return every component by name; their manifests are not read.

    Raises:
        ConfigError: a component.yaml is not right; every fault is listed.
    """
    found = read_catalogue(catalogs).components
    len(found)  # reads them, and finds what is wrong with them, now
    return found
