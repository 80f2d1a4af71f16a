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
from stackctl.api.access import Access
from stackctl.api.answers import Look, an_object, require
from stackctl.api.credentials import Credentials, Identity
from stackctl.api.refusals import Intent, Refusal, error_for, name_path, read_refusal
from stackctl.api.retries import (
    Circumstances,
    Failure,
    Fault,
    Retry,
    decide,
    happened_nothing,
)
from stackctl.api.streams import Streams
from stackctl.api.transport import Sending, Transport, TransportFault, body_of
from stackctl.errors import ClusterError, Interrupted, Rejected
from stackctl.model import jsontext
from stackctl.model.events import Notice, Notify, Retrying, ServerWarning
from stackctl.model.objects import Manifest

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

JSON = "application/json"
READ_SECONDS = 65.0  # an API server ends a request after 60
PATIENCE_SECONDS = 60.0  # for one request, from its first failure
LATE_SECONDS = 5.0  # for a request that begins when the run is being stopped already
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
    timeout: float = READ_SECONDS  # for each part of the answer
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

    late: bool  # it began after the stop: it may be writing down how far the run came
    attempt: int = 0
    renewed: bool = False
    uncertain: bool = False  # an attempt got no answer and may have been carried out
    first_failure: float | None = None


class Exchange:
    """Requests and answers with one API server; safe to use from many threads."""

    def __init__(self, access: Access, terms: Terms) -> None:
        self.requests = 0
        self.now = terms.now
        self._access = access
        self._terms = terms
        self._known = False
        self._told: set[str] = set()
        self._warned: set[str] = set()
        self._counting = threading.Lock()
        self.streams = Streams()
        self._headers = _fixed_headers(access)
        self._transport = Transport(access, workers=terms.workers)
        self._credentials = Credentials(access, tell=lambda line: terms.notify(Notice(line)))

    def send(self, request: Request) -> Response:
        """Send a request until it succeeds.

        Raises:
            ClusterError: it cannot succeed, or did not in time.
        """
        return self._persist(request, self._sending(request, stream=False), _read)

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

    def close(self) -> None:
        """Close every idle connection."""
        self._transport.close()

    def tell(self, what: str, why: str, seconds: float) -> None:
        """Say what is being waited for, once for each reason."""
        with self._counting:
            new = why not in self._told
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
        return self._error(request, refusal, _Course(late=False))

    def _persist(
        self, request: Request, sending: Sending, read: "Callable[[BaseHTTPResponse], T]"
    ) -> T:
        course = _Course(late=self._terms.stop.is_set())
        while True:
            course.attempt += 1
            if request.fence is not None:
                request.fence()
            identity = self._credentials.identity()
            try:
                answer = self._attempt(sending, identity)
                if answer.status < 300 or answer.status == 304:
                    return read(answer)
                refusal = read_refusal(answer.status, answer.headers, body_of(answer))
            except TransportFault as fault:
                refusal = Refusal(Failure(fault=fault.fault, text=str(fault)))
            self._prepare_another(request, refusal, course, identity)

    def _attempt(self, sending: Sending, identity: Identity) -> "BaseHTTPResponse":
        with self._counting:
            self.requests += 1
        answer = self._transport.send(sending, identity)
        self._known = True
        if "Warning" in answer.headers:
            self._pass_on_warnings(answer.headers)
        return answer

    def _prepare_another(
        self, request: Request, refusal: Refusal, course: _Course, identity: Identity
    ) -> None:
        """Wait until the request is worth sending again, or raise."""
        retry = decide(
            refusal.failure,
            Circumstances(request.repeatable, course.attempt, self._known, course.renewed),
        )
        if retry is None:
            raise self._error(request, refusal, course)
        course.uncertain = course.uncertain or not happened_nothing(refusal.failure)
        if retry.renew:
            course.renewed = True
            self._credentials.renew(identity)
            return
        self._wait_for(retry, request, refusal, course)

    def _wait_for(self, retry: Retry, request: Request, refusal: Refusal, course: _Course) -> None:
        now = self.now()
        course.first_failure = now if course.first_failure is None else course.first_failure
        until = self._deadline(request, course, course.first_failure)
        seconds = retry.seconds * (1 + self._terms.chance() / 2)  # many threads failed just now
        if seconds and now + retry.seconds > until:
            raise self._error(request, refusal, course)
        if course.attempt > 1 or seconds > QUIET_SECONDS:
            self.tell(_what(request), retry.why, seconds)
        self._sleep(min(seconds, max(retry.seconds, until - now)), retry.why, course.late)

    def _deadline(self, request: Request, course: _Course, began: float) -> float:
        until = began + self._terms.patience
        if request.retry_until is not None:
            until = request.retry_until
        return min(until, began + LATE_SECONDS) if course.late else until

    def _sleep(self, seconds: float, why: str, late: bool) -> None:
        """Let time pass, but not beyond a stop."""
        stop = self._terms.stop
        if self._terms.sleep is not None:
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
        intent = Intent(request.verb or request.method, _what(request), self._access.server)
        error = error_for(refusal, intent, waited)
        if isinstance(error, Rejected):
            error.uncertain = course.uncertain
        return error

    def _pass_on_warnings(self, headers: Mapping[str, str]) -> None:
        for text in _WARNING.findall(headers["Warning"]):
            warning = text.replace('\\"', '"').replace("\\\\", "\\")
            with self._counting:
                new = warning not in self._warned
                self._warned.add(warning)
            if new:
                self._terms.notify(ServerWarning(warning))


def _read(answer: "BaseHTTPResponse") -> Response:
    body = answer.data
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        return Response(answer.status, answer.headers, body)
    try:
        return Response(answer.status, answer.headers, body, jsontext.read(body))
    except ValueError as error:
        raise TransportFault(Fault.TRUNCATED, str(error)) from error


def _fixed_headers(access: Access) -> tuple[tuple[str, str], ...]:
    agent = f"stackctl/{__version__} ({sys.platform})"
    encoding = "gzip" if access.compress else "identity"
    return (("User-Agent", agent), ("Accept-Encoding", encoding))


def _duration(attempts: int, seconds: float) -> str:
    return f" (tried {attempts} times in {seconds:.0f} s)" if seconds >= 1 else ""


def _leave(answer: "BaseHTTPResponse") -> "BaseHTTPResponse":
    return answer


def _what(request: Request) -> str:
    return request.what or name_path(request.path)
