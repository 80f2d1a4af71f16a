"""What is typed next where objects are somebody else's, with what was asked for."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stackctl.actions.compose import Composed, StackRequest
from stackctl.actions.referral import referring
from stackctl.errors import AnothersStack, ConflictError, NotAdopted

SHELF = (Path("/shelf"),)


def composed(**sets: str) -> Composed:
    """As much of what was composed as is asked for."""
    return cast(Composed, SimpleNamespace(bundle=SimpleNamespace(profile="lab"), sets=sets))


def hint_of(error: ConflictError, request: StackRequest, **sets: Any) -> str:
    with pytest.raises(ConflictError) as caught, referring(request, composed(**sets)):
        raise error
    assert type(caught.value) is ConflictError
    assert str(caught.value) == str(error)
    return caught.value.hint


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (StackRequest(profile="lab"), "--profile lab"),
        (StackRequest(profile="lab", catalogs=SHELF), "--profile lab --catalog /shelf"),
        (
            StackRequest(profile="lab", stack="ml", record="a"),
            "--profile lab --stack ml --record-namespace a",
        ),
        (StackRequest(stack_file=Path("my stack.yaml")), "-f 'my stack.yaml'"),
    ],
)
def test_adopting_is_said_of_the_stack_that_was_meant(request_, words):
    """Without the catalogue there is no such profile, without the name it is another stack."""
    error = NotAdopted("theirs", components=("a", "b"))
    assert hint_of(error, request_).startswith(f"`stackctl adopt a {words}` makes it ours (b:")


def test_secrets_are_not_repeated():
    """They have to be typed again."""
    request = StackRequest(profile="lab", sets=("a.b=1", "a.password=hush"))
    hint = hint_of(NotAdopted("theirs", components=("a",)), request, **{"a.b": "1"})
    assert "--set a.b=1 --set 'a.password=…'" in hint


def test_another_stack_is_changed_with_what_was_asked_for():
    """The stack that is there is named, and not the one that was to be."""
    request = StackRequest(profile="lab", stack="mine", catalogs=SHELF)
    hint = hint_of(AnothersStack("theirs", stack="ml"), request)
    assert hint.endswith("stackctl upgrade --stack ml --profile lab --catalog /shelf")
