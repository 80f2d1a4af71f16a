"""How it is said that objects are somebody else's."""

from typing import Any

from stackctl.errors import AnothersStack
from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.foreign_objects import ForeignObject, foreign_object, holder_of, refusal

ML = StackId("ml")


def live(labels: dict[str, str] | None = None, **fields: int) -> dict[str, Any]:
    """Say what is there: how it is labelled, and how many fields each manager holds."""
    entries = [
        {
            "manager": manager.replace("_", "-"),
            "fieldsV1": {"f:data": {f"f:{number}": {} for number in range(count)}},
        }
        for manager, count in fields.items()
    ]
    return {"metadata": {"name": "x", "labels": labels or {}, "managedFields": entries}}


def config(name: str, component: str = "a", holder: str = "made by x", **more: Any):
    return ForeignObject(Ref("", "ConfigMap", "ns", name), component, holder, **more)


def test_who_signed_an_object_owns_it_else_who_holds_most_of_it_made_it():
    """A status that a controller writes, and what we hold ourselves, do not count."""
    signed = live({STACK_LABEL: "other", MANAGED_BY: "stackctl"}, kubectl_create=3)
    assert holder_of(signed, ML) == "owned by stack other"
    found = live(kubectl_edit=1, kubectl_create=3)
    found["metadata"]["managedFields"] += [
        {"manager": "kubelet", "subresource": "status", "fieldsV1": {str(i): {} for i in range(9)}},
        {"manager": ML.manager, "fieldsV1": {str(i): {} for i in range(9)}},
    ]
    assert holder_of(found, ML) == "made by kubectl-create"
    assert holder_of(live(), ML) == "owned by nobody stackctl knows of"


def test_another_stack_is_named_once_with_the_command_that_changes_it():
    """A hundred lines about one stack say less; adopting would move its objects out of it."""
    label = {STACK_LABEL: "team.gpu8", MANAGED_BY: "stackctl"}
    theirs = [
        foreign_object(config(str(i)).ref, "a", live(label), ML, recorded=False) for i in range(99)
    ]
    error = refusal(theirs, "lab")
    assert isinstance(error, AnothersStack)
    assert str(error) == (
        "stack team/gpu8 is on this cluster and has 99 objects of this profile's: "
        "ConfigMap/ns/0, ConfigMap/ns/1, ConfigMap/ns/2 and 96 more"
    )
    assert error.hint.endswith(
        "stackctl upgrade --stack gpu8 --record-namespace team --profile lab"
    )


def test_refusals_of_one_kind_are_one_line():
    """How many, of which components, whose they are, the first three."""
    theirs = [
        *(config(str(i), "ab"[i % 2], "made by kubectl") for i in range(9)),
        config("old", holder="owned by Helm release n/r", recorded=True),
    ]
    error = refusal(theirs, "lab")
    assert str(error).splitlines() == [
        "objects of the bundle exist already and are not ours:",
        "  9 of a, b, made by kubectl: ConfigMap/ns/0, ConfigMap/ns/1, ConfigMap/ns/2 and 6 more",
        "objects of the stack have since been taken over:",
        "  ConfigMap/ns/old (a): owned by Helm release n/r",
    ]
    assert error.hint.startswith("`stackctl adopt a --profile lab` makes it ours (b: likewise)")
