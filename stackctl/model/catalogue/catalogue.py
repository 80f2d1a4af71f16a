"""All components and profiles known.

Reading them from folders is done by sources; choosing among them by `resolve`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackctl.errors import ConfigError
from stackctl.model.catalogue.profile import Profile
from stackctl.model.shapes.suggest import did_you_mean

if TYPE_CHECKING:  # listing profiles does without
    from stackctl.model.catalogue.component import Component


SHIPPED = "shipped"


@dataclass(frozen=True, order=True, slots=True)
class CatalogueSource:
    """Where a catalogue lay that a stack was made from, and what was in it."""

    folder: str  # `shipped`, or a folder of the machine it was made on
    digest: str

    def __str__(self) -> str:
        return f"{self.folder} ({self.digest[:12]})"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Profiles and components by name."""

    profiles: Mapping[str, Profile]
    components: Mapping[str, "Component"]

    def profile(self, name: str) -> Profile:
        """Return a profile.

        Raises:
            ConfigError: there is none of this name.
        """
        if name in self.profiles:
            return self.profiles[name]
        raise ConfigError(
            f"no profile is called {name}{did_you_mean(name, self.profiles)}",
            hint="stackctl profiles lists them; --catalog DIR adds those of your own",
        )

    def component(self, name: str) -> "Component":
        """Return a component.

        Raises:
            ConfigError: there is none of this name.
        """
        if name in self.components:
            return self.components[name]
        for profile in self.profiles.values():
            choice = profile.components.get(name)
            if choice is not None and choice.source is not None:
                raise ConfigError(
                    f"{name} is in no folder of components: profile {profile.name} says where "
                    "it comes from",
                    hint=f"stackctl explain {name} --profile {profile.name}",
                )
        raise ConfigError(
            f"no component is called {name}{did_you_mean(name, self.components)}",
            hint="stackctl components lists them",
        )
