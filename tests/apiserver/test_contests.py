"""Fields that another manager holds as well: left, taken or refused, as users say."""

from dataclasses import replace

import pytest

from stackctl.actions.deploy import deploy
from stackctl.errors import ConflictError
from stackctl.model.ownership.conflict_policy import Contest
from stackctl.model.ownership.ownership import Verdict
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
