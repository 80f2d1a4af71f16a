"""Objects in and out of one API server.

What to apply and in which order is for `cluster`; repeating failed requests for `exchange`.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import replace
from typing import Any

from stackctl.api.access.access import Access
from stackctl.api.http.answers import Look, an_object, at, created, outcome
from stackctl.api.http.exchange import PATIENCE_SECONDS, Exchange, Sleep, Terms
from stackctl.api.http.limits import FOR_EVER, Allowance
from stackctl.api.http.messages import JSON, READ_SECONDS, Fence, Request, Response
from stackctl.api.listing import Listing, ListSelection, read_list, read_page
from stackctl.api.watching import Known, WatchEvent, follow
from stackctl.errors import AlreadyExists, NotFound, Rejected, StaleWrite
from stackctl.model.objects.refs import FIELD_MANAGER, Manifest, ref_of
from stackctl.model.run.events import Notify
from stackctl.model.shapes.json_text import Keep

__all__ = ["Client", "Listing", "Request", "Response", "WatchEvent"]

METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
PATCHES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}
APPLY = "application/apply-patch+yaml"  # JSON is YAML

Query = Mapping[str, str]


class Client:
    """One API server, to be used from many threads."""

    def __init__(
        self,
        access: Access,
        *,
        notify: Notify = lambda _: None,
        stop: threading.Event | None = None,
        patience: float = PATIENCE_SECONDS,
        now: Callable[[], float] = time.monotonic,
        sleep: Sleep | None = None,
    ) -> None:
        self.access = access
        self.now = now
        self._fence: Fence | None = None
        terms = Terms(notify, stop or threading.Event(), patience, now, sleep)
        self._exchange = Exchange(access, terms)

    def fenced(self, fence: Fence) -> "Client":
        """Return this client for a run: `fence` is called before each try of each write."""
        client = copy(self)
        client._fence = fence
        return client

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._exchange.requests

    def request(  # noqa: PLR0913
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = READ_SECONDS,
        retry_until: float | None = None,
    ) -> Response:
        """Send any request; a refusal is an error."""
        return self.send(
            Request(
                method=method,
                path=path,
                query=query,
                body=body,
                content_type=content_type,
                accept=accept,
                timeout=timeout,
                repeatable=method != "POST" and content_type != PATCHES["json"],
                retry_until=retry_until,
            )
        )

    def send(self, request: Request) -> Response:
        """Send a request that is a value; a refusal is an error."""
        return self._exchange.send(self._guarded(request))

    def _answer(self, request: Request, look: Look = an_object) -> Manifest:
        return self._exchange.answer(self._guarded(request), look)

    def ask(self, request: Request, look: Look) -> Any:
        """Send a request whose answer is no object; `look` says what is wrong with one."""
        return self._answer(request, look)

    def _guarded(self, request: Request) -> Request:
        return request if request.method == "GET" else replace(request, fence=self._fence)

    def get(self, path: str, *, metadata_only: bool = False) -> Manifest | None:
        """Read one object; None only when the API server says that it does not exist."""
        accept = METADATA if metadata_only else JSON
        try:
            request = Request("GET", path, accept=accept, verb="read")
            return self._answer(request, at(path))
        except NotFound:
            return None

    def list(
        self,
        path: str,
        *,
        labels: str = "",
        fields: str = "",
        metadata_only: bool = False,
        keep: Keep | None = None,
    ) -> Listing:
        """Read all objects of a kind, page by page; of each no more than what is kept."""
        return read_list(self._exchange, ListSelection(path, labels, fields, metadata_only, keep))

    def page(self, path: str, *, metadata_only: bool = False) -> Listing:
        """Read the first few hundred objects of a kind; the answer says whether these are all."""
        return read_page(self._exchange, ListSelection(path, metadata_only=metadata_only))

    def apply(
        self,
        path: str,
        manifest: Manifest,
        *,
        manager: str = FIELD_MANAGER,
        force: bool = False,
        dry_run: bool = False,
        retry_until: float | None = None,
        paced: bool = False,
    ) -> Manifest:
        """Create the object or update the fields that the manifest names.

        Of those that are `paced` as many are under way as the server answers well.

        Raises:
            FieldConflict: other managers own some of them.
            Invalid: a field breaks its schema, or is unknown.
        """
        query = {"fieldManager": manager, "fieldValidation": "Strict"}
        query |= {"force": "true"} if force else {}
        query |= {"dryRun": "All"} if dry_run else {}
        return self._answer(
            Request(
                method="PATCH",
                path=path,
                query=query,
                body=encode(manifest),
                content_type=APPLY,
                verb="apply",
                what=str(ref_of(manifest)),
                retry_until=retry_until,
                paced=paced,
            )
        )

    def create(
        self,
        path: str,
        manifest: Manifest,
        *,
        dry_run: bool = False,
        manager: str = FIELD_MANAGER,
    ) -> Manifest:
        """Create an object that must not exist yet; the path is that of its kind.

        Raises:
            AlreadyExists: it does.
        """
        name = manifest.get("metadata", {}).get("name", "")
        request = Request(
            method="POST",
            path=path,
            query=_writing(dry_run, manager),
            body=encode(manifest),
            verb="create",
            what=str(ref_of(manifest)) if name else "",
            repeatable=bool(name),
        )
        try:
            return self._answer(request, created)
        except AlreadyExists as refusal:
            return self._echo(refusal, f"{path}/{name}", manifest)

    def replace(
        self,
        path: str,
        manifest: Manifest,
        *,
        dry_run: bool = False,
        timeout: float = READ_SECONDS,
        retry_until: float | None = None,
    ) -> Manifest:
        """Write a whole object over the version it was read at.

        Raises:
            StaleWrite: somebody else has written it since.
        """
        request = Request(
            method="PUT",
            path=path,
            query=_writing(dry_run),
            body=encode(manifest),
            verb="replace",
            what=str(ref_of(manifest)),
            timeout=timeout,
            retry_until=retry_until,
        )
        try:
            return self._answer(request)
        except StaleWrite as refusal:
            return self._echo(refusal, path, manifest)

    def patch(
        self,
        path: str,
        body: Any,
        *,
        kind: str = "merge",
        dry_run: bool = False,
        manager: str = FIELD_MANAGER,
    ) -> Manifest:
        """Change parts of an object; kind is merge, strategic or json."""
        return self._answer(
            Request(
                method="PATCH",
                path=path,
                query=_writing(dry_run, manager),
                body=encode(body),
                content_type=PATCHES[kind],
                verb="patch",
                repeatable=kind != "json" or _is_tested(body),
            )
        )

    def delete(
        self, path: str, *, uid: str = "", version: str = "", propagation: str = "Background"
    ) -> bool:
        """Delete an object; False when it, or the one with this uid and version, was not there."""
        try:
            return self._delete(path, uid, version, propagation) is not None
        except StaleWrite:
            if not uid:
                raise
            return False

    def remove(self, path: str, *, uid: str, version: str) -> bool:
        """Delete an object; True when it is gone already, False when something holds it yet.

        Raises:
            StaleWrite: it is not the one, or not the version, that was meant.
        """
        left = self._delete(path, uid, version, "Background") or {}
        return "deletionTimestamp" not in left.get("metadata", {})

    def _delete(self, path: str, uid: str, version: str, propagation: str) -> Manifest | None:
        """Delete an object; return what the server says, None when it was not there."""
        options: dict[str, Any] = {"propagationPolicy": propagation}
        conditions = {"uid": uid, "resourceVersion": version}
        if given := {key: value for key, value in conditions.items() if value}:
            options["preconditions"] = given
        try:
            request = Request("DELETE", path, body=encode(options), verb="delete")
            return self._answer(request, outcome)
        except NotFound as refusal:
            return {} if refusal.uncertain else None  # then it was us

    def follow(
        self,
        path: str,
        *,
        labels: str = "",
        fields: str = "",
        stop: threading.Event,
        known: Known | None = None,
        keep: Keep | None = None,
    ) -> Iterator[WatchEvent]:
        """Yield what is there, then LISTED, then every change until `stop` is set.

        Of what is `known` already only the differences are told.

        Raises:
            AccessDenied: we may not list or watch this.
        """
        selection = ListSelection(path, labels, fields, keep=keep)
        return follow(self._exchange, selection, stop, known or Known())

    def within(self, until: float) -> AbstractContextManager[None]:
        """Let no request go on beyond a deadline, by `now`, for as long as the block runs."""
        return self._exchange.limits.within(until)

    def look_within(self, allowance: Allowance) -> None:
        """Bound the looking from now on; a stop ends it at once, for nothing is lost by that."""
        self._exchange.limits.look_within(allowance)

    def pausing(self) -> AbstractContextManager[None]:
        """Let the time of the block not count: somebody else takes it."""
        return self._exchange.limits.pausing()

    def end_look(self, most: float = FOR_EVER) -> float:
        """End the looking; return how much of the time there is, `most`, it has left."""
        return self._exchange.limits.end_look(most)

    @property
    def left(self) -> float:
        """The seconds until the deadline of the work."""
        return self._exchange.limits.left

    def give_up(self) -> None:
        """Wait for nothing any more, the last words included; takes no lock."""
        self._exchange.limits.give_up()

    def conclude(self) -> None:
        """End the work of the block: the last words have a bounded time of their own from now."""
        self._exchange.limits.conclude()

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    def _echo(self, refusal: Rejected, path: str, manifest: Manifest) -> Manifest:
        """Recognise our own write, whose answer was lost, in what stands in the way of it."""
        live = self.get(path) if refusal.uncertain else None
        if live is None or not contains(live, manifest):
            raise refusal
        return live


def encode(value: Any) -> bytes:
    """Write JSON as short as it gets."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def contains(live: Any, sent: Any) -> bool:
    """Return whether all that was sent is in a live object, its version aside."""
    if isinstance(sent, dict):
        return isinstance(live, dict) and all(
            contains(live.get(key), value)
            for key, value in sent.items()
            if key not in ("resourceVersion", "managedFields", "generation")
        )
    return bool(live == sent)


def _is_tested(steps: Any) -> bool:
    """Return whether a JSON patch is refused where it has been carried out already."""
    return bool(steps) and steps[0].get("op") == "test"


def _writing(dry_run: bool, manager: str = FIELD_MANAGER) -> dict[str, str]:
    query = {"fieldManager": manager, "fieldValidation": "Strict"}
    return query | {"dryRun": "All"} if dry_run else query
