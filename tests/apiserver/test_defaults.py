"""What the server filled in beside a choice goes when something else is chosen."""

import pytest

from stackctl.actions.planning import look
from stackctl.cluster.context import running
from stackctl.errors import PreflightError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.plan import Action
from tests.apiserver.stacks import Stack, write_as

RECREATE = {"strategy": {"type": "Recreate"}}


def planned(stack: Stack, *objects: Manifest):
    with running(stack.connection, stack.tell) as run:
        return look(run, stack.id, Bundle("test", (stack.part("a", *objects),))).plan


def test_a_default_beside_the_old_choice_goes_in_the_same_plan_and_apply(stack):
    """Every apply that only names the new one is refused; afterwards nothing would change."""
    space, web = stack.namespace(), stack.deployment("web", replicas=0)
    stack.deploy(stack.part("a", space, web))
    wanted = stack.deployment("web", replicas=0, **RECREATE)
    (change,) = [x for x in planned(stack, space, wanted).changes if x.action is Action.UPDATE]
    assert [each.path for each in change.differences] == [
        "spec.strategy.type",
        "spec.strategy.rollingUpdate",
    ]
    stack.deploy(stack.part("a", space, wanted))
    assert live(stack, "deployments/web")["spec"]["strategy"] == {"type": "Recreate"}
    assert planned(stack, space, wanted).empty


def test_the_choice_can_be_taken_back(stack):
    """The server fills in again what belongs to it."""
    space = stack.namespace()
    stack.deploy(stack.part("a", space, stack.deployment("web", replicas=0)))
    stack.deploy(stack.part("a", space, stack.deployment("web", replicas=0, **RECREATE)))
    stack.deploy(stack.part("a", space, stack.deployment("web", replicas=0)))
    assert live(stack, "deployments/web")["spec"]["strategy"]["type"] == "RollingUpdate"


def test_other_changes_are_made_along_with_it(stack):
    """A stateful set has defaults of its own, refused in other words."""
    space, base = stack.namespace(), stack.deployment("db", replicas=0)
    before = base | {"kind": "StatefulSet"}
    stack.deploy(stack.part("a", space, before))
    chosen = {"updateStrategy": {"type": "OnDelete"}, "minReadySeconds": 5}
    after = before | {"spec": before["spec"] | chosen}
    stack.deploy(stack.part("a", space, after))
    spec = live(stack, "statefulsets/db")["spec"]
    assert spec["updateStrategy"] == {"type": "OnDelete"}
    assert spec["minReadySeconds"] == 5


def test_what_somebody_wants_to_be_there_is_not_taken_away(stack):
    """It is refused as before, with the object and its component."""
    space = stack.namespace()
    stack.deploy(stack.part("a", space, stack.deployment("web", replicas=0)))
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/web"
    write_as(
        stack.client, "somebody", path, {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}}}
    )
    with pytest.raises(PreflightError, match=r"a: Deployment/.*rollingUpdate"):
        planned(stack, space, stack.deployment("web", replicas=0, **RECREATE))


def live(stack: Stack, path: str) -> Manifest:
    found = stack.client.get(f"/apis/apps/v1/namespaces/{stack.name}/{path}")
    assert found is not None
    return found
