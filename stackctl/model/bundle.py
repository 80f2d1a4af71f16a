"""Every object of a stack, per component and ordered, with a digest.

How layers become a bundle is `compose`; what would change is `plan`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stackctl.model.component import Probe
from stackctl.model.objects import Manifest, Ref, digest, ref_of
from stackctl.model.profile import Needs


@dataclass(frozen=True, slots=True)
class BundleComponent:
    """The objects of one component, in the order they are applied."""

    name: str
    version: str
    namespace: str
    objects: tuple[Manifest, ...]
    needs: frozenset[str] = frozenset()  # names of components of the same bundle
    probes: tuple[Probe, ...] = ()
    samples: Mapping[str, Manifest] | None = None  # what the `accepts` probes send, by path
    ignored: tuple[tuple[Ref, str], ...] = ()  # fields never owned, never diffed
    leftovers: tuple[Ref, ...] = ()  # what its operator makes by itself
    external: bool = False  # somebody else runs it

    @property
    def digest(self) -> str:
        """Content address of the objects."""
        return digest(list(self.objects))


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a stack comes to; components sorted so that needs come first."""

    profile: str
    components: tuple[BundleComponent, ...]
    requires: Needs = Needs()

    @property
    def digest(self) -> str:
        """Equal input, equal digest."""
        return digest([[part.name, part.version, part.digest] for part in self.components])

    def objects(self) -> dict[Ref, tuple[str, Manifest]]:
        """Return every object with its component's name, in order."""
        return {
            ref_of(manifest): (part.name, manifest)
            for part in self.components
            for manifest in part.objects
        }
