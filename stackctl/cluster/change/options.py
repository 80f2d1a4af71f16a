"""How a change goes about it: one value from the command line to the last step of the run.

What an option does is decided where it is read; how it is typed is for `cli.options`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stackctl.cluster.record.lock import LEASE_SECONDS, Claim
from stackctl.model.plan.plan import Change
from stackctl.model.run.failure_policy import OnFailure
from stackctl.model.run.outcome import TargetInfo

AgreeStrays = Callable[[tuple[Change, ...], TargetInfo], bool]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was chosen for a change; an option of the command line has its own name here."""

    timeout: float = 600.0  # seconds for the whole run
    dry_run: bool = False
    yes: bool = True  # nobody is asked
    wait: bool = True
    wait_lock: float = 0.0  # seconds to wait for a run of somebody else to end
    plan: Path | None = None  # written by a dry run; else nothing but what it says is done
    on_failure: OnFailure = OnFailure.CONTINUE
    allow_recreate: bool = False  # delete and make anew what cannot become what is wanted
    prune_unrecorded: bool = False  # prune what the stack has made and no record names as well
    keep_crds: bool = False
    delete_data: bool = False
    holder: str = ""  # user@host: holds the lock and is recorded
    run: str = ""  # tells this run from others in events and in the marks of objects; or its own
    lease: float = LEASE_SECONDS  # after which a holder that gives no sign of life counts as dead
    agree_strays: AgreeStrays = lambda *_: False  # the question before that pruning

    @property
    def trying(self) -> bool:
        """Somebody is going to read the plan: what would be refused is to be in it."""
        return self.dry_run or not self.yes

    @property
    def claim(self) -> Claim:
        """Who wants the lock."""
        return Claim(self.holder, self.wait_lock, self.lease, self.run)
