"""What the server filled in beside a choice goes when something else is chosen."""

import pytest

from stackctl.actions.planning import look
from stackctl.cluster.context import running
from stackctl.errors import ConflictError, PreflightError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.conflict_policy import Contest
from stackctl.model.ownership.ownership import Verdict
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


def with_volume(stack: Stack, **source: object) -> Manifest:
    web = stack.deployment("web", replicas=0)
    web["spec"]["template"]["spec"]["volumes"] = [{"name": "files", **source}]
    return web


def test_a_default_of_an_item_of_a_list_goes_too(stack):
    """A volume of which nothing is said is an empty folder, by nobody's will."""
    space = stack.namespace()
    stack.deploy(stack.part("a", space, with_volume(stack)))
    wanted = with_volume(stack, configMap={"name": "x"})
    assert not planned(stack, space, wanted).empty
    stack.deploy(stack.part("a", space, wanted))
    (volume,) = live(stack, "deployments/web")["spec"]["template"]["spec"]["volumes"]
    assert {*volume} == {"name", "configMap"}
    assert planned(stack, space, wanted).empty


def test_who_holds_an_item_of_a_list_too_is_named_and_can_be_taken_over(stack):
    """What is dropped stays as long as another applies it, and is in the way of a new choice."""
    space = stack.namespace()
    stack.deploy(stack.part("a", space, with_volume(stack, emptyDir={})))
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/web"
    held = {"spec": {"template": {"spec": {"volumes": [{"name": "files", "emptyDir": {}}]}}}}
    other = stack.object("apps/v1", "Deployment", "web") | held
    stack.client.apply(path, other, manager="somebody")
    wanted = with_volume(stack, configMap={"name": "x"})
    with pytest.raises(ConflictError, match=r"emptyDir: held by somebody") as error:
        stack.deploy(stack.part("a", space, wanted))
    assert "--take-over somebody" in error.value.hint
    taken = (Contest(Verdict.OVERRIDE, manager="somebody"),)
    part = stack.part("a", space, wanted, contested=taken)
    stack.deploy(part)
    (volume,) = live(stack, "deployments/web")["spec"]["template"]["spec"]["volumes"]
    assert {*volume} == {"name", "configMap"}


def live(stack: Stack, path: str) -> Manifest:
    found = stack.client.get(f"/apis/apps/v1/namespaces/{stack.name}/{path}")
    assert found is not None
    return found
