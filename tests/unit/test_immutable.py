"""Refusals are told apart: a field that cannot change, and one that is wrong."""

import pytest

from stackctl.model.objects.immutable import fixed_fields, may_be_recreated, original
from stackctl.model.objects.refs import Ref


def cause(message: str, field: str = "spec.x") -> dict[str, str]:
    return {"message": message, "field": field, "reason": "FieldValueInvalid"}


@pytest.mark.parametrize(
    "message",
    [
        'Invalid value: {"a":"b"}: field is immutable',
        "Invalid value: cannot change roleRef",
        "Invalid value: []string{}: may not change once set",
        "Forbidden: updates to parameters are forbidden.",
        "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`",
        "Forbidden: spec is immutable after creation except resources.requests",
        "Invalid value: may not be changed in an update.",
        "Forbidden: field is immutable when `immutable` is set",
        "Invalid value: Value is immutable",
    ],
)
def test_what_cannot_be_changed_is_recognised(message):
    """In the words of the API server's rules, and of rules in definitions."""
    assert fixed_fields([cause(message)]) == ("spec.x cannot be changed",)


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value: -1: must be greater than or equal to 0",
        "Required value",
        'Unsupported value: "Sometimes": supported values: "Always"',
        "Duplicate value",
        "Forbidden: may not be used when `type` is 'Delegated'",
    ],
)
def test_what_is_wrong_is_not_immutable(message):
    """Making the object anew would lose the old one and be refused as well."""
    assert fixed_fields([cause(message)]) == ()
    assert fixed_fields([cause("field is immutable"), cause(message)]) == ()


def test_no_reason_is_no_reason():
    """A refusal without causes says nothing about fields; each field is named once."""
    assert fixed_fields([]) == ()
    twice = [cause("field is immutable"), cause("field is immutable")]
    assert fixed_fields(twice) == ("spec.x cannot be changed",)


@pytest.mark.parametrize(
    ("ref", "may"),
    [
        (Ref("apps", "Deployment", "ml", "x"), True),
        (Ref("batch", "Job", "ml", "x"), True),
        (Ref("", "Namespace", "", "ml"), False),
        (Ref("", "PersistentVolumeClaim", "ml", "x"), False),
        (Ref("", "PersistentVolume", "", "x"), False),
        (Ref("apiextensions.k8s.io", "CustomResourceDefinition", "", "x"), False),
    ],
)
def test_what_holds_others_data_is_never_made_anew(ref, may):
    """Deleting it would take along what is in it."""
    assert may_be_recreated(ref) is may


def test_an_original_can_be_made_again():
    """What only the server writes is left out; a Job is given no marks of the old one."""
    live = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j", "uid": "u", "resourceVersion": "7", "labels": {"a": "b"}},
        "spec": {
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
            "template": {
                "metadata": {"labels": {"controller-uid": "u", "job-name": "j", "mine": "yes"}},
                "spec": {"containers": []},
            },
        },
        "status": {"succeeded": 1},
    }
    assert original(live) == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j", "labels": {"a": "b"}},
        "spec": {"template": {"metadata": {"labels": {"mine": "yes"}}, "spec": {"containers": []}}},
    }
