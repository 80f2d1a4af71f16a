"""Reads an answer, and takes none that was cut short or is older than what is known already.

What it means is for `refusals` and `answers`.
"""

from typing import TYPE_CHECKING, Any, TypeVar

from stackctl.api.http.messages import Response
from stackctl.api.http.newest import version_in
from stackctl.api.http.retries import Fault
from stackctl.api.http.transport import TransportFault, body_of
from stackctl.model.objects.masking import objects_in, values_of
from stackctl.model.shapes import json_text
from stackctl.model.shapes.json_text import Keep
from stackctl.secrets import SECRETS

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

BODILESS = (204, 304)
T = TypeVar("T")


def require_head(answer: "BaseHTTPResponse") -> None:
    """Take no answer whose head ends too early, which Python does not notice.

    The end of the head says how long the body is; one that ends with the connection says that.
    """
    headers = answer.headers
    framed = "Content-Length" in headers or "Transfer-Encoding" in headers
    if not framed and answer.status not in BODILESS and headers.get("Connection") != "close":
        raise TransportFault(Fault.TRUNCATED, "its head ends too early")


def read_answer(answer: "BaseHTTPResponse", keep: Keep | None = None) -> Response:
    """Read the whole of an answer, and learn what in it is secret; of many items what is kept."""
    body = answer.data
    if not _is_json(answer):
        return Response(answer.status, answer.headers, body)
    document = document_of(body) if keep is None else _items_of(body, keep)
    SECRETS.learn(values_of(objects_in(document)))
    return Response(answer.status, answer.headers, body if keep is None else b"", document)


def read_refused(answer: "BaseHTTPResponse") -> bytes:
    """Read the rest of a refusal; half a one says nothing certain."""
    body = body_of(answer)
    if body and _is_json(answer):
        document_of(body)
    return body


def _is_json(answer: "BaseHTTPResponse") -> bool:
    return answer.headers.get("Content-Type", "").startswith("application/json")


def document_of(body: bytes) -> Any:
    """Read JSON; what is none was cut short."""
    try:
        return json_text.read(body)
    except ValueError as error:
        raise TransportFault(Fault.TRUNCATED, str(error)) from error


def _items_of(body: bytes, keep: Keep) -> Any:
    try:
        return json_text.read_list(body, keep)
    except ValueError as error:
        raise TransportFault(Fault.TRUNCATED, str(error)) from error


def require_newer(answer: T, least: int) -> T:
    """Let an answer pass, unless it is older than one that was given before it was asked for."""
    version = version_in(answer.document) if isinstance(answer, Response) else 0
    if version and version < least:
        raise TransportFault(Fault.STALE, f"version {version}, after {least}")
    return answer
