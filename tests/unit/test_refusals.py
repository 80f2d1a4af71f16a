"""What the API server's refusals are called and how they are worded."""

from dataclasses import replace

import pytest

from stackctl.api.http.refusals import (
    Intent,
    Refusal,
    error_for,
    name_path,
    read_refusal,
    refusal_of,
)
from stackctl.api.http.retries import Failure, Fault
from stackctl.errors import (
    AccessDenied,
    AlreadyExists,
    Expired,
    FieldConflict,
    Forbidden,
    Invalid,
    NotFound,
    NotServed,
    Rejected,
    StaleWrite,
    Unreachable,
)
from stackctl.model.objects.refs import Manifest

APPLYING = Intent("apply", "Deployment/ml/x", "https://prod:6443")


def status(code: int, reason: str, message: str = "no", **details) -> Manifest:
    return {"code": code, "reason": reason, "message": message, "details": details}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (status(404, "NotFound"), NotFound),
        (status(409, "AlreadyExists"), AlreadyExists),
        (status(409, "Conflict"), StaleWrite),
        (status(410, "Expired"), Expired),
        (status(422, "Invalid"), Invalid),
        (status(400, "BadRequest"), Rejected),
        (status(401, "Unauthorized"), AccessDenied),
        (status(403, "Forbidden", 'x is forbidden: User "j" cannot patch y'), Forbidden),
        (status(403, "Forbidden", "x is forbidden: exceeded quota: compute"), Rejected),
    ],
)
def test_each_refusal_has_its_class(document, kind):
    """A full quota is no lack of permission, and a lost race no ownership conflict."""
    assert type(error_for(refusal_of(document), APPLYING)) is kind


def test_a_path_that_is_not_served_is_no_missing_object():
    """Plain text from the server's router must not read as "the object is gone"."""
    refusal = read_refusal(404, {}, b"404 page not found\n")
    error = error_for(refusal, APPLYING)
    assert type(error) is NotServed
    assert "does not serve this API" in str(error)


def test_conflicting_fields_name_their_owners():
    """The owner of each field can be read from the error."""
    cause = {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "kubectl-scale" with subresource "scale" using apps/v1',
        "field": ".spec.replicas",
    }
    error = error_for(refusal_of(status(409, "Conflict", causes=[cause])), APPLYING)
    assert isinstance(error, FieldConflict)
    assert error.holders == ((".spec.replicas", "kubectl-scale", "scale"),)
    assert str(error) == ("Deployment/ml/x: cannot apply: .spec.replicas is owned by kubectl-scale")


def test_invalid_fields_are_named_and_nothing_else():
    """The fields are what the user has to mend."""
    causes = [{"field": "spec.replicas", "message": "Invalid value: -1"}] * 2
    error = error_for(refusal_of(status(422, "Invalid", "long", causes=causes)), APPLYING)
    assert str(error) == "Deployment/ml/x: cannot apply: spec.replicas: Invalid value: -1"


def test_what_a_secret_holds_is_not_repeated():
    """A value of the wrong type is named by its field; other objects show the value as well."""
    said = "failed to create typed patch object (ml/s; /v1, Kind=%s): .data.a: expected string, got"
    for kind, explained in (
        ("Secret", ".data.a: expected string"),
        ("ConfigMap", ".data.a: expected string, got &{12345}"),
    ):
        document = status(500, "InternalError", f"{said % kind} &{{12345}}")
        assert str(error_for(refusal_of(document), APPLYING)).endswith(f"apply: {explained}")


def test_a_page_of_somebody_else_is_shown_shortly():
    """A gateway's page is cut, and a redirection says where to."""
    long = error_for(read_refusal(502, {}, b"<html>" + b"x" * 9999), APPLYING)
    assert len(str(long)) < 600
    login = read_refusal(302, {"Location": "https://login"}, b"")
    assert "sends us to https://login" in str(error_for(login, APPLYING))


def test_a_lost_connection_names_the_server_and_the_object():
    """Both ends of the request are in the message."""
    failure = Failure(fault=Fault.SILENT, text="Read timed out.")
    asked = replace(APPLYING, silent=9.2)
    error = error_for(Refusal(failure), asked, " (tried 3 times in 9s)")
    assert isinstance(error, Unreachable)
    assert str(error) == (
        "no answer from https://prod:6443 within 9s (asked to apply Deployment/ml/x)"
    )
    assert "/readyz" in error.hint


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/apis/apps/v1/namespaces/ml/deployments/x", "deployments/ml/x"),
        ("/apis/apps/v1/namespaces/ml/deployments?watch=true", "deployments/ml"),
        ("/api/v1/nodes/a", "nodes/a"),
        ("/api/v1/namespaces/ml", "namespaces/ml"),
        ("/api/v1/namespaces/ml/pods/p/log", "pods/ml/p/log"),
        ("/version", "/version"),
    ],
)
def test_a_path_is_named_as_kubectl_would(path, name):
    """Where only the path is known, the plural stands for the kind."""
    assert name_path(path) == name
