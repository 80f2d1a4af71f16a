"""The file kind `Lock`: what exactly a stack was made of, for it to be made of that again.

Only the shape is said here; how a lock is made and compared is said by `release.locking`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackctl.model.catalogue.envelope import API_VERSION, Metadata

_DIGEST = {"pattern": "[0-9a-f]{32}", "help": "32 hexadecimal digits"}
_CHART = {
    "pattern": "(?:sha256:[0-9a-f]{64})?",
    "help": "sha256: and 64 hexadecimal digits",
}


@dataclass(frozen=True, slots=True)
class LockedComponent:
    """What a component came to."""

    version: str
    digest: str = field(metadata=_DIGEST)
    images: tuple[str, ...] = ()
    chart: str = field(default="", metadata=_CHART)


@dataclass(frozen=True, slots=True)
class LockSpec:
    """What a stack came to, and by which stackctl."""

    profile: str
    tool: str
    bundle: str = field(metadata=_DIGEST)
    components: Mapping[str, LockedComponent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LockDocument:
    """A stack.lock.yaml."""

    apiVersion: str = field(metadata={"const": API_VERSION})  # noqa: N815
    kind: str = field(metadata={"const": "Lock"})
    metadata: Metadata
    spec: LockSpec
