"""Which names, labels and taints tell of accelerators, and of whose."""

import pytest

from stackctl.model.readiness.accelerators import AMD, NVIDIA, TPU, offered, others, shows


@pytest.mark.parametrize(
    ("resource", "allocatable", "expected"),
    [
        (NVIDIA, {"cpu": "8", "nvidia.com/gpu": "8"}, {"nvidia.com/gpu": 8}),
        (NVIDIA, {"nvidia.com/gpu.shared": "32"}, {"nvidia.com/gpu.shared": 32}),
        (
            NVIDIA,
            {"nvidia.com/gpu": "0", "nvidia.com/mig-1g.10gb": "16", "nvidia.com/mig-3g.40gb": "8"},
            {"nvidia.com/mig-1g.10gb": 16, "nvidia.com/mig-3g.40gb": 8},
        ),
        (NVIDIA, {"amd.com/gpu": "8"}, {}),
        (AMD, {"amd.com/cpx_nps4": "64"}, {"amd.com/cpx_nps4": 64}),
        (TPU, {"google.com/tpu": "4"}, {"google.com/tpu": 4}),
        ("example.com/npu", {"example.com/npu": "2", "example.com/npu-x": "2"},
         {"example.com/npu": 2}),
    ],
)  # fmt: skip
def test_what_is_shared_or_partitioned_counts(resource, allocatable, expected):
    """By whichever name of its maker it is offered; of a resource nobody knows, by its own."""
    assert offered(resource, allocatable) == expected


@pytest.mark.parametrize(
    ("resource", "labels", "taint", "expected"),
    [
        (NVIDIA, {"feature.node.kubernetes.io/pci-10de.present": "true"}, "", True),
        (NVIDIA, {"nvidia.com/gpu.present": "false"}, "", False),
        (NVIDIA, {"feature.node.kubernetes.io/pci-1002.present": "true"}, "", False),
        (NVIDIA, {}, "sku=gpu", True),
        (NVIDIA, {}, "amd.com/gpu=present", False),
        (AMD, {"feature.node.kubernetes.io/pci-1200_1002.present": "true"}, "", True),
        (AMD, {"beta.amd.com/gpu.family.AI": "1"}, "", True),
        (AMD, {}, "amd.com/gpu=present", True),
        (AMD, {}, "nvidia.com/gpu=present", False),
        (TPU, {"cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice"}, "", True),
        (TPU, {}, "google.com/tpu=present", True),
        (TPU, {}, "sku=gpu", False),
        ("example.com/npu", {"example.com/npu": "true"}, "", False),
    ],
)
def test_a_node_shows_whose_accelerators_it_has(resource, labels, taint, expected):
    """By labels of those who look for devices, and by what it is kept free for."""
    key, _, value = taint.partition("=")
    taints = ({"key": key, "value": value, "effect": "NoSchedule"},) if taint else ()
    assert shows(resource, {}, labels, taints) is expected


def test_others_are_the_other_makers():
    """A resource nobody knows has all of them beside it."""
    assert others(AMD) == (NVIDIA, TPU)
    assert others("example.com/npu") == (NVIDIA, AMD, TPU)
