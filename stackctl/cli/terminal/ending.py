"""The exit code of a command that was stopped: the same in all that it writes."""

from stackctl.errors import Interrupted
from stackctl.signals import TERMINATED, TOLD


def ending(error: BaseException, code: int) -> int:
    """Return the exit code of a command: whoever else than its user stopped it is told by it."""
    stopped = isinstance(error, KeyboardInterrupt | Interrupted)
    return TERMINATED if stopped and TOLD else code
