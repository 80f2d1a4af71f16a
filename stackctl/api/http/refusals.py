"""What the API server's refusals mean in our words: the one place where they become errors.

Whether a refusal is worth another try is for `retries`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any
from urllib.parse import unquote

from stackctl.api.http.dates import date_in
from stackctl.api.http.retries import Failure, Fault, calling_webhook
from stackctl.api.http.webhooks import Configuration, hint_for
from stackctl.errors import (
    AccessDenied,
    AlreadyExists,
    ClusterError,
    Expired,
    FieldConflict,
    Forbidden,
    Invalid,
    NotFound,
    NotServed,
    OutOfTime,
    Rejected,
    StaleWrite,
    Unreachable,
)
from stackctl.model.objects.wording import span
from stackctl.model.shapes import json_text
from stackctl.model.shapes.shapes import TEXT, WHOLE, Shape, misshapen

_STATUS: Shape = {
    "reason": TEXT,
    "message": TEXT,
    "details": {
        "kind": TEXT,
        "retryAfterSeconds": WHOLE,
        "causes": [{"reason": TEXT, "message": TEXT, "field": TEXT}],
    },
}
_MANAGER = re.compile(r'conflict with "([^"]*)"(?: with subresource "([^"]*)")?')
_NOT_ALLOWED = re.compile(r'(?:^|is )forbidden: User "')
_TYPED_PATCH = re.compile(r"failed to create typed patch object \([^)]*\): ")
# The value that has the wrong type, in what the server says of a Secret.
_FOUND = re.compile(r"(Kind=Secret\).*?), got .*", re.DOTALL)
# By status and reason; an empty reason stands for all others.
_CLASSES: dict[tuple[int, str], type[Rejected]] = {
    (404, "NotFound"): NotFound,
    (404, ""): NotServed,
    (409, "AlreadyExists"): AlreadyExists,
    (409, "Conflict"): StaleWrite,
    (410, ""): Expired,
    (422, ""): Invalid,
}


@dataclass(frozen=True, slots=True)
class Intent:
    """What a request was for, in words a user knows."""

    verb: str  # "apply", "list"
    what: str  # "Deployment/ml/x", or "deployments/ml/x" where only the path is known
    server: str
    silent: float = 0.0  # seconds for which nothing has come
    asked: Configuration | None = None  # who has the webhook called that did not answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failure, and the parts of a Status that only an error needs."""

    failure: Failure
    causes: tuple[dict[str, str], ...] = ()
    structured: bool = False  # a Status, not just text


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Understand an answer that is not a success."""
    document = _status_in(body)
    if document:
        return refusal_of(document | {"code": status}, _wait_asked(headers))
    elsewhere = f"it sends us to {headers['Location']}" if "Location" in headers else ""
    failure = Failure(
        status=status,
        text=elsewhere or body[:500].decode(errors="replace").strip(),
        retry_after=_wait_asked(headers),
    )
    return Refusal(failure)


def refusal_of(document: Mapping[str, Any], wait: float | None = None) -> Refusal:
    """Understand a Status object."""
    if misshapen(document, _STATUS):
        return Refusal(Failure(status=500, text="its answer makes no sense"))
    details = document.get("details") or {}
    failure = Failure(
        status=document.get("code") or 500,
        reason=document.get("reason") or "",
        text=document.get("message") or "",
        kind=details.get("kind") or "",
        retry_after=_seconds(details.get("retryAfterSeconds")) if wait is None else wait,
    )
    causes = tuple(_cause(cause) for cause in details.get("causes") or ())
    return Refusal(failure, causes, structured=True)


def error_for(refusal: Refusal, intent: Intent, waited: str = "") -> ClusterError:
    """Choose the error and its words; `waited` says how long it was tried."""
    failure = refusal.failure
    if failure.fault is not None:
        return _unreachable(failure, intent, waited)
    if failure.status == 401:
        return AccessDenied(
            f"{intent.server}: the credentials are not accepted",
            hint="log in again, then: kubectl auth whoami",
        )
    if failure.status == 403 and _NOT_ALLOWED.search(failure.text):
        return Forbidden(f"{intent.what}: cannot {intent.verb}: {_permission(failure.text)}")
    message = f"{intent.what}: cannot {intent.verb}: {explanation_of(refusal)}{waited}"
    return _class_of(refusal)(
        message,
        status=failure.status,
        reason=failure.reason,
        causes=refusal.causes,
        hint=_hint(failure, intent.asked),
    )


def out_of_time(refusal: Refusal, intent: Intent, waited: str) -> OutOfTime:
    """Say that what was waited for has not come in the time there was."""
    why = explanation_of(refusal)
    return OutOfTime(
        f"{intent.what}: cannot {intent.verb}: time is up: {why}{waited}",
        hint=_hint(refusal.failure, intent.asked),
    )


def _unreachable(failure: Failure, intent: Intent, waited: str) -> Unreachable:
    doing = f" ({intent.verb} {intent.what})"
    match failure.fault:
        case Fault.UNTRUSTED:
            return Unreachable(
                f"{intent.server}: its certificate cannot be verified: {failure.text}",
                hint="check certificate-authority and tls-server-name in the kubeconfig",
            )
        case Fault.CONNECT:
            return Unreachable(
                f"{intent.server}: cannot connect: {failure.text}{waited}",
                hint="check the context: kubectl config get-contexts",
            )
        case Fault.SILENT:
            return Unreachable(
                f"no answer from {intent.server} within {span(intent.silent)} "
                f"(asked to {intent.verb} {intent.what})",
                hint="see whether it is alive: kubectl get --raw /readyz --request-timeout 5s",
            )
    fault = failure.fault.value if failure.fault else ""
    return Unreachable(f"{intent.server}: {fault}{doing}: {failure.text}{waited}")


def _class_of(refusal: Refusal) -> type[Rejected]:
    failure = refusal.failure
    if any(cause["reason"] == "FieldManagerConflict" for cause in refusal.causes):
        return FieldConflict
    return _CLASSES.get((failure.status, failure.reason)) or _CLASSES.get(
        (failure.status, ""), Rejected
    )


def explanation_of(refusal: Refusal) -> str:
    """Return why the server refused, in its own words as far as they help."""
    failure, causes = refusal.failure, refusal.causes
    if failure.status == 404 and not refusal.structured:
        return "the API server does not serve this API"
    if conflicts := [cause for cause in causes if cause.get("manager")]:
        return "; ".join(f"{cause['field']} is owned by {cause['manager']}" for cause in conflicts)
    if failure.status == 422 and causes:
        return "; ".join(dict.fromkeys(_cause_words(cause) for cause in causes))
    return _TYPED_PATCH.sub("", _FOUND.sub(r"\1", failure.text)) or f"status {failure.status}"


def explanation(failure: Failure) -> str:
    """Say in a line why a try failed."""
    if failure.fault is not None:
        return f"{failure.fault.value}: {failure.text}"
    return explanation_of(Refusal(failure, structured=True))


def _cause_words(cause: Mapping[str, str]) -> str:
    return ": ".join(part for part in (cause["field"], cause["message"]) if part)


def _hint(failure: Failure, asked: Configuration | None) -> str:
    webhook = calling_webhook(failure)
    return hint_for(webhook, failure.text, asked) if webhook else ""


def _permission(text: str) -> str:
    """Leave `User "x" cannot patch resource …` of the server's sentence."""
    found = _NOT_ALLOWED.search(text)
    return text[found.end() - len('User "') :] if found else text


def _cause(cause: Mapping[str, Any]) -> dict[str, str]:
    words = {key: str(cause.get(key) or "") for key in ("reason", "message", "field")}
    manager = _MANAGER.search(words["message"])
    if words["reason"] == "FieldManagerConflict" and manager:
        words["manager"], words["subresource"] = manager[1], manager[2] or ""
    return words


def _status_in(body: bytes) -> dict[str, Any]:
    try:
        document = json_text.read(body) if body.startswith(b"{") else {}
    except ValueError:
        document = {}
    return document if document.get("kind") == "Status" and not misshapen(document, _STATUS) else {}


def _wait_asked(headers: Mapping[str, str]) -> float | None:
    """Read how long a server asks us to wait: seconds, or the date until when."""
    until = date_in(headers, "Retry-After")
    if until is None:
        return _seconds(headers.get("Retry-After"))
    now = date_in(headers)
    return None if now is None else max(0.0, (until - now).total_seconds())


def _seconds(value: object) -> float | None:
    """Read a number of seconds; None where there is none, or none that time can pass in."""
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return max(0.0, seconds) if isfinite(seconds) else None


def name_path(path: str) -> str:
    """Name what a path is about: `deployments/ml/x`, `nodes`, `/version`."""
    parts = [unquote(part) for part in path.partition("?")[0].strip("/").split("/")]
    resource = parts[2:] if parts[0] == "api" else parts[3:] if parts[0] == "apis" else []
    if not resource:
        return path.partition("?")[0]
    if resource[0] == "namespaces" and len(resource) > 2:
        namespace, resource = resource[1], resource[2:]
        return "/".join([resource[0], namespace, *resource[1:]])
    return "/".join(resource)
