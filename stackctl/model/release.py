"""What is recorded of a deployment: revisions, inventories, locks; encoded as JSON.

Reading and writing them on the cluster is `cluster.releases`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stackctl.model.objects import Ref


class ReleaseStatus(StrEnum):
    """Helm's words."""

    DEPLOYED = "deployed"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"
    UNINSTALLING = "uninstalling"

    @property
    def pending(self) -> bool:
        """A run began and has not said how it ended."""
        return self.value.startswith("pending-") or self is ReleaseStatus.UNINSTALLING


@dataclass(frozen=True, slots=True)
class Entry:
    """One object in an inventory; uid and hashes are empty until it was applied."""

    ref: Ref
    component: str
    version: str  # the API version it was applied with
    uid: str = ""
    rendered: str = ""  # digest of the manifest that was sent
    owned: str = ""  # digest of our entry in managedFields after the apply
    created: bool = False  # by us, not taken over


@dataclass(frozen=True, slots=True)
class Release:
    """One revision of a stack."""

    stack: str
    revision: int
    status: ReleaseStatus
    profile: str
    bundle: str  # digest
    cluster: str  # uid of kube-system
    by: str  # user@host
    tool: str  # stackctl's version
    begun: str  # RFC 3339
    finished: str = ""
    message: str = ""
    components: Mapping[str, str] = field(default_factory=dict)  # name → version
    shards: Mapping[str, str] = field(default_factory=dict)  # component → content digest
    inventory: tuple[Entry, ...] = ()
