"""What the built-in responder says to webhook calls."""

import pytest

from stackctl.sandbox.agent.webhooks.review import answer


@pytest.mark.parametrize("version", ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"])
def test_every_admission_is_allowed_unchanged(version):
    """The answer has the caller's version and identity, and no patch."""
    review = {
        "apiVersion": version,
        "kind": "AdmissionReview",
        "request": {
            "uid": "u-1",
            "operation": "CREATE",
            "resource": {"resource": "pods"},
            "namespace": "ml",
            "name": "p",
        },
    }
    found = answer(review)
    assert found is not None
    assert found.document == {
        "apiVersion": version,
        "kind": "AdmissionReview",
        "response": {"uid": "u-1", "allowed": True},
    }
    assert found.summary == "admitted CREATE pods ml/p"


def test_conversion_renames_the_version_and_keeps_the_rest():
    """Objects come back in their order, each with the wanted apiVersion."""
    old = [{"apiVersion": "a.b/v1", "kind": "T", "metadata": {"name": n}} for n in ("x", "y")]
    review = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "ConversionReview",
        "request": {"uid": "u-2", "desiredAPIVersion": "a.b/v2", "objects": old},
    }
    found = answer(review)
    assert found is not None
    assert found.document["response"] == {
        "uid": "u-2",
        "result": {"status": "Success"},
        "convertedObjects": [each | {"apiVersion": "a.b/v2"} for each in old],
    }
    assert [each["apiVersion"] for each in old] == ["a.b/v1", "a.b/v1"]


@pytest.mark.parametrize(
    "document",
    [None, [], "text", {}, {"kind": "AdmissionReview"}, {"kind": "TokenReview", "request": {}}],
)
def test_anything_else_has_no_answer(document):
    """What nobody simulates is not made up."""
    assert answer(document) is None
