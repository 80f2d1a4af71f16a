"""What is waited for: objects as they were when they were applied or deleted.

Their status is decided in `model.readiness`, waiting is done in `wait` and `deletion`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from stackctl.model.objects.refs import Manifest, Ref, ref_of, version_of

Progress = Callable[[int, int, str], None]  # how many are there, of how many; what is missing


@dataclass(frozen=True, slots=True)
class Target:
    """One object in the state that is waited for."""

    ref: Ref
    version: str  # of its API
    uid: str = ""
    generation: int = 0
    fresh: bool = True  # changed by this run, so that what is wrong with it is of this run
    may_match_no_node: bool = False  # a DaemonSet
    answer: Manifest | None = field(default=None, compare=False, repr=False)  # as it was applied

    @classmethod
    def of(
        cls,
        live: Manifest,
        *,
        fresh: bool = True,
        may_match_no_node: bool = False,
        whole: bool = True,
    ) -> "Target":
        """Name an object in the state that an answer of the API server shows, `whole` or not."""
        metadata = live["metadata"]
        return cls(
            ref=ref_of(live),
            version=version_of(live),
            uid=metadata.get("uid", ""),
            generation=metadata.get("generation", 0),
            fresh=fresh,
            may_match_no_node=may_match_no_node,
            answer=live if whole else None,
        )

    def is_older(self, live: Manifest) -> bool:
        """Return whether a live object is not yet, or no longer, the one that was applied."""
        metadata = live["metadata"]
        other = bool(self.uid) and metadata.get("uid") != self.uid
        return other or int(metadata.get("generation", self.generation)) < self.generation
