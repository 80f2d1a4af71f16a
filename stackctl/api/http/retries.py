"""Whether a failed request is worth repeating, why, and after how long.

Pure decisions over what came back; sending, waiting and telling are for `client`.
"""

import re
from dataclasses import dataclass
from enum import Enum

from stackctl.model.readiness.serving import calling

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 10.0
LONGEST_WEBHOOK_SECONDS = 2.0  # a webhook is usually there a second later

SHORTEST_WAIT_SECONDS = 0.2  # a server that asks for less has not said how long
LONGEST_WAIT_SECONDS = 30.0  # and one that asks for more is asked again all the same
SAME_TRIES = 5  # for what is no passing condition
SAME_SECONDS = 15.0
REFUSED_TRIES = 8  # with credentials that were accepted before
REFUSED_SECONDS = 30.0
STALE_TRIES = 8

# A webhook that could not be called, in contrast to one that gave an answer of no use.
_NOT_CALLED = re.compile(r'(?:Post|Get) "|failed to call webhook')
# What is said with a 500 as well and is an answer: a denial, a manifest that breaks its schema.
_ANSWERED = re.compile(
    r'admission webhook "[^"]*" denied the request|failed to create typed patch object'
)
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
    STALE = "the answer is older than an earlier one"
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
    accepted: bool = False  # it knew us when it did
    same: int = 1  # failures in a row that say the same, this one included
    same_for: float = 0.0  # seconds since the first of them
    refused: int = 1  # how often our credentials were, this time included
    refused_for: float = 0.0  # seconds since the first time


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the request again."""

    why: str
    seconds: float = 0.0  # before jitter
    renew: bool = False  # the credentials first
    lasting: bool = False  # for as long as the work may take: it is for others to mend


def decide(failure: Failure, so_far: Circumstances) -> Retry | None:
    """Return whether and when to repeat a request; None when only somebody else can mend it."""
    if failure.fault is not None:
        return _after_fault(failure.fault, failure.text, so_far)
    if failure.status == 401:
        return _after_401(so_far)
    return _after_refusal(failure, so_far)


def _after_401(so_far: Circumstances) -> Retry | None:
    """Read the credentials again, once, or for a while where they were good a moment before."""
    why = "the credentials were refused"
    if so_far.refused <= 1:
        return Retry(why, renew=True)
    over = so_far.refused >= REFUSED_TRIES or so_far.refused_for >= REFUSED_SECONDS
    if over or not so_far.accepted:
        return None
    return Retry(why, max(1.0, backoff(so_far.refused - 1)), renew=True)


def _after_fault(fault: Fault, text: str, so_far: Circumstances) -> Retry | None:
    # A server that never answered is a wrong address more often than a restart.
    hopeless = not so_far.known and so_far.attempt > 1
    if fault is Fault.UNTRUSTED or hopeless:
        return None
    if fault is Fault.CONNECT:
        return Retry(f"the API server cannot be reached: {text}", backoff(so_far.attempt))
    if not so_far.repeatable or (fault is Fault.STALE and so_far.attempt >= STALE_TRIES):
        return None
    # Kept connections are closed by servers and load balancers all the time: no wait for those.
    closed = fault is Fault.DROPPED and so_far.attempt == 1
    return Retry(f"the API server: {fault.value}", 0.0 if closed else backoff(so_far.attempt))


def _after_refusal(failure: Failure, so_far: Circumstances) -> Retry | None:
    webhook = calling_webhook(failure)
    if webhook is not None and _NOT_CALLED.search(failure.text):
        return Retry(
            f"webhook {webhook} does not answer: {_last_part(failure.text)}",
            backoff(so_far.attempt, LONGEST_WEBHOOK_SECONDS),
            lasting=True,
        )
    why = _passing(failure) or _perhaps_passing(failure, so_far)
    if why is None or not (so_far.repeatable or happened_nothing(failure)):
        return None
    return Retry(why, _asked_wait(failure) or backoff(so_far.attempt))


def _asked_wait(failure: Failure) -> float | None:
    """Return the seconds that the server asks for, within reason; None where it names none."""
    wait = failure.retry_after
    if wait is None or not wait >= SHORTEST_WAIT_SECONDS:  # neither is what is no number
        return None
    return min(wait, LONGEST_WAIT_SECONDS)


def _perhaps_passing(failure: Failure, so_far: Circumstances) -> str | None:
    """Name an error of the server that explains nothing, until it has said it often enough."""
    if failure.status < 500 or _ANSWERED.search(failure.text):
        return None
    if so_far.same >= SAME_TRIES or so_far.same_for >= SAME_SECONDS:
        return None
    return f"the API server failed: {failure.text or failure.status}"


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
    """Return whether a request that failed was certainly not carried out."""
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
    return calling(failure.text) if failure.status in (500, 503, 504) else None


def backoff(attempt: int, longest: float = LONGEST_SECONDS) -> float:
    """Return the seconds to wait after so many attempts."""
    return float(min(longest, FIRST_SECONDS * 2 ** min(attempt - 1, 10)))


def _last_part(text: str) -> str:
    """Leave out the address and the wrapping of a Go error."""
    return re.sub(r'^.*?(?:Post|Get) "[^"]*": ', "", text, count=1, flags=re.DOTALL)
