"""Compare what is locked, what is deployed and what the catalogue has."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.lock import lock_now, require_lock_of, written_lock
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.files import exists
from stackctl.model.catalogue.lock_file import LockedComponent


@dataclass(frozen=True, slots=True)
class ComponentVersions:
    """The versions of a component beside each other; empty where it is not there."""

    name: str
    catalogue: str
    locked: str = ""
    deployed: str = ""
    other_content: bool = False  # locked in this version, with other objects or images

    def outdated(self, *, has_lock: bool, is_deployed: bool) -> bool:
        """Tell whether a lock, or a deploy, would change something."""
        old_lock = has_lock and (self.locked != self.catalogue or self.other_content)
        return old_lock or (is_deployed and self.deployed != self.catalogue)


@dataclass(frozen=True, slots=True)
class Outdated:
    """How a stack stands to the catalogue."""

    stack: str
    profile: str
    components: tuple[ComponentVersions, ...]
    lock: Path | None = None  # where there is one
    revision: int | None = None  # where it is deployed

    @property
    def old(self) -> tuple[ComponentVersions, ...]:
        """The components of which there is something else."""
        return tuple(each for each in self.components if self.is_old(each))

    @property
    def compared(self) -> bool:
        """Tell whether there is a lock, or a deploy, that could be old."""
        return self.lock is not None or self.revision is not None

    def is_old(self, each: ComponentVersions) -> bool:
        """Tell whether there is something else of a component."""
        return each.outdated(has_lock=self.lock is not None, is_deployed=self.revision is not None)


def outdated(
    request: StackRequest, path: Path, connection: Connection | None, *, required: bool = False
) -> Outdated:
    """Compare a stack with its lock, if it has one, and with the cluster, if one is given.

    Raises:
        StackError: as of `compose_stack`; the lock is none, or another stack's, or a required one
            is not there; the record cannot be read.
    """
    composed = compose_stack(request)
    current = lock_now(composed)
    now, locked = current.spec.components, None
    if required or exists(path):
        lock = written_lock(request, path)
        require_lock_of(lock, current, path)
        locked = lock.spec.components
    recorded = releases.current(connection.client, composed.stack) if connection else None
    deployed = recorded.release.components if recorded else {}
    names = sorted({*now, *(locked or {}), *deployed})
    return Outdated(
        str(composed.stack),
        composed.bundle.profile,
        tuple(_versions(name, now, locked or {}, deployed) for name in names),
        path if locked is not None else None,
        recorded.release.revision if recorded else None,
    )


def _versions(
    name: str,
    now: Mapping[str, LockedComponent],
    locked: Mapping[str, LockedComponent],
    deployed: Mapping[str, str],
) -> ComponentVersions:
    here, then = now.get(name), locked.get(name)
    same = here is not None and then is not None and here.version == then.version
    return ComponentVersions(
        name,
        here.version if here else "",
        then.version if then else "",
        deployed.get(name, ""),
        other_content=same and here != then,
    )
