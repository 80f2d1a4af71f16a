"""What a run does about the other components once one has failed."""

from enum import StrEnum


class OnFailure(StrEnum):
    """The policy; whatever it is, nothing starts that needs what failed."""

    CONTINUE = "continue"  # what does not need the failed component still goes on
    STOP = "stop"  # no further component starts
    ROLLBACK = "rollback"  # as `stop`, then back to what was deployed before
