"""Several stacks on one cluster keep out of each other's way."""

import pytest

from stackctl.actions.stacks import choose_stack
from stackctl.actions.status import status
from stackctl.errors import ConflictError, UsageError
from stackctl.model.plan.plan import Action
from tests.apiserver.stacks import Stack


@pytest.fixture
def other(connection, stack) -> Stack:
    """A second stack on the same cluster."""
    return Stack(connection, f"{stack.name}-other")


def test_two_stacks_stand_side_by_side_and_leave_one_by_one(stack, other):
    """Each has its own record; taking one off leaves the other as it was."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    other.deploy(other.part("a", other.namespace(), other.config("x")))
    assert stack.teardown().residue == ()
    assert status(other.id, other.connection).current
    assert other.teardown().residue == ()


def test_an_object_of_another_stack_is_a_conflict_that_names_it(stack, other):
    """And nothing of either is touched."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    greedy = stack.config("x", key="mine")
    with pytest.raises(ConflictError) as refused:
        other.deploy(other.part("b", other.namespace(), greedy))
    assert str(refused.value) == (
        f"stack {stack.name} is on this cluster and has 1 object of this profile's: "
        f"ConfigMap/{stack.name}/x"
    )
    assert f"stackctl upgrade --stack {stack.name} --profile " in refused.value.hint
    assert stack.get("configmaps/x")["data"] == {"key": "value"}
    assert other.client.get(f"/api/v1/namespaces/{other.name}") is None


def test_a_stack_prunes_only_what_is_its_own(stack, other):
    """What another stack has taken over since is not deleted when it leaves the bundle."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), stack.config("y")))
    labels = {"metadata": {"labels": {"stackctl.dev/stack": other.name}}}
    stack.client.patch(f"/api/v1/namespaces/{stack.name}/configmaps/y", labels)
    outcome = stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    assert outcome.plan.counts[Action.PRUNE] == 0
    assert stack.get("configmaps/y") is not None


def test_among_several_stacks_one_has_to_be_named(stack, other):
    """Guessing could hit the wrong one; the stacks there are are named."""
    stack.deploy(stack.part("a", stack.namespace()))
    other.deploy(other.part("a", other.namespace()))
    with pytest.raises(UsageError, match="several stacks") as asked:
        choose_stack(None, None, stack.connection)
    assert stack.name in str(asked.value)
    named = asked.value.hint.removeprefix("name one: ").split(" or ")
    assert all(f"{each.removeprefix('--stack ')} (record in" in str(asked.value) for each in named)
    assert choose_stack(other.name, None, stack.connection) == other.id
