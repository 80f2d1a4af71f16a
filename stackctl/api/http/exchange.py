"""Sends a request, repeats it while that makes sense, and gives its answer or one of our errors.

What requests there are is for `client`; whether a failure is worth repeating for `retries`; what
is sent and what comes back is in `messages`.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from stackctl import __version__
from stackctl.api.access.access import Access
from stackctl.api.access.credentials import Credentials, Identity
from stackctl.api.http.answers import Look, an_object, require
from stackctl.api.http.course import Course
from stackctl.api.http.guard import Guard, Hold
from stackctl.api.http.limits import FOR_EVER, Limits
from stackctl.api.http.messages import READ_SECONDS, Request, Response
from stackctl.api.http.newest import Newest, place_of
from stackctl.api.http.pace import Pace
from stackctl.api.http.reading import read_answer, read_refused, require_head, require_newer
from stackctl.api.http.refusals import (
    Intent,
    Refusal,
    error_for,
    explanation,
    out_of_time,
    read_refusal,
)
from stackctl.api.http.retries import (
    Circumstances,
    Failure,
    Fault,
    Retry,
    decide,
    happened_nothing,
)
from stackctl.api.http.transport import Sending, Transport, TransportFault
from stackctl.api.http.warnings import Warnings
from stackctl.api.http.webhooks import Callers, some_configurations
from stackctl.errors import ClusterError, Interrupted, OutOfTime, Rejected
from stackctl.model.objects.refs import Manifest
from stackctl.model.objects.wording import span
from stackctl.model.run.events import Notice, Notify, Retrying

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

UNKNOWN_SECONDS = 15.0  # for one try, where nothing has ever answered
PATIENCE_SECONDS = 60.0  # for one request, from its first failure
WHOLE_SECONDS = 90.0  # for one request with all its tries
SHORTEST_SECONDS = 1.0  # for a try that may still begin
LATE_SECONDS = 2.5  # for a request that begins when the run is being stopped already
ASKED_SECONDS = 5.0  # to find out who has a webhook called
QUIET_SECONDS = 2.0  # a longer first wait is told at once

Sleep = Callable[[float], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """How an exchange behaves: whom it tells, how long it tries, by which clock."""

    notify: Notify
    stop: threading.Event
    patience: float = PATIENCE_SECONDS
    now: Callable[[], float] = time.monotonic
    sleep: Sleep | None = None  # None: until `stop` is set
    chance: Callable[[], float] = random.random


class Exchange:
    """Requests and answers with one API server; safe to use from many threads."""

    def __init__(self, access: Access, terms: Terms) -> None:
        self.requests = 0
        self.now = terms.now
        self.limits = Limits(terms.now, terms.stop)
        self.guard = Guard()
        self.newest = Newest()
        self._pace = Pace()
        self._access = access
        self._terms = terms
        self._known = False  # something answered
        self._accepted = False  # and knew us
        self._silence = ""  # that nothing answers, where nothing did since it was noticed
        self._told: set[str] = set()
        self._counting = threading.Lock()
        self._warnings = Warnings(terms.notify)
        self._callers = Callers(self._configurations)
        self._headers = _fixed_headers(access)
        self._transport = Transport(access)
        self._credentials = Credentials(access, tell=lambda line: terms.notify(Notice(line)))

    def send(self, request: Request) -> Response:
        """Send a request until it succeeds.

        Raises:
            ClusterError: it cannot succeed, or did not in time.
        """
        return self._persist(request, self._sending(request, stream=False), self._whole)

    def answer(self, request: Request, look: Look = an_object) -> Manifest:
        """Send a request and return what it is answered with: an object, or what `look` accepts.

        Raises:
            ClusterError: it cannot succeed, or what answers is no API server.
        """
        document: Manifest = self.send(request).document
        self.require(document, look, request)
        return document

    def require(self, document: Any, look: Look, request: Request) -> None:
        """Refuse an answer of another shape, naming the request.

        Raises:
            Unreachable: it has one.
        """
        what = f"{request.verb or request.method} {request.name}"
        require(document, look, self._access.server, what)

    def open(self, request: Request) -> "BaseHTTPResponse":
        """Send a request and leave its answer to be read as it comes."""
        return self._persist(request, self._sending(request, stream=True), _leave)

    def _whole(self, request: Request, answer: "BaseHTTPResponse") -> Response:
        response = read_answer(answer, request.keep)
        if not request.is_dry and (place := place_of(request.path)):
            self.newest.note(place, response.document)
        return response

    def close(self) -> None:
        """Close every idle connection."""
        self._transport.close()

    def tell(self, what: str, why: str, seconds: float) -> None:
        """Tell what is being waited for, once for each reason; not where nobody waits any more."""
        with self._counting:
            new = why not in self._told and not self._terms.stop.is_set()
            self._told.add(why)
        if new:
            self._terms.notify(Retrying(what, why, seconds))

    def _sending(self, request: Request, *, stream: bool) -> Sending:
        headers = [("Accept", request.accept), *self._headers]
        if request.body is not None:
            headers.append(("Content-Type", request.content_type))
        query = f"?{urlencode(request.query)}" if request.query else ""
        return Sending(
            method=request.method,
            path=request.path + query,
            headers=tuple(headers),
            body=request.body,
            timeout=request.timeout,
            stream=stream,
        )

    def error_of(self, refusal: Refusal, request: Request) -> ClusterError:
        """Return what a refusal that came in the middle of an answer means."""
        return self._error(request, refusal, Course(self.now()))

    def _persist(
        self,
        request: Request,
        sending: Sending,
        read: "Callable[[Request, BaseHTTPResponse], T]",
    ) -> T:
        course = Course(self.now(), late=self._terms.stop.is_set())
        while True:
            self._require_time(request, course)
            course.attempt += 1
            if request.fence is not None and not request.paced:
                request.fence()
            identity = self._credentials.identity()
            with self._turn(request, course):
                sent = self.now()
                outcome = self._try(request, sending, identity, course, read)
                self._note_pace(request, outcome, self.now() - sent)
            if not isinstance(outcome, Refusal):
                return outcome
            if course.late and outcome.failure.fault is Fault.SILENT:
                self.limits.give_up()  # what is left to say would be said to nobody
            course.note(outcome.failure, sent, self.now())
            self._prepare_another(request, outcome, course, identity)

    @contextmanager
    def _turn(self, request: Request, course: Course) -> Iterator[None]:
        """Wait until the request may be sent beside others; most need no turn.

        What the lock and the record ask never waits for what is applied.
        """
        if not request.paced:
            yield
            return
        with self._pace.turn(lambda: self._require_time(request, course)):
            if request.fence is not None:
                request.fence()  # somebody else may have the lock by now
            yield

    def _note_pace(self, request: Request, outcome: object, seconds: float) -> None:
        if not request.paced:
            return
        if isinstance(outcome, Refusal) and outcome.failure.status == 429:
            self._pace.refused()
        elif not isinstance(outcome, Refusal) or outcome.failure.fault is None:
            self._pace.answered(seconds)

    def _try(
        self,
        request: Request,
        sending: Sending,
        identity: Identity,
        course: Course,
        read: "Callable[[Request, BaseHTTPResponse], T]",
    ) -> T | Refusal:
        """Send a request once, and wait for the answer no longer than there is time."""
        now, least = self.now(), self._least_version(request)
        end = self._end_of_try(request, sending, course)
        writing = request.writes
        with self.guard.holding(
            lambda: self.limits.over(end, late=course.late, writing=writing)
        ) as hold:
            try:
                answer = self._attempt(request, sending.within(end - now), identity, hold)
                require_head(answer)
                if answer.status < 300 or answer.status == 304:
                    return require_newer(read(request, answer), least)
                return read_refusal(answer.status, answer.headers, read_refused(answer))
            except TransportFault as fault:
                if hold.cut:
                    waited = f"nothing complete came within {span(self.now() - now)}"
                    return Refusal(Failure(fault=Fault.SILENT, text=waited))
                return Refusal(Failure(fault=fault.fault, text=str(fault)))

    def _least_version(self, request: Request) -> int:
        """Return how new an answer must be, going by what was answered before it is asked for."""
        if request.method != "GET" or "continue" in (request.query or {}):
            return 0
        place = place_of(request.path)
        return self.newest.known(place) if place else 0

    def _end_of_try(self, request: Request, sending: Sending, course: Course) -> float:
        """Say until when to wait for an answer; of a stream, for its beginning."""
        longest = READ_SECONDS if sending.stream else request.timeout
        if not self._known:
            longest = min(longest, UNKNOWN_SECONDS)
        whole = LATE_SECONDS if course.late else WHOLE_SECONDS
        longer = 0.0 if course.late else max(course.until, request.retry_until or 0.0)
        last = max(course.began + whole, longer)
        return min(self.now() + longest, max(last, self.now() + SHORTEST_SECONDS))

    def _require_time(self, request: Request, course: Course) -> None:
        """Send nothing that nobody would wait for.

        Raises:
            Interrupted: the user stopped before anything was changed.
            OutOfTime: the run has no time left.
        """
        if self.limits.looking and self._terms.stop.is_set():
            raise Interrupted("interrupted while looking at the cluster")
        if self.limits.up(writing=request.writes):
            if course.until:
                raise self._late(request, Refusal(course.last, structured=True), course)
            words = self._silence or (explanation(course.last) if course.attempt else "")
            raise OutOfTime(
                f"{request.name}: cannot {request.verb or request.method}: time is up"
                f"{f': {words}' if words else ''}",
                hint=self.limits.remedy,
            )

    def _attempt(
        self, request: Request, sending: Sending, identity: Identity, hold: Hold
    ) -> "BaseHTTPResponse":
        with self._counting:
            self.requests += 1
        answer = self._transport.send(sending, identity, hold)
        self._known, self._silence = True, ""
        self._accepted = self._accepted or answer.status < 300 or answer.status == 403
        self._warnings.pass_on(answer.headers, request)
        return answer

    def _prepare_another(
        self, request: Request, refusal: Refusal, course: Course, identity: Identity
    ) -> None:
        """Wait until the request is worth sending again, or raise."""
        retry = decide(refusal.failure, self._circumstances(request, course, self.now()))
        if retry is None:
            raise self._error(request, refusal, course)
        course.uncertain = course.uncertain or not happened_nothing(refusal.failure)
        self._wait_for(retry, request, refusal, course)
        if retry.renew:
            self._credentials.renew(identity)

    def _circumstances(self, request: Request, course: Course, now: float) -> Circumstances:
        return Circumstances(
            repeatable=request.repeatable,
            attempt=course.attempt,
            known=self._known,
            accepted=self._accepted,
            same=course.same,
            same_for=now - course.same_since,
            refused=course.refused,
            refused_for=now - course.refused_since,
        )

    def _wait_for(self, retry: Retry, request: Request, refusal: Refusal, course: Course) -> None:
        now = self.now()
        until = self._deadline(request, course, retry)
        seconds = retry.seconds * (1 + self._terms.chance() / 2)  # many threads failed just now
        if seconds and now + retry.seconds > until:
            late = course.until and until < FOR_EVER
            raise (self._late if late else self._error)(request, refusal, course)
        if course.attempt > 1 or seconds > QUIET_SECONDS:
            asked = self._callers.behind(refusal.failure)
            self.tell(request.name, f"{retry.why} ({asked})" if asked else retry.why, seconds)
        self._sleep(min(seconds, max(retry.seconds, until - now)), retry.why, course.late)

    def _deadline(self, request: Request, course: Course, retry: Retry) -> float:
        """Say until when another try may begin."""
        until = (course.first_failure or course.began) + self._terms.patience
        course.until = self.limits.until(writing=True) if retry.lasting else 0.0
        if course.until == FOR_EVER or request.retry_until is not None:
            course.until = 0.0
        until = course.until or until
        if request.retry_until is not None:
            until = request.retry_until
        until = min(until, course.began + LATE_SECONDS) if course.late else until
        return min(until, self.limits.until(writing=request.writes))

    def _sleep(self, seconds: float, why: str, late: bool) -> None:
        """Let time pass, but not beyond a stop."""
        stop = self._terms.stop
        if not seconds:
            pass  # a connection that was closed, or a token to be read again
        elif self._terms.sleep is not None:
            self._terms.sleep(seconds)
        elif late:
            time.sleep(seconds)
        else:
            stop.wait(seconds)
        if stop.is_set() and not late:
            raise Interrupted(f"interrupted while waiting: {why}")

    def _error(self, request: Request, refusal: Refusal, course: Course) -> ClusterError:
        waited = ""
        if course.first_failure is not None:
            waited = _duration(course.attempt, self.now() - course.first_failure)
        intent = self._intent(request, refusal, course)
        fault = refusal.failure.fault
        late = fault is not None and self.limits.up(writing=request.writes)
        error = error_for(refusal, intent, waited)
        if late and self.limits.remedy:
            error.hint = "; ".join(filter(None, (error.hint, self.limits.remedy)))
        if isinstance(error, Rejected):
            error.uncertain = course.uncertain
        if fault is Fault.SILENT:
            self._silence = str(error)
        return error

    def _late(self, request: Request, refusal: Refusal, course: Course) -> OutOfTime:
        """Say what was waited for as long as there was time."""
        waited = _duration(course.attempt, self.now() - (course.first_failure or course.began))
        return out_of_time(refusal, self._intent(request, refusal, course), waited)

    def _intent(self, request: Request, refusal: Refusal, course: Course) -> Intent:
        verb = request.verb or ("read" if request.method == "GET" else request.method)
        silent = self.now() - course.silent_since if course.silent_since is not None else 0.0
        asked = self._callers.behind(refusal.failure)
        return Intent(verb, request.name, self._access.server, silent, asked)

    def _configurations(self, path: str) -> Sequence[Manifest] | None:
        """List configurations of webhooks; None for who may not, or cannot now."""
        request = Request("GET", path, timeout=ASKED_SECONDS, retry_until=self.now())
        try:
            return self.answer(request, some_configurations).get("items") or ()
        except ClusterError:
            return None


def _fixed_headers(access: Access) -> tuple[tuple[str, str], ...]:
    agent = f"stackctl/{__version__} ({sys.platform})"
    encoding = "gzip" if access.compress else "identity"
    return (("User-Agent", agent), ("Accept-Encoding", encoding))


def _duration(attempts: int, seconds: float) -> str:
    return f" (tried {attempts} times in {span(seconds)})" if seconds >= 1 else ""


def _leave(_: Request, answer: "BaseHTTPResponse") -> "BaseHTTPResponse":
    return answer
