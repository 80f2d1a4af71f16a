"""Sends a request, repeats it while that makes sense, and gives its answer or one of our errors.

What requests there are is for `client`; whether a failure is worth repeating for `retries`.
"""

import random
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from stackctl import __version__
from stackctl.api.access.access import Access
from stackctl.api.access.credentials import Credentials, Identity
from stackctl.api.http.answers import Look, an_object, require
from stackctl.api.http.guard import Guard, Hold
from stackctl.api.http.limits import Limits
from stackctl.api.http.newest import Newest, place_of, version_in
from stackctl.api.http.refusals import (
    Intent,
    Refusal,
    error_for,
    explanation,
    name_path,
    read_refusal,
)
from stackctl.api.http.retries import Circumstances, Failure, Fault, Retry, decide, happened_nothing
from stackctl.api.http.transport import Sending, Transport, TransportFault, body_of
from stackctl.errors import ClusterError, Interrupted, OutOfTime, Rejected
from stackctl.model.objects.masking import objects_in, values_of
from stackctl.model.objects.refs import Manifest
from stackctl.model.run.events import Notice, Notify, Retrying, ServerWarning
from stackctl.model.shapes import json_text
from stackctl.secrets import SECRETS

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

JSON = "application/json"
READ_SECONDS = 65.0  # for one try: an API server ends a request after 60
UNKNOWN_SECONDS = 15.0  # for one try, where nothing has ever answered
PATIENCE_SECONDS = 60.0  # for one request, from its first failure
WHOLE_SECONDS = 90.0  # for one request with all its tries
SHORTEST_SECONDS = 1.0  # for a try that may still begin
LATE_SECONDS = 2.5  # for a request that begins when the run is being stopped already
BODILESS = (204, 304)
QUIET_SECONDS = 2.0  # a longer first wait is told at once

Sleep = Callable[[float], None]
Fence = Callable[[], None]  # raises where nothing may be written any more
T = TypeVar("T")

_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Request:
    """One request and how far to go for it."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON
    timeout: float = READ_SECONDS  # for one try; of what is read as it comes, for each part
    verb: str = ""  # for messages: "apply"
    what: str = ""  # the object, where the path alone does not name its kind
    repeatable: bool = True  # carrying it out twice does no harm
    retry_until: float | None = None  # by the clock given to the exchange; None: its patience
    fence: Fence | None = None  # asked before each try


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; `document` is the JSON in it, or None."""

    status: int
    headers: Mapping[str, str]  # their names in any case
    body: bytes
    document: Any = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How an exchange behaves: whom it tells, how long it tries, by which clock."""

    notify: Notify
    stop: threading.Event
    workers: int = 16
    patience: float = PATIENCE_SECONDS
    now: Callable[[], float] = time.monotonic
    sleep: Sleep | None = None  # None: until `stop` is set
    chance: Callable[[], float] = random.random


@dataclass(slots=True)
class _Course:
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


class Exchange:
    """Requests and answers with one API server; safe to use from many threads."""

    def __init__(self, access: Access, terms: Terms) -> None:
        self.requests = 0
        self.now = terms.now
        self.limits = Limits(terms.now, terms.stop)
        self.guard = Guard()
        self.newest = Newest()
        self._access = access
        self._terms = terms
        self._known = False  # something answered
        self._accepted = False  # and knew us
        self._silence = ""  # that nothing answers, where nothing did since it was noticed
        self._told: set[str] = set()
        self._warned: set[str] = set()
        self._counting = threading.Lock()
        self._headers = _fixed_headers(access)
        self._transport = Transport(access, workers=terms.workers)
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
        what = f"{request.verb or request.method} {_what(request)}"
        require(document, look, self._access.server, what)

    def open(self, request: Request) -> "BaseHTTPResponse":
        """Send a request and leave its answer to be read as it comes."""
        return self._persist(request, self._sending(request, stream=True), _leave)

    def _whole(self, request: Request, answer: "BaseHTTPResponse") -> Response:
        response = _read(answer)
        if not _is_dry(request) and (place := place_of(request.path)):
            self.newest.note(place, response.document)
        return response

    def close(self) -> None:
        """Close every idle connection."""
        self._transport.close()

    def tell(self, what: str, why: str, seconds: float) -> None:
        """Say what is being waited for, once for each reason; not where nobody waits any more."""
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
        """Say what a refusal that came in the middle of an answer means."""
        return self._error(request, refusal, _Course(self.now()))

    def _persist(
        self,
        request: Request,
        sending: Sending,
        read: "Callable[[Request, BaseHTTPResponse], T]",
    ) -> T:
        course = _Course(self.now(), late=self._terms.stop.is_set())
        while True:
            self._require_time(request, course)
            course.attempt += 1
            if request.fence is not None:
                request.fence()
            identity = self._credentials.identity()
            sent = self.now()
            outcome = self._try(request, sending, identity, course, read)
            if not isinstance(outcome, Refusal):
                return outcome
            if course.late and outcome.failure.fault is Fault.SILENT:
                self.limits.give_up()  # what is left to say would be said to nobody
            course.note(outcome.failure, sent, self.now())
            self._prepare_another(request, outcome, course, identity)

    def _try(
        self,
        request: Request,
        sending: Sending,
        identity: Identity,
        course: _Course,
        read: "Callable[[Request, BaseHTTPResponse], T]",
    ) -> T | Refusal:
        """Send a request once, and wait for the answer no longer than there is time."""
        now, least = self.now(), self._least_version(request)
        end = self._end_of_try(request, sending, course)
        writing = _is_writing(request)
        with self.guard.holding(
            lambda: self.limits.over(end, late=course.late, writing=writing)
        ) as hold:
            try:
                answer = self._attempt(sending.within(end - now), identity, hold)
                _require_head(answer)
                if answer.status < 300 or answer.status == 304:
                    return _fresh(read(request, answer), least)
                return read_refusal(answer.status, answer.headers, _whole_body(answer))
            except TransportFault as fault:
                if hold.cut:
                    waited = f"nothing complete came within {self.now() - now:.0f} s"
                    return Refusal(Failure(fault=Fault.SILENT, text=waited))
                return Refusal(Failure(fault=fault.fault, text=str(fault)))

    def _least_version(self, request: Request) -> int:
        """Say how new an answer must be, going by what was answered before it is asked for."""
        if request.method != "GET" or "continue" in (request.query or {}):
            return 0
        place = place_of(request.path)
        return self.newest.known(place) if place else 0

    def _end_of_try(self, request: Request, sending: Sending, course: _Course) -> float:
        """Say until when to wait for an answer; of a stream, for its beginning."""
        longest = READ_SECONDS if sending.stream else request.timeout
        if not self._known:
            longest = min(longest, UNKNOWN_SECONDS)
        whole = LATE_SECONDS if course.late else WHOLE_SECONDS
        last = max(course.began + whole, 0.0 if course.late else request.retry_until or 0.0)
        return min(self.now() + longest, max(last, self.now() + SHORTEST_SECONDS))

    def _require_time(self, request: Request, course: _Course) -> None:
        """Send nothing that nobody would wait for.

        Raises:
            Interrupted: the user stopped before anything was changed.
            OutOfTime: the run has no time left.
        """
        if self.limits.looking and self._terms.stop.is_set():
            raise Interrupted("interrupted while looking at the cluster")
        if self.limits.up(writing=_is_writing(request)):
            words = self._silence or (explanation(course.last) if course.attempt else "")
            raise OutOfTime(
                f"{_what(request)}: cannot {request.verb or request.method}: time is up"
                f"{f': {words}' if words else ''}",
                hint=self.limits.remedy,
            )

    def _attempt(self, sending: Sending, identity: Identity, hold: Hold) -> "BaseHTTPResponse":
        with self._counting:
            self.requests += 1
        answer = self._transport.send(sending, identity, hold)
        self._known, self._silence = True, ""
        self._accepted = self._accepted or answer.status < 300 or answer.status == 403
        if "Warning" in answer.headers:
            self._pass_on_warnings(answer.headers)
        return answer

    def _prepare_another(
        self, request: Request, refusal: Refusal, course: _Course, identity: Identity
    ) -> None:
        """Wait until the request is worth sending again, or raise."""
        retry = decide(refusal.failure, self._circumstances(request, course, self.now()))
        if retry is None:
            raise self._error(request, refusal, course)
        course.uncertain = course.uncertain or not happened_nothing(refusal.failure)
        self._wait_for(retry, request, refusal, course)
        if retry.renew:
            self._credentials.renew(identity)

    def _circumstances(self, request: Request, course: _Course, now: float) -> Circumstances:
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

    def _wait_for(self, retry: Retry, request: Request, refusal: Refusal, course: _Course) -> None:
        now = self.now()
        until = self._deadline(request, course)
        seconds = retry.seconds * (1 + self._terms.chance() / 2)  # many threads failed just now
        if seconds and now + retry.seconds > until:
            raise self._error(request, refusal, course)
        if course.attempt > 1 or seconds > QUIET_SECONDS:
            self.tell(_what(request), retry.why, seconds)
        self._sleep(min(seconds, max(retry.seconds, until - now)), retry.why, course.late)

    def _deadline(self, request: Request, course: _Course) -> float:
        """Say until when another try may begin."""
        until = (course.first_failure or course.began) + self._terms.patience
        if request.retry_until is not None:
            until = request.retry_until
        until = min(until, course.began + LATE_SECONDS) if course.late else until
        return min(until, self.limits.until(writing=_is_writing(request)))

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

    def _error(self, request: Request, refusal: Refusal, course: _Course) -> ClusterError:
        waited = ""
        if course.first_failure is not None:
            waited = _duration(course.attempt, self.now() - course.first_failure)
        now = self.now()
        verb = request.verb or ("read" if request.method == "GET" else request.method)
        silent = now - course.silent_since if course.silent_since is not None else 0.0
        intent = Intent(verb, _what(request), self._access.server, silent)
        fault = refusal.failure.fault
        late = fault is not None and self.limits.up(writing=_is_writing(request))
        error = error_for(refusal, intent, waited)
        if late and self.limits.remedy:
            error.hint = "; ".join(filter(None, (error.hint, self.limits.remedy)))
        if isinstance(error, Rejected):
            error.uncertain = course.uncertain
        if fault is Fault.SILENT:
            self._silence = str(error)
        return error

    def _pass_on_warnings(self, headers: Mapping[str, str]) -> None:
        for text in _WARNING.findall(headers["Warning"]):
            warning = text.replace('\\"', '"').replace("\\\\", "\\")
            with self._counting:
                new = warning not in self._warned
                self._warned.add(warning)
            if new:
                self._terms.notify(ServerWarning(warning))


def _require_head(answer: "BaseHTTPResponse") -> None:
    """Take no answer whose head ends too early, which Python does not notice.

    The end of the head says how long the body is; one that ends with the connection says that.
    """
    headers = answer.headers
    framed = "Content-Length" in headers or "Transfer-Encoding" in headers
    if not framed and answer.status not in BODILESS and headers.get("Connection") != "close":
        raise TransportFault(Fault.TRUNCATED, "its head ends too early")


def _read(answer: "BaseHTTPResponse") -> Response:
    body = answer.data
    if not _is_json(answer):
        return Response(answer.status, answer.headers, body)
    document = _document(body)
    SECRETS.learn(values_of(objects_in(document)))
    return Response(answer.status, answer.headers, body, document)


def _whole_body(answer: "BaseHTTPResponse") -> bytes:
    """Read the rest of a refusal; half a one says nothing certain."""
    body = body_of(answer)
    if body and _is_json(answer):
        _document(body)
    return body


def _is_json(answer: "BaseHTTPResponse") -> bool:
    return answer.headers.get("Content-Type", "").startswith("application/json")


def _document(body: bytes) -> Any:
    try:
        return json_text.read(body)
    except ValueError as error:
        raise TransportFault(Fault.TRUNCATED, str(error)) from error


def _fixed_headers(access: Access) -> tuple[tuple[str, str], ...]:
    agent = f"stackctl/{__version__} ({sys.platform})"
    encoding = "gzip" if access.compress else "identity"
    return (("User-Agent", agent), ("Accept-Encoding", encoding))


def _duration(attempts: int, seconds: float) -> str:
    return f" (tried {attempts} times in {seconds:.0f} s)" if seconds >= 1 else ""


def _fresh(answer: T, least: int) -> T:
    """Let an answer pass, unless it is older than one that was given before it was asked for."""
    version = version_in(answer.document) if isinstance(answer, Response) else 0
    if version and version < least:
        raise TransportFault(Fault.STALE, f"version {version}, after {least}")
    return answer


def _is_writing(request: Request) -> bool:
    return request.method != "GET" and not _is_dry(request)


def _is_dry(request: Request) -> bool:
    return "dryRun" in (request.query or {})


def _leave(_: Request, answer: "BaseHTTPResponse") -> "BaseHTTPResponse":
    return answer


def _what(request: Request) -> str:
    return request.what or name_path(request.path)
