"""How much of a resource the nodes offer."""

import pytest

from stackctl.model.readiness.allocation import Allocation


@pytest.mark.parametrize(
    ("nodes", "least", "text"),
    [
        ({"a": 8, "b": 8}, 2, "16 of 16 allocatable"),
        ({"a": 16, "b": 8}, 2, "16 of 16 allocatable"),
        ({"a": 8, "b": 0}, 2, "8 of 16 allocatable, waiting for node b"),
        ({"a": 8, "b": 7}, 1, "15 of 16 allocatable, waiting for node b (7 of 8)"),
        ({"a": 0, "b": 0}, 1, "0 of 16 allocatable, waiting for nodes a, b"),
        (dict.fromkeys("abcde", 0), 1, "0 of 40 allocatable, waiting for nodes a, b, c, 2 more"),
        ({"a": 8}, 2, "8 of 16 allocatable, waiting for 1 more node"),
        ({}, 2, "0 of 16 allocatable, waiting for 2 more nodes"),
    ],
)
def test_allocation(nodes, least, text):
    """The text says how many of how many, and which node is waited for."""
    found = Allocation("nvidia.com/gpu", nodes, per_node=8, least_nodes=least)
    assert str(found) == f"nvidia.com/gpu: {text}"
    assert found.complete is ("waiting" not in text)
