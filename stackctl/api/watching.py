"""What happens to the objects of a kind, as it happens."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from stackctl.api.http.answers import an_event
from stackctl.api.http.exchange import Exchange
from stackctl.api.http.messages import Request
from stackctl.api.http.reading import document_of
from stackctl.api.http.refusals import refusal_of
from stackctl.api.http.retries import backoff
from stackctl.api.http.transport import TransportFault, lines_of
from stackctl.api.listing import Listing, ListSelection, read_list
from stackctl.errors import ClusterError, Expired, Rejected, Unreachable
from stackctl.model.objects.refs import Manifest

WATCH_SECONDS = 290  # then the server closes the watch; load balancers often do after 300
SHORT_SECONDS = 1.0  # a watch that lives no longer than this is opened again more slowly
PATIENCE_SECONDS = 5.0  # before it is looked at again whether anybody still wants to know


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """ADDED, MODIFIED, DELETED, BOOKMARK; or LISTED, once all there was has been told."""

    type: str
    object: Manifest


LISTED = WatchEvent("LISTED", {})


def read_watch(
    exchange: Exchange,
    selection: ListSelection,
    version: str,
    stop: threading.Event,
    retry_until: float | None = None,
) -> Iterator[WatchEvent]:
    """Yield changes after a version until the watch ends, however it ends.

    Raises:
        Expired: the version is too old.
    """
    query = selection.query | {"watch": "true", "allowWatchBookmarks": "true"}
    query |= {"timeoutSeconds": str(WATCH_SECONDS)}
    query |= {"resourceVersion": version} if version else {}
    request = Request(
        method="GET",
        path=selection.path,
        query=query,
        accept=selection.accept,
        timeout=WATCH_SECONDS + 30,
        verb="watch",
        keep=selection.keep,
        retry_until=retry_until,
    )
    answer = exchange.open(request)
    with exchange.guard.reading(answer, stop):
        try:
            for line in lines_of(answer):
                if stop.is_set():
                    return
                yield _event(line, exchange, request)
        except TransportFault:
            return  # the next watch goes on where this one was cut


def _event(line: bytes, exchange: Exchange, request: Request) -> WatchEvent:
    document = document_of(line)
    if request.keep is not None and isinstance(document, dict) and "object" in document:
        document["object"] = request.keep(document["object"])
    exchange.require(document, an_event, request)
    if document["type"] == "ERROR":
        raise exchange.error_of(refusal_of(document["object"]), request)
    return WatchEvent(document["type"], document["object"])


def follow(
    exchange: Exchange, selection: ListSelection, stop: threading.Event, known: "Known"
) -> Iterator[WatchEvent]:
    """Yield what is there, then LISTED, then every change, through lost connections.

    Of what is known already only the differences are told.

    Raises:
        ClusterError: the first list fails, or we are refused later on.
    """
    yield from known.compare(read_list(exchange, selection))
    yield LISTED
    failures = 0
    while not stop.is_set():
        began = exchange.now()
        try:
            yield from _resume(exchange, selection, known, stop)
        except Expired:
            known.version = ""
        except (Unreachable, Rejected) as error:
            if not _passes(error):
                raise
            exchange.tell(f"watch {selection.path}", str(error), backoff(failures + 1))
        short = exchange.now() - began < SHORT_SECONDS
        failures = failures + 1 if short else 0
        if short:
            stop.wait(backoff(failures))


def _resume(
    exchange: Exchange, selection: ListSelection, known: "Known", stop: threading.Event
) -> Iterator[WatchEvent]:
    """Go on from the last version that was seen, or from a new list."""
    until = exchange.now() + PATIENCE_SECONDS
    if not known.version:
        yield from known.compare(read_list(exchange, selection, until))
    for event in read_watch(exchange, selection, known.version, stop, until):
        known.note(event)
        if event.type != "BOOKMARK":
            yield event


def _passes(error: ClusterError) -> bool:
    """Return whether waiting may help."""
    if isinstance(error, Rejected):
        return error.status == 429 or error.status >= 500
    return isinstance(error, Unreachable)


@dataclass(slots=True)
class Known:
    """The objects as they were last told, so that a new list can be told as changes."""

    version: str = ""
    objects: dict[tuple[str, str], Manifest] = field(default_factory=dict)

    def note(self, event: WatchEvent) -> None:
        """Take in a change."""
        self.version = event.object["metadata"]["resourceVersion"]
        if event.type == "DELETED":
            self.objects.pop(_key(event.object), None)
        elif event.type != "BOOKMARK":
            self.objects[_key(event.object)] = event.object

    def compare(self, listing: Listing) -> Iterator[WatchEvent]:
        """Take in a list, and return in which changes it differs from what was known."""
        fresh = {_key(item): item for item in listing.items}
        for key, gone in list(self.objects.items()):
            if key not in fresh or _uid(fresh[key]) != _uid(gone):
                del self.objects[key]
                yield WatchEvent("DELETED", gone)
        for key, item in fresh.items():
            old = self.objects.get(key)
            self.objects[key] = item
            if old is None:
                yield WatchEvent("ADDED", item)
            elif old["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
                yield WatchEvent("MODIFIED", item)
        self.version = listing.resource_version


def _key(item: Manifest) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _uid(item: Manifest) -> str:
    return str(item["metadata"].get("uid", ""))
