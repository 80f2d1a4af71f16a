"""Fields that another manager holds as well: left, taken or refused, as users say."""

from dataclasses import replace

import pytest

from stackctl.actions.deploy import deploy
from stackctl.actions.execute_plan import execute_plan
from stackctl.actions.planning import look
from stackctl.actions.status import status
from stackctl.cluster.context import running
from stackctl.errors import ConflictError
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.ownership.conflict_policy import Contest
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.plan.plan import Action, Change, HeldValue
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack, write_as


@pytest.fixture
def contested(stack: Stack) -> Stack:
    """A ConfigMap of ours with a field that a stranger has written to."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x", key="ours", other="ours")))
    write(stack, "stranger", "theirs")
    return stack


def write(stack: Stack, manager: str, value: str) -> None:
    write_as(
        stack.client,
        manager,
        f"/api/v1/namespaces/{stack.name}/configmaps/x",
        {"data": {"key": value}},
    )


def again(stack: Stack, *rules: Contest, other: str = "new") -> dict[str, str]:
    """Deploy with another value beside the contested one; return what is there then."""
    config = stack.config("x", key="ours", other=other)
    stack.deploy(stack.part("a", stack.namespace(), config, contested=rules))
    found = stack.get("configmaps/x")
    assert found is not None
    data: dict[str, str] = found["data"]
    return data


def test_a_strangers_field_is_refused_with_the_way_out(contested):
    """Nothing is changed; the message names field and manager, the hint how to go on."""
    with pytest.raises(ConflictError, match=r"\.data\.key: held by stranger") as refused:
        again(contested)
    assert "--take-over stranger" in refused.value.hint
    assert contested.get("configmaps/x")["data"] == {"key": "theirs", "other": "ours"}


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (Contest(Verdict.YIELD, "stranger"), "theirs"),
        (Contest(Verdict.OVERRIDE, "stran*"), "ours"),
        (Contest(Verdict.YIELD, path="data.key"), "theirs"),
        (Contest(Verdict.OVERRIDE, path="data"), "ours"),
    ],
    ids=lambda value: (
        f"{value.verdict}-{value.manager}-{value.path}" if isinstance(value, Contest) else value
    ),
)
def test_a_rule_decides_for_good(contested, rule, key):
    """By manager or by field; the next run finds nothing to change."""
    assert again(contested, rule) == {"key": key, "other": "new"}
    config = contested.config("x", key="ours", other="new")
    part = contested.part("a", contested.namespace(), config, contested=(rule,))
    assert contested.deploy(part).release is None


def test_a_rule_may_protect_a_field_from_us(stack):
    """People's changes are overridden, unless the user says that they count."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x", key="ours")))
    write(stack, "kubectl-edit", "theirs")
    with pytest.raises(ConflictError, match="held by kubectl-edit"):
        again(stack, Contest(Verdict.REFUSE, "kubectl-edit"))
    assert again(stack)["key"] == "ours"


def test_taking_over_is_for_one_run(contested, tmp_path):
    """`--take-over` takes what a manager holds; what the record says is as without it."""
    shelf = Shelf(tmp_path, contested.name)
    config = contested.config("x", key="ours", other="new")
    shelf.put("a", "1.0.0", contested.namespace(), config)

    def run(*managers: str):
        return deploy(
            replace(shelf.request(), take_over=managers),
            contested.connection,
            agree=lambda *_: True,
            notify=contested.tell,
            options=contested.options(),
        )

    with pytest.raises(ConflictError, match="held by stranger"):
        run("somebody-else")
    run("stranger")
    assert contested.get("configmaps/x")["data"] == {"key": "ours", "other": "new"}
    assert run().release is None


def test_going_back_takes_over_as_well(contested):
    """It is refused like a deploy, and both the hint and the status say what to type."""
    again(contested, Contest(Verdict.YIELD, "stranger"))
    with pytest.raises(ConflictError, match="held by stranger") as refused:
        contested.rollback(1)
    assert "--take-over stranger" in refused.value.hint
    contested.rollback(1, "stranger")
    assert contested.get("configmaps/x")["data"] == {"key": "ours", "other": "ours"}

    write(contested, "another", "theirs")
    remedy = status(contested.id, contested.connection).remedy
    assert remedy.startswith("stackctl rollback 1 --stack ")
    assert remedy.endswith(" --take-over another")


def planned(stack: Stack, part: BundleComponent, *taking: str) -> dict[str, Change]:
    """Plan as `diff` does: refused is nothing."""
    with running(stack.connection, stack.tell) as run:
        plan = look(run, stack.id, Bundle("test", (part,), taking=taking), refuse=False).plan
    return {change.ref.name: change for change in plan.changes}


@pytest.fixture
def rolled_out(stack: Stack) -> BundleComponent:
    """A Deployment of ours into which a deployer has applied another image, by force."""
    part = stack.part("a", stack.namespace(), stack.deployment("web"))
    stack.deploy(part)
    theirs = stack.deployment("web", image="example.com/other:2")
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/web"
    stack.client.apply(path, theirs, manager="argocd-controller", force=True)
    return part


def image_of(stack: Stack) -> str:
    found = stack.client.get(f"/apis/apps/v1/namespaces/{stack.name}/deployments/web")
    assert found is not None
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


IMAGE = '.spec.template.spec.containers[name="main"].image'


def test_a_deployer_is_refused_like_any_other_owner(stack, rolled_out):
    """A field of Argo CD's is neither left to it without a word nor taken."""
    with pytest.raises(ConflictError) as refused:
        stack.deploy(rolled_out)
    assert f"{IMAGE}: held by argocd-controller (Argo CD)" in str(refused.value)
    assert "--take-over argocd-controller" in refused.value.hint
    assert image_of(stack) == "example.com/other:2"


def test_what_would_change_is_shown_although_somebody_holds_it(stack, rolled_out):
    """The plan has the difference, and says who stands in its way."""
    change = planned(stack, rolled_out)["web"]
    assert change.action is Action.UPDATE
    assert [(each.old, each.new) for each in change.differences] == [
        ("example.com/other:2", "example.com/fine:1")
    ]
    (held,) = change.held
    assert (held.manager, held.field, held.verdict) == ("argocd-controller", IMAGE, Verdict.REFUSE)
    assert (held.live, held.wanted) == ("example.com/other:2", "example.com/fine:1")


@pytest.mark.parametrize("how", ["take-over", "rule"])
def test_a_deployers_field_can_be_taken_back(stack, rolled_out, how):
    """For one run or for good; nothing is left to do afterwards."""
    rules = (Contest(Verdict.OVERRIDE, "argocd-*"),) if how == "rule" else ()
    part = replace(rolled_out, contested=rules)
    taking = () if how == "rule" else ("argocd-controller",)
    with running(stack.connection, stack.tell) as run:
        intent = look(run, stack.id, Bundle("test", (part,), taking=taking))
        execute_plan(run, intent, lambda *_: True, stack.options(wait=False))
    assert image_of(stack) == "example.com/fine:1"
    assert planned(stack, part)["web"].action is Action.UNCHANGED


def test_what_a_rule_leaves_is_told_every_time_with_both_values(contested):
    """Also when nothing else differs, and nothing has to be sent for it."""
    rule = Contest(Verdict.YIELD, "stranger")
    again(contested, rule)
    config = contested.config("x", key="ours", other="new")
    part = contested.part("a", contested.namespace(), config, contested=(rule,))
    change = planned(contested, part)["x"]
    assert (change.action, change.stamp) == (Action.UNCHANGED, False)
    (held,) = change.held
    assert (held.manager, held.field, held.wanted, held.live) == (
        "stranger",
        ".data.key",
        "ours",
        "theirs",
    )


def test_the_status_tells_what_was_left_as_long_as_it_is_not_as_wanted(contested):
    """What the holder sets meanwhile is read from the object; once it is right nothing is told."""
    again(contested, Contest(Verdict.YIELD, "stranger"))
    write(contested, "stranger", "another")
    (held,) = left_in(contested)
    assert (held.manager, held.field, held.wanted, held.live) == (
        "stranger",
        ".data.key",
        "ours",
        "another",
    )
    write(contested, "stranger", "ours")
    assert left_in(contested) == []


def left_in(stack: Stack) -> list[HeldValue]:
    found = status(stack.id, stack.connection)
    return [each for part in found.components for item in part.objects for each in item.left]


def test_a_field_that_was_left_is_taken_back_once_a_rule_says_so(contested):
    """That what is wanted has not changed since does not prove that it is there."""
    again(contested, Contest(Verdict.YIELD, "stranger"))
    assert again(contested, Contest(Verdict.OVERRIDE, "stranger")) == {
        "key": "ours",
        "other": "new",
    }


def test_what_an_autoscaler_sets_is_left_to_it_without_a_word(stack):
    """The replicas that it writes through the scale subresource, and nothing else of its."""
    part = stack.part("a", stack.namespace(), stack.deployment("web"))
    stack.deploy(part)
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/web"
    scaler = "kube-controller-manager"
    write_as(stack.client, scaler, f"{path}/scale", {"spec": {"replicas": 3}})
    change = planned(stack, part)["web"]
    assert (change.differences, change.held) == ((), ())
    rules = (Contest(Verdict.OVERRIDE, path="spec.replicas"),)
    (difference,) = planned(stack, replace(part, contested=rules))["web"].differences
    assert (difference.old, difference.new) == (3, 1)
    label = {"metadata": {"labels": {"app.kubernetes.io/managed-by": "me"}}}
    write_as(stack.client, scaler, path, label)
    assert [each.verdict for each in planned(stack, part)["web"].held] == [Verdict.REFUSE]
