"""Whether a failed request is worth repeating, why, and after how long.

Pure decisions over what came back; sending, waiting and telling are for `client`.
"""

import re
from dataclasses import dataclass
from enum import Enum

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 10.0
LONGEST_WEBHOOK_SECONDS = 2.0  # a webhook is usually there a second later

_WEBHOOK = re.compile(r'(?:failed calling|conversion) webhook "?([^",: ]+)"?')
_ETCD = re.compile(
    r"etcdserver: (leader changed|request timed out|too many requests|no leader)"
    r"|etcdserver: rpc not supported|error reading from server: EOF|raft: stopped"
)


class Fault(Enum):
    """How a request can fail without an answer."""

    CONNECT = "cannot connect"  # nothing was sent
    DROPPED = "the connection was closed"
    SILENT = "no answer in time"
    TRUNCATED = "the answer was cut short"
    UNTRUSTED = "its certificate cannot be verified"


@dataclass(frozen=True, slots=True)
class Failure:
    """What came back instead of success: a fault of the transport, or a refusal."""

    fault: Fault | None = None
    status: int = 0
    reason: str = ""
    text: str = ""  # the server's message, or the fault in words
    kind: str = ""  # what the refusal is about, as a plural
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else the decision depends on."""

    repeatable: bool  # carrying the request out twice does no harm
    attempt: int  # how many were made, 1 after the first
    known: bool  # this server has answered before
    renewed: bool = False  # credentials were renewed for this request already


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the request again."""

    why: str
    seconds: float = 0.0  # before jitter
    renew: bool = False  # the credentials first


def decide(failure: Failure, so_far: Circumstances) -> Retry | None:
    """Say whether and when to repeat a request; None when only somebody else can mend it."""
    if failure.fault is not None:
        return _after_fault(failure.fault, failure.text, so_far)
    if failure.status == 401:
        return None if so_far.renewed else Retry("the credentials were refused", renew=True)
    return _after_refusal(failure, so_far)


def _after_fault(fault: Fault, text: str, so_far: Circumstances) -> Retry | None:
    # A server that never answered is a wrong address more often than a restart.
    hopeless = not so_far.known and so_far.attempt > 1
    if fault is Fault.UNTRUSTED or hopeless:
        return None
    if fault is Fault.CONNECT:
        return Retry(f"the API server cannot be reached: {text}", backoff(so_far.attempt))
    if not so_far.repeatable:
        return None
    # Kept connections are closed by servers and load balancers all the time: no wait for those.
    closed = fault is Fault.DROPPED and so_far.attempt == 1
    return Retry(f"the API server: {fault.value}", 0.0 if closed else backoff(so_far.attempt))


def _after_refusal(failure: Failure, so_far: Circumstances) -> Retry | None:
    if (webhook := calling_webhook(failure)) is not None:
        return Retry(
            f"webhook {webhook} does not answer: {_last_part(failure.text)}",
            backoff(so_far.attempt, LONGEST_WEBHOOK_SECONDS),
        )
    why = _passing(failure)
    if why is None or not (so_far.repeatable or happened_nothing(failure)):
        return None
    wait = failure.retry_after
    return Retry(why, backoff(so_far.attempt) if wait is None else wait)


def _passing(failure: Failure) -> str | None:
    """Name a condition that goes away by itself."""
    if failure.status == 429:
        return "the API server asks us to slow down"
    if _quota_contention(failure):
        return "a quota is being updated"
    if found := _ETCD.search(failure.text):
        return found[0]
    if failure.status in (502, 503, 504):
        return f"the API server is busy: {failure.text or failure.status}"
    if failure.status == 500 and (failure.retry_after is not None or failure.reason == "Timeout"):
        return f"the API server is busy: {failure.text}"
    return None


def happened_nothing(failure: Failure) -> bool:
    """Say whether a request that failed was certainly not carried out."""
    if failure.fault is not None:
        return failure.fault in (Fault.CONNECT, Fault.UNTRUSTED)
    if failure.status in (401, 429, 503) or _quota_contention(failure):
        return True
    return calling_webhook(failure) is not None  # admission comes before storage


def _quota_contention(failure: Failure) -> bool:
    return (
        failure.status == 409
        and (failure.kind == "resourcequotas" or "on resourcequotas " in failure.text)
        and "object has been modified" in failure.text
    )


def calling_webhook(failure: Failure) -> str | None:
    """Name the webhook that could not be called; None for any other failure."""
    if failure.status not in (500, 503, 504):
        return None
    found = _WEBHOOK.search(failure.text)
    return found[1] if found else None


def backoff(attempt: int, longest: float = LONGEST_SECONDS) -> float:
    """Return the seconds to wait after so many attempts."""
    return float(min(longest, FIRST_SECONDS * 2 ** min(attempt - 1, 10)))


def _last_part(text: str) -> str:
    """Leave out the address and the wrapping of a Go error."""
    return re.sub(r'^.*?(?:Post|Get) "[^"]*": ', "", text, count=1, flags=re.DOTALL)
