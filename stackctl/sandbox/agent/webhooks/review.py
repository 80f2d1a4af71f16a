"""What the responder says to a webhook call: yes to every admission, a new version's name.

Pure: a document in, a document out.
"""

from dataclasses import dataclass
from typing import Any

from stackctl.model.objects.refs import Manifest


@dataclass(frozen=True, slots=True)
class Answer:
    """The document to send back, and what was answered in words."""

    document: Manifest
    summary: str


def answer(review: Any) -> Answer | None:
    """Answer an AdmissionReview or a ConversionReview; None for anything else."""
    match review:
        case {"kind": "AdmissionReview", "apiVersion": str(), "request": {"uid": str()}}:
            return _admit(review)
        case {"kind": "ConversionReview", "apiVersion": str(), "request": {"uid": str()}}:
            return _convert(review)
    return None


def _admit(review: Manifest) -> Answer:
    request = review["request"]
    resource = request.get("resource") or {}
    where = "/".join(filter(None, (request.get("namespace"), request.get("name"))))
    summary = f"admitted {request.get('operation', '')} {resource.get('resource', '')} {where}"
    return _respond(review, {"allowed": True}, summary.strip())


def _convert(review: Manifest) -> Answer:
    request = review["request"]
    version = request["desiredAPIVersion"]
    converted = [manifest | {"apiVersion": version} for manifest in request.get("objects") or ()]
    response = {"result": {"status": "Success"}, "convertedObjects": converted}
    return _respond(review, response, f"renamed {len(converted)} objects to {version}")


def _respond(review: Manifest, response: Manifest, summary: str) -> Answer:
    named = {"apiVersion": review["apiVersion"], "kind": review["kind"]}
    return Answer(named | {"response": {"uid": review["request"]["uid"]} | response}, summary)
