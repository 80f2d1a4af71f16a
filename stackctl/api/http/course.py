"""How one request went so far: its tries, and what went wrong with them.

Whether another try is worth it follows from that in `retries`; trying is for `exchange`.
"""

from dataclasses import dataclass

from stackctl.api.http.retries import Failure, Fault


@dataclass(slots=True)
class Course:
    """How one request went so far."""

    began: float
    late: bool = False  # it began after the stop: it may be writing down how far the run came
    attempt: int = 0
    uncertain: bool = False  # an attempt got no answer and may have been carried out
    first_failure: float | None = None
    last: Failure = Failure()
    same: int = 0  # failures in a row that say the same
    same_since: float = 0.0
    refused: int = 0  # credentials
    refused_since: float = 0.0
    until: float = 0.0  # as long as tries may take in all, beyond what is usual
    silent_since: float | None = None  # no answer has come to anything that was sent since

    def note(self, failure: Failure, sent: float, now: float) -> None:
        """Count the failure of what was sent at some time."""
        if failure.fault is not Fault.SILENT:
            self.silent_since = None
        elif self.silent_since is None:
            self.silent_since = sent
        if self.first_failure is None:
            self.first_failure = now
        if failure != self.last:
            self.last, self.same, self.same_since = failure, 0, now
        self.same += 1
        if failure.status == 401:
            self.refused_since = self.refused_since if self.refused else now
            self.refused += 1
