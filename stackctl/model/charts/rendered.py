"""What a source came to: objects, with what has to be known and told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackctl.model.objects.refs import Manifest, Ref

Fields = Mapping[Ref, tuple[tuple[str | int, ...], ...]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The objects of a source."""

    objects: tuple[Manifest, ...]
    version: str = ""  # as the source says; empty where it says none
    program: str = ""  # the version of what it installs, as a chart says it
    generated: Fields = field(default_factory=dict)  # what differs at each rendering
    notes: tuple[str, ...] = ()
    tests: tuple[Manifest, ...] = ()  # what proves that it works
    digest: str = ""  # of a chart: of its archive, or of all files of its folder
