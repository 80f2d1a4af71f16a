"""Reading `--nodes` and writing the Node objects it asks for."""

import pytest

from stackctl.errors import UsageError
from stackctl.sandbox.plane.nodes import (
    NodeGroup,
    format_nodes,
    gpus_of,
    node_manifests,
    parse_nodes,
    resource_of,
)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("gpu=2x8,cpu=1", (NodeGroup("gpu", 2, 8), NodeGroup("cpu", 1))),
        (" a100-b=1x4 ", (NodeGroup("a100-b", 1, 4),)),
        ("cpu=3x0", (NodeGroup("cpu", 3),)),
        ("cpu=1,", (NodeGroup("cpu", 1),)),
    ],
)
def test_groups_are_read(text, groups):
    """A group is a name, a number of nodes, and the GPUs of each."""
    assert parse_nodes(text) == groups


def test_what_is_written_is_read_again():
    """Writing groups and reading them gives the same groups."""
    groups = parse_nodes("gpu=2x8,cpu=1")
    assert parse_nodes(format_nodes(groups)) == groups


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no nodes"),
        ("gpu", "cannot read 'gpu'"),
        ("gpu=x8", "cannot read"),
        ("gpu=-1", "cannot read"),
        ("gpu=2x8x8", "cannot read"),
        ("gpu=0x8", "makes no node"),
        ("Gpu=1", "'Gpu' cannot be part of a node's name"),
        ("a_b=1", "cannot be part"),
        ("gpu=1,gpu=2", "'gpu' is given twice"),
        ("gpu=1x17", "at most 16 GPUs"),
        ("cpu=501", "more than 500"),
    ],
)
def test_what_cannot_be_read_is_named(text, complaint):
    """A mistake is answered with what is wrong and how it should look."""
    with pytest.raises(UsageError, match=complaint) as caught:
        parse_nodes(text)
    assert caught.value.hint


def test_a_gpu_node_says_so_and_a_plain_one_does_not():
    """GPU nodes carry the number of GPUs and the sign of the vendor, others neither."""
    gpu, cpu = node_manifests(parse_nodes("gpu=1x8,cpu=1"))
    assert gpu["metadata"]["name"] == "gpu-0"
    assert gpu["metadata"]["annotations"]["sandbox.stackctl.dev/gpus"] == "8"
    assert gpu["metadata"]["labels"]["sandbox.stackctl.dev/pci-10de"] == "true"
    assert "sandbox.stackctl.dev/gpus" not in cpu["metadata"]["annotations"]
    assert "sandbox.stackctl.dev/pci-10de" not in cpu["metadata"]["labels"]


def test_every_node_is_simulated():
    """Each node is played by kwok, and none by a real kubelet."""
    nodes = node_manifests(parse_nodes("gpu=2x8,cpu=1"))
    assert [node["metadata"]["name"] for node in nodes] == ["gpu-0", "gpu-1", "cpu-0"]
    assert {node["metadata"]["annotations"]["kwok.x-k8s.io/node"] for node in nodes} == {"fake"}


def test_the_name_of_a_group_tells_whose_accelerators_its_nodes_have():
    """Up to a hyphen: what is called neither amd nor tpu has GPUs of NVIDIA."""
    nodes = node_manifests(parse_nodes("tpu=1x4,amd=1x8,amd-b=1x8,amdahl=1x8,gpu=1x8"))
    found = {node["metadata"]["name"]: (resource_of(node), gpus_of(node)) for node in nodes}
    assert found == {
        "tpu-0": ("google.com/tpu", 4),
        "amd-0": ("amd.com/gpu", 8),
        "amd-b-0": ("amd.com/gpu", 8),
        "amdahl-0": ("nvidia.com/gpu", 8),
        "gpu-0": ("nvidia.com/gpu", 8),
    }
