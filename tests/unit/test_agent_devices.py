"""What a node reports, given the Pods on it."""

from typing import Any

import pytest

from stackctl.sandbox.agent.simulation.devices import (
    ConfigSource,
    DeviceReport,
    Sharing,
    config_source,
    is_gpu_operator,
    report,
    sharing_in,
)
from stackctl.sandbox.agent.simulation.mig import LAYOUT_LABEL, Layout, layout_in
from stackctl.sandbox.agent.simulation.node_rules import labels_by
from stackctl.sandbox.plane.nodes import node_manifests, parse_nodes

Objects = dict[str, Any]
PLUGINS = "/var/lib/kubelet/device-plugins"


def node(gpus: int = 8, labels: dict[str, str] | None = None) -> Objects:
    annotations = {"sandbox.stackctl.dev/gpus": str(gpus)} if gpus else {}
    pci = {"sandbox.stackctl.dev/pci-10de": "true"} if gpus else {}
    return {"metadata": {"name": "n", "annotations": annotations, "labels": pci | (labels or {})}}


def pod(image: str, *command: str, ready: bool = True, path: str = "", **spec: Any) -> Objects:
    container: Objects = {"name": "c", "image": image, "command": list(command)}
    volumes = []
    if path:
        volumes = [{"name": "plugins", "hostPath": {"path": path}}]
        container["volumeMounts"] = [{"name": "plugins", "mountPath": path}]
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {
        "metadata": {"uid": image + "".join(command)},
        "spec": {"containers": [container], "volumes": volumes} | spec,
        "status": {"phase": "Running", "conditions": conditions},
    }


IMAGE = "mirror.example.com/nvidia/k8s-device-plugin:v0.20.0"
PLUGIN = pod(IMAGE, path=PLUGINS)
DISCOVERY = pod(IMAGE, "gpu-feature-discovery")
MPS = pod(IMAGE, "mps-control-daemon")
WORKER = pod("registry.example.com/nfd/node-feature-discovery:v0.19.0", "/usr/bin/nfd-worker")


def seen(machine: Objects, *pods: Objects, sharing: Sharing | None = None) -> DeviceReport:
    return report(machine, pods, lambda _: sharing or Sharing())


def test_gpus_are_there_while_the_plugin_is():
    """The node's annotation says how many; a node without GPUs has none to offer."""
    assert seen(node(), PLUGIN).resources == {"nvidia.com/gpu": "8"}
    assert seen(node(gpus=0), PLUGIN).resources == {}
    assert seen(node()).resources == {}


@pytest.mark.parametrize(
    "other",
    [
        pod(IMAGE, path=PLUGINS, ready=False),
        pod(IMAGE, path="/var/lib/somewhere-else"),
        pod(IMAGE, "gpu-feature-discovery"),
        pod("nginx:1", path=PLUGINS),
        PLUGIN | {"metadata": {"uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ],
    ids=["not ready", "another folder", "no socket", "another program", "leaving"],
)
def test_what_is_no_plugin_brings_no_gpus(other):
    """A kubelet knows a plugin by its socket in the one folder it looks at."""
    assert seen(node(), other).resources == {}


def test_a_trailing_slash_is_the_same_folder():
    """Paths are compared as paths."""
    assert seen(node(), pod(IMAGE, path=f"{PLUGINS}/")).resources == {"nvidia.com/gpu": "8"}


AMD_PLUGIN = pod("docker.io/rocm/k8s-device-plugin:1.31.0.9", path=PLUGINS)


def made(text: str) -> Objects:
    """Return the first node of a group, as the sandbox makes it."""
    return dict(node_manifests(parse_nodes(text))[0])


def test_gpus_are_there_while_an_operator_would_start_the_plugin():
    """Its Pod is on any node; a plugin that is there itself says more."""
    operator = pod("registry.example.com/nvidia/gpu-operator:v26.7.0", "gpu-operator")
    assert is_gpu_operator(operator)
    assert not is_gpu_operator(pod("registry.example.com/nvidia/gpu-operator:v1", ready=False))
    assert not is_gpu_operator(PLUGIN)
    shared = report(node(), [PLUGIN], lambda _: Sharing("time-slicing", 4), operated=True)
    assert shared.resources == {"nvidia.com/gpu": "32"}
    for machine, resources in ((node(), {"nvidia.com/gpu": "8"}), (node(gpus=0), {})):
        found = report(machine, [], lambda _: Sharing(), operated=True)
        assert found.resources == resources


def test_gpus_of_amd_are_there_while_their_own_plugin_is():
    """The plugin of one maker brings nothing on the nodes of the other."""
    assert seen(made("amd=1x8"), AMD_PLUGIN).resources == {"amd.com/gpu": "8"}
    assert seen(made("amd=1x8"), PLUGIN).resources == {}
    assert seen(made("amd=1x8")).resources == {}
    assert seen(made("gpu=1x8"), AMD_PLUGIN, sharing=Sharing()).resources != {"amd.com/gpu": "8"}


def test_tpus_come_with_their_node():
    """Nothing is installed for them."""
    assert seen(made("tpu=1x4")).resources == {"google.com/tpu": "4"}
    assert seen(made("tpu=1x4"), PLUGIN, AMD_PLUGIN, DISCOVERY).labels == {}


def test_the_feature_worker_tells_the_makers_apart():
    """By their numbers on the PCI bus."""
    found = seen(made("amd=1x8"), WORKER).labels
    assert found == {"feature.node.kubernetes.io/pci-1002.present": "true"}


CARDS = {
    "mig-configs": {
        "small": [
            {"device-filter": ["0x20B010DE"], "mig-enabled": True, "mig-devices": {"1g.5gb": 7}},
            {"device-filter": ["0x233010DE"], "mig-enabled": True, "mig-devices": {"1g.10gb": 7}},
        ],
        "mixed": [{"mig-enabled": True, "mig-devices": {"1g.10gb": 2, "3g.40gb": 1}}],
        "whole": [{"devices": "all", "mig-enabled": False}],
    }
}


@pytest.mark.parametrize(
    ("wanted", "card", "expected"),
    [
        ("", "", Layout()),
        ("small", "", Layout({"1g.10gb": 7}, "success")),
        ("small", "0x20B010DE", Layout({"1g.5gb": 7}, "success")),
        ("small", "0x999910DE", Layout({}, "success")),
        ("whole", "", Layout({}, "success")),
        ("unheard-of", "", Layout({}, "failed")),
    ],
)
def test_a_layout_is_what_its_name_means_for_the_card(wanted, card, expected):
    """One name fits every card that the file knows; a card it does not know stays whole."""
    machine = node(labels={LAYOUT_LABEL: wanted} if wanted else {})
    if card:
        machine["metadata"]["annotations"]["sandbox.stackctl.dev/gpu-device"] = card
    assert layout_in(CARDS, machine) == expected


MANAGER = pod("nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.15.0")


def strategic(strategy: str) -> Objects:
    """Make a plugin that is told how to offer instances."""
    plugin = pod(IMAGE, path=PLUGINS)
    plugin["spec"]["containers"][0]["env"] = [{"name": "MIG_STRATEGY", "value": strategy}]
    return plugin


@pytest.mark.parametrize(
    ("strategy", "layout", "resources"),
    [
        ("none", {"1g.10gb": 7}, {"nvidia.com/gpu": "8"}),
        ("single", {"1g.10gb": 7}, {"nvidia.com/gpu": "56"}),
        ("mixed", {"1g.10gb": 7}, {"nvidia.com/mig-1g.10gb": "56"}),
        ("mixed", {"1g.10gb": 2, "3g.40gb": 1},
         {"nvidia.com/mig-1g.10gb": "16", "nvidia.com/mig-3g.40gb": "8"}),
        ("single", {"1g.10gb": 2, "3g.40gb": 1}, {}),
        ("single", {}, {"nvidia.com/gpu": "8"}),
    ],
)  # fmt: skip
def test_instances_are_offered_as_the_plugin_is_told(strategy, layout, resources):
    """As GPUs where all are alike, by profile where they may differ; those that differ fail it."""
    pods = (MANAGER, strategic(strategy))
    found = report(node(), pods, lambda _: Sharing(), lambda _: Layout(layout, "success"))
    assert found.resources == resources
    assert found.labels["nvidia.com/mig.config.state"] == "success"


RULE = {
    "spec": {
        "rules": [
            {
                "name": "layout",
                "labels": {LAYOUT_LABEL: "small"},
                "matchFeatures": [
                    {
                        "feature": "pci.device",
                        "matchExpressions": {
                            "vendor": {"op": "In", "value": ["10de"]},
                            "class": {"op": "In", "value": ["0300", "0302"]},
                        },
                    },
                    {
                        "feature": "system.name",
                        "matchExpressions": {"nodename": {"op": "NotIn", "value": ["gpu-1"]}},
                    },
                ],
            }
        ]
    }
}


def test_rules_label_nodes_that_have_all_they_ask_for():
    """A device of the maker's, and a name that is not left out."""
    nodes = node_manifests(parse_nodes("gpu=2x8,amd=1x8,cpu=1"))
    labelled = [each["metadata"]["name"] for each in nodes if labels_by([RULE], dict(each))]
    assert labelled == ["gpu-0"]


def test_sharing_multiplies_and_may_rename():
    """Replicas of eight GPUs are offered as that many times eight."""
    sliced = Sharing("time-slicing", 4)
    assert seen(node(), PLUGIN, sharing=sliced).resources == {"nvidia.com/gpu": "32"}
    renamed = Sharing("time-slicing", 2, renamed=True)
    assert seen(node(), PLUGIN, sharing=renamed).resources == {"nvidia.com/gpu.shared": "16"}


def test_mps_needs_its_daemon_on_the_node():
    """The plugin registers nothing until the control daemon answers."""
    mps = Sharing("mps", 4)
    assert seen(node(), PLUGIN, sharing=mps).resources == {}
    assert seen(node(), PLUGIN, MPS, sharing=mps).resources == {"nvidia.com/gpu": "32"}


def test_the_feature_worker_finds_the_pci_device():
    """The label appears on nodes with an NVIDIA device only."""
    label = {"feature.node.kubernetes.io/pci-10de.present": "true"}
    assert seen(node(), WORKER).labels == label
    assert seen(node(gpus=0), WORKER).labels == {}


def test_gpu_discovery_describes_the_gpus():
    """Product, count and sharing come from the node and the plugin's configuration."""
    machine = node()
    labels = seen(machine, DISCOVERY).labels
    assert labels["nvidia.com/gpu.present"] == "true"
    assert labels["nvidia.com/gpu.count"] == "8"
    assert labels["nvidia.com/gpu.product"] == "NVIDIA-H100-80GB-HBM3"
    assert labels["nvidia.com/mps.capable"] == "false"
    machine["metadata"]["annotations"]["sandbox.stackctl.dev/gpu-product"] = "NVIDIA-A100"
    shared = seen(machine, DISCOVERY, sharing=Sharing("mps", 4)).labels
    assert shared["nvidia.com/gpu.product"] == "NVIDIA-A100-SHARED"
    assert shared["nvidia.com/gpu.replicas"] == "4"
    assert shared["nvidia.com/mps.capable"] == "true"


def mounted(items: list[dict[str, str]] | None = None) -> Objects:
    container = {
        "name": "c",
        "image": IMAGE,
        "env": [{"name": "CONFIG_FILE", "value": "/config/config.yaml"}],
        "volumeMounts": [{"name": "config", "mountPath": "/config"}],
    }
    source = {"name": "plugin-config"} | ({"items": items} if items else {})
    return {
        "spec": {"containers": [container], "volumes": [{"name": "config", "configMap": source}]}
    }


def test_a_mounted_configuration_is_found_by_its_path():
    """The file's name is the key, unless the volume gives it another name."""
    assert config_source(mounted(), node()) == ConfigSource("plugin-config", "config.yaml")
    renamed = mounted([{"key": "shared", "path": "config.yaml"}])
    assert config_source(renamed, node()) == ConfigSource("plugin-config", "shared")


def test_a_managed_configuration_is_picked_by_the_node():
    """The config-manager takes the key that the node's label names, or else its default."""
    manager = {
        "name": "init",
        "image": IMAGE,
        "env": [
            {"name": "CONFIG_FILE_SRCDIR", "value": "/available-configs"},
            {"name": "CONFIG_FILE_DST", "value": "/config/config.yaml"},
            {"name": "DEFAULT_CONFIG", "value": "whole"},
        ],
        "volumeMounts": [{"name": "available", "mountPath": "/available-configs"}],
    }
    plugin = {"name": "c", "image": IMAGE, "volumeMounts": []}
    volumes = [{"name": "available", "configMap": {"name": "configs"}}]
    managed = {"spec": {"containers": [plugin], "initContainers": [manager], "volumes": volumes}}
    assert config_source(managed, node()) == ConfigSource("configs", "whole")
    picked = node(labels={"nvidia.com/device-plugin.config": "shared"})
    assert config_source(managed, picked) == ConfigSource("configs", "shared")


def test_a_plugin_without_configuration_has_no_source():
    """Nothing is read for it."""
    assert config_source(PLUGIN, node()) is None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, Sharing()),
        ("text", Sharing()),
        ({"version": "v1", "sharing": None}, Sharing()),
        (
            {
                "sharing": {
                    "timeSlicing": {"resources": [{"name": "nvidia.com/gpu", "replicas": 4}]}
                }
            },
            Sharing("time-slicing", 4),
        ),
        (
            {
                "sharing": {
                    "mps": {"renameByDefault": True, "resources": [{"name": "gpu", "replicas": 2}]}
                }
            },
            Sharing("mps", 2, renamed=True),
        ),
        (
            {"sharing": {"timeSlicing": {"resources": [{"name": "other", "replicas": 4}]}}},
            Sharing(),
        ),
        ({"sharing": {"timeSlicing": {"resources": []}}}, Sharing()),
    ],
)
def test_sharing_is_read_from_the_configuration(config, expected):
    """What says nothing about nvidia.com/gpu shares nothing."""
    assert sharing_in(config) == expected
