"""List the profiles that can be deployed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stackctl.sources.files import read_catalogue

if TYPE_CHECKING:  # listing profiles loads nothing it does not need
    from stackctl.model.catalogue.profile import Profile


def profiles(catalogs: Sequence[Path] = ()) -> "Mapping[str, Profile]":
    """Return every profile by name.

    Raises:
        ConfigError: a profile is not right; every fault is listed.
    """
    return read_catalogue(catalogs).profiles
