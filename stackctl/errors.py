"""Every failure a user can meet, with its exit code and its remedy.

The class carries the exit code, the instance the message and the hint. Foreign exceptions are
turned into these where the foreign library is used, and nowhere else.

    StackError
    ├─ UsageError         2   a combination of options that makes no sense
    ├─ FileError              ├─ ConfigError 3   a profile, component, stack file is invalid
    │                         └─ RenderError 4   a bundle cannot be composed
    ├─ ClusterError       5   ├─ Unreachable · NoTarget · SandboxError · AccessDenied: Forbidden
    │                         ├─ OutOfTime
    │                         └─ Rejected: NotFound · NotServed · AlreadyExists · StaleWrite ·
    │                            FieldConflict · Expired · Invalid
    ├─ PreflightError     6   the cluster lacks what the bundle needs
    ├─ ConflictError      7   ├─ LockedError · AnothersStack · NotAdopted
    ├─ ApplyError         8   applied in part; recorded
    ├─ NotReadyError      9   applied, not ready in time
    ├─ ReleaseError      10   no such release or revision; record unreadable · LaterFormat
    └─ Interrupted      130   stopped by the user; recorded
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Self


class StackError(Exception):
    """A failure the user can act on."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def headline(error: BaseException) -> str:
    """Say in one line what went wrong; a line that announces a list takes its first item along."""
    lines = [line.strip() for line in str(error).splitlines()] or [type(error).__name__]
    return " ".join(lines[:2] if lines[0].endswith(":") else lines[:1])


class UsageError(StackError):
    """Options that do not fit together, or a question that nobody can answer."""

    exit_code = 2


class FileError(StackError):
    """Files do not say what they should, by themselves or together; nothing was touched.

    `problems` holds every fault found, each as `file:line: path: what was expected`.
    """

    def __init__(self, message: str, *, hint: str = "", problems: Sequence[str] = ()) -> None:
        super().__init__("\n".join([message, *problems]) if problems else message, hint=hint)
        self.problems = tuple(problems)

    @classmethod
    def listing(cls, what: str, problems: Sequence[str], *, hint: str = "") -> Self:
        """Report problems under a line that says what has them; a single one on its own."""
        if len(problems) == 1:
            return cls(problems[0], hint=hint)
        return cls(what, problems=problems, hint=hint)

    @classmethod
    def together(cls, what: str, faults: Sequence[Self]) -> Self:
        """Make one of several, as the first of them is, with the hint that they share."""
        if len(faults) == 1:
            return faults[0]
        problems = [problem for fault in faults for problem in fault.each]
        hints = {fault.hint for fault in faults}
        return type(faults[0]).listing(what, problems, hint=hints.pop() if len(hints) == 1 else "")

    @property
    def each(self) -> tuple[str, ...]:
        """Every fault, also where there is a single one."""
        return self.problems or (str(self),)


class ConfigError(FileError):
    """A file of the user's or of the catalogue is wrong; nothing was touched."""

    exit_code = 3


class RenderError(FileError):
    """The layers do not compose into a bundle; nothing was touched."""

    exit_code = 4


class SourceUnreachable(RenderError):
    """What a component comes from cannot be brought: nobody answers there, or says no."""

    exit_code = 5


class ClusterError(StackError):
    """The cluster cannot be reached, or says no."""

    exit_code = 5


class Unreachable(ClusterError):
    """No answer from the API server, or an answer that makes no sense."""


class OutOfTime(ClusterError):
    """The run's time was up before this was asked, or answered."""


MORE_TIME = "--timeout gives a run more time"


class AccessDenied(ClusterError):
    """The API server knows us and refuses, or does not know us."""


class Forbidden(AccessDenied):
    """The API server knows us, and we may not do this one thing."""


class Rejected(ClusterError):
    """The API server refused one request; `status`, `reason` and `causes` are its own words."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        reason: str = "",
        causes: Sequence[dict[str, str]] = (),
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason
        self.causes = tuple(causes)
        self.uncertain = False  # an attempt before this one got no answer: it may be its own echo


class NotFound(Rejected):
    """The object (or the namespace it should go to) does not exist."""


class NotServed(Rejected):
    """The API server has no such API: a kind that is not installed, or not served yet."""


class AlreadyExists(Rejected):
    """An object of this name is there already."""


class StaleWrite(Rejected):
    """The object is not the one, or not the version, that the request was meant for."""


class Holder(NamedTuple):
    """Who holds a field, and through which subresource they wrote it."""

    field: str  # as the API server names it: .spec.replicas
    manager: str
    subresource: str = ""


class FieldConflict(Rejected):
    """Server-side apply met fields of other managers; `holders` says which and whose."""

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Return who holds the fields in conflict; a field may have several."""
        return tuple(
            Holder(cause["field"], cause["manager"], cause.get("subresource", ""))
            for cause in self.causes
            if cause.get("manager")
        )


class Expired(Rejected):
    """The resource version or continuation asked for is too old; list again."""


class Invalid(Rejected):
    """The object breaks its schema or a rule; `causes` says which fields."""


class NoTarget(ClusterError):
    """No kubeconfig and no credentials inside a cluster exist on this machine."""


class SandboxError(ClusterError):
    """The sandbox cannot be built, started or found."""


class PreflightError(StackError):
    """The cluster lacks something the bundle needs; every finding is in the message."""

    exit_code = 6


class ConflictError(StackError):
    """Refused: owned by another, another cluster, another profile; nothing was touched."""

    exit_code = 7


class AnothersStack(ConflictError):
    """What is to be made is there already, as another stack."""

    def __init__(
        self, message: str, *, stack: str = "", namespace: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.stack = stack
        self.namespace = namespace  # of its record; empty: where administrators keep theirs


class NotAdopted(ConflictError):
    """Objects of components are there already, and whoever made them is no stack."""

    def __init__(self, message: str, *, components: Sequence[str], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.components = tuple(components)


class LockedError(ConflictError):
    """Another run holds the stack's lock."""


class ApplyError(StackError):
    """Applied in part; the record knows what."""

    exit_code = 8


class NotReadyError(StackError):
    """Applied, but not ready in time or never going to be."""

    exit_code = 9


class ReleaseError(StackError):
    """No such release or revision, or a record that cannot be read."""

    exit_code = 10


class LaterFormat(ReleaseError):
    """A record that a later stackctl wrote: not for us to read, let alone to write."""


class Interrupted(StackError):
    """The user stopped the run; what was done is recorded."""

    exit_code = 130
