"""List the profiles that can be deployed, and describe what one comes to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stackctl.sources.files import read_catalogue

if TYPE_CHECKING:  # listing profiles loads nothing it does not need
    from stackctl.actions.compose import Composed
    from stackctl.model.catalogue.profile import Profile


def profiles(catalogs: Sequence[Path] = ()) -> "Mapping[str, Profile]":
    """Return every profile by name.

    Raises:
        ConfigError: a profile is not right; every fault is listed.
    """
    return read_catalogue(catalogs).profiles


def described(name: str, catalogs: Sequence[Path] = ()) -> "tuple[Profile, Composed]":
    """Return a profile and what it comes to, as far as it can be rendered here.

    Raises:
        ConfigError: there is none of this name, or a file is not right.
        RenderError: the layers do not fit together.
    """
    from stackctl.actions.compose import StackRequest, compose_stack

    profile = read_catalogue(catalogs).profile(name.partition("+")[0])
    return profile, compose_stack(
        StackRequest(profile=name, catalogs=tuple(catalogs)), described=True
    )
