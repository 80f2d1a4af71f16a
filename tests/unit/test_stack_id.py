"""What tells stacks apart."""

import pytest

from stackctl.model.ownership.stack_id import LONGEST_LABEL, StackId

LONG = "a" * 63


@pytest.mark.parametrize(
    ("stack", "text", "label"),
    [(StackId("gpu8"), "gpu8", "gpu8"), (StackId("gpu8", "team-a"), "team-a/gpu8", "team-a.gpu8")],
)
def test_administrators_stacks_go_by_their_name_and_tenants_by_their_namespace_too(
    stack, text, label
):
    """What is printed is what is typed; the label is what Kubernetes takes for one."""
    assert (str(stack), stack.label, StackId.parse(text)) == (text, label, stack)
    assert stack.selector == f"stackctl.dev/stack={label}"


def test_a_stack_of_the_same_name_elsewhere_is_another_one():
    """In label and manager alike, however long the names are."""
    stacks = [
        StackId("gpu8"),
        StackId("gpu8", "team-a"),
        StackId(LONG, "team-a"),
        StackId(LONG, "team-b"),
        StackId(LONG[:-1], LONG),
        StackId(LONG, LONG[:-1]),
    ]
    assert len({each.label for each in stacks}) == len({each.manager for each in stacks}) == 6
    assert all(len(each.label) <= LONGEST_LABEL for each in stacks)
