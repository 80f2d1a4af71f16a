"""Which resources and labels a node has, given the Pods that run on it.

Pure. What real plugins find by looking at the machine is told by the node's annotations here; who
is a plugin is told by what a kubelet sees of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from stackctl.model.objects.conditions import holds
from stackctl.model.objects.refs import Manifest, annotations_of, labels_of
from stackctl.model.readiness.accelerators import NVIDIA as GPU
from stackctl.model.readiness.accelerators import TPU
from stackctl.sandbox.agent.lifecycles.accelerators import GPU_OPERATOR
from stackctl.sandbox.agent.lifecycles.lifecycle import is_operator, words_of
from stackctl.sandbox.agent.simulation.mig import STATE_LABEL, Layout
from stackctl.sandbox.plane.nodes import AMD_LABEL, NVIDIA_LABEL, gpus_of, resource_of

PRODUCT_ANNOTATION = "sandbox.stackctl.dev/gpu-product"
CONFIG_LABEL = "nvidia.com/device-plugin.config"  # picks a node's configuration
PLUGINS_FOLDER = PurePosixPath("/var/lib/kubelet/device-plugins")

_PRODUCT = "NVIDIA-H100-80GB-HBM3"
_MEMORY_MIB = "81559"
_PLUGIN_IMAGE = "k8s-device-plugin"
_AMD_IMAGE = "rocm/k8s-device-plugin"
_MIG_IMAGE = "k8s-mig-manager"
_NFD_IMAGE = "node-feature-discovery"


@dataclass(frozen=True, slots=True)
class Sharing:
    """How Pods share a GPU."""

    strategy: str = "none"  # none | time-slicing | mps
    replicas: int = 1
    renamed: bool = False


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What a node should say of itself, beyond what it has without us."""

    resources: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def report(
    node: Manifest,
    pods: Iterable[Manifest],
    sharing_of: Callable[[Manifest], Sharing],
    layout_of: Callable[[Manifest], Layout] = lambda _: Layout(),
    *,
    operated: bool = False,
) -> DeviceReport:
    """Describe a node by the Pods on it that run.

    Where it is `operated`, an operator would start the plugin there: whole GPUs are offered.
    """
    running = [pod for pod in pods if is_ready(pod)]
    labels = _found_by_worker(node) if any(map(_is_feature_worker, running)) else {}
    gpus = gpus_of(node)
    if not gpus:
        return DeviceReport({}, labels)
    if (resource := resource_of(node)) != GPU:
        brought = resource == TPU or any(map(_is_amd_plugin, running))
        return DeviceReport({resource: str(gpus)} if brought else {}, labels)
    manager = next(filter(_is_mig_manager, running), None)
    layout = layout_of(manager) if manager else Layout()
    if layout.state:
        labels[STATE_LABEL] = layout.state
    if discovery := next(filter(_is_gpu_discovery, running), None):
        labels |= _gpu_labels(node, _Devices(gpus, sharing_of(discovery), layout))
    plugin = next(filter(_is_device_plugin, running), None)
    if plugin is None:
        return DeviceReport({GPU: str(gpus)} if operated else {}, labels)
    offered = _resources(_Devices(gpus, sharing_of(plugin), layout), _mig_strategy(plugin), running)
    return DeviceReport(offered, labels)


@dataclass(frozen=True, slots=True)
class _Devices:
    """What a node has, and how it is divided."""

    gpus: int
    sharing: Sharing
    layout: Layout


def _found_by_worker(node: Manifest) -> dict[str, str]:
    """Return the labels by which makers of devices are told."""
    makers = ((NVIDIA_LABEL, "10de"), (AMD_LABEL, "1002"))
    labels = labels_of(node)
    return {
        f"feature.node.kubernetes.io/pci-{maker}.present": "true"
        for label, maker in makers
        if labels.get(label)
    }


def is_ready(pod: Manifest) -> bool:
    """Return whether a Pod runs, is ready and is to stay."""
    staying = "deletionTimestamp" not in pod["metadata"]
    return staying and pod.get("status", {}).get("phase") == "Running" and holds(pod, "Ready")


def _resources(devices: _Devices, mig: str, running: Iterable[Manifest]) -> dict[str, str]:
    gpus, sharing, layout = devices.gpus, devices.sharing, devices.layout
    if sharing.strategy == "mps" and not any(map(_is_mps_daemon, running)):
        return {}  # the plugin waits for the daemon
    if mig == "mixed" and layout.each:
        return {f"nvidia.com/mig-{name}": str(gpus * n) for name, n in layout.instances.items()}
    if mig == "single" and len(layout.instances) > 1:
        return {}  # the plugin fails: instances that differ are not one resource
    each = layout.each if mig == "single" and layout.each else 1
    name = f"{GPU}.shared" if sharing.renamed else GPU
    return {name: str(gpus * each * sharing.replicas)}


def _mig_strategy(plugin: Manifest) -> str:
    told = (environment_of(each).get("MIG_STRATEGY") for each in plugin["spec"]["containers"])
    return next(filter(None, told), "none")


def _gpu_labels(node: Manifest, devices: _Devices) -> dict[str, str]:
    product = annotations_of(node).get(PRODUCT_ANNOTATION) or _PRODUCT
    gpus, sharing = devices.gpus, devices.sharing
    shared = sharing.strategy != "none"
    return {
        f"{GPU}.present": "true",
        f"{GPU}.count": str(gpus),
        f"{GPU}.product": f"{product}-SHARED" if shared and not sharing.renamed else product,
        f"{GPU}.memory": _MEMORY_MIB,
        f"{GPU}.replicas": str(sharing.replicas),
        f"{GPU}.sharing-strategy": sharing.strategy,
        f"{GPU}.machine": "simulated",
        "nvidia.com/mps.capable": "true" if sharing.strategy == "mps" else "false",
        "nvidia.com/mig.capable": "true" if devices.layout.state else "false",
    }


def _is_device_plugin(pod: Manifest) -> bool:
    """Recognise a Pod with a socket in the folder where kubelets look for plugins."""
    folders = {
        volume["name"]
        for volume in pod["spec"].get("volumes") or ()
        if PurePosixPath((volume.get("hostPath") or {}).get("path", "")) == PLUGINS_FOLDER
    }
    return any(
        _PLUGIN_IMAGE in container["image"] and folders & _mounted(container)
        for container in pod["spec"]["containers"]
    )


def _is_amd_plugin(pod: Manifest) -> bool:
    images = [container["image"] for container in pod["spec"]["containers"]]
    return _is_device_plugin(pod) and any(_AMD_IMAGE in image for image in images)


def _is_mig_manager(pod: Manifest) -> bool:
    return any(_MIG_IMAGE in container["image"] for container in pod["spec"]["containers"])


def is_gpu_operator(pod: Manifest) -> bool:
    """Recognise the program that starts a plugin on each node with GPUs."""
    return is_ready(pod) and is_operator(GPU_OPERATOR, pod)


def is_feature_master(pod: Manifest) -> bool:
    """Recognise the program that gives nodes their labels by rules."""
    return is_ready(pod) and _runs(pod, _NFD_IMAGE, "nfd-master")


def _is_gpu_discovery(pod: Manifest) -> bool:
    return _runs(pod, _PLUGIN_IMAGE, "gpu-feature-discovery") or any(
        "gpu-feature-discovery" in container["image"] for container in pod["spec"]["containers"]
    )


def _is_mps_daemon(pod: Manifest) -> bool:
    return _runs(pod, _PLUGIN_IMAGE, "mps-control-daemon")


def _is_feature_worker(pod: Manifest) -> bool:
    return _runs(pod, _NFD_IMAGE, "nfd-worker")


def _runs(pod: Manifest, image: str, program: str) -> bool:
    """Tell whether a container of an image has a program among the words of its command line."""
    return any(
        image in container["image"]
        and any(word.rpartition("/")[2] == program for word in words_of(container))
        for container in pod["spec"]["containers"]
    )


def _mounted(container: Manifest) -> set[str]:
    return {mount["name"] for mount in container.get("volumeMounts") or ()}


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """The ConfigMap a plugin is configured by, and which of its keys; empty for the only one."""

    name: str
    key: str = ""


def config_source(pod: Manifest, node: Manifest) -> ConfigSource | None:
    """Find a plugin's configuration file, mounted or laid out by its config-manager."""
    maps = {
        volume["name"]: volume["configMap"]
        for volume in pod["spec"].get("volumes") or ()
        if "configMap" in volume
    }
    for container in _all_containers(pod):
        for path in _config_paths(container):
            for mount in container.get("volumeMounts") or ():
                if mount["name"] in maps and path.is_relative_to(mount["mountPath"]):
                    return _mounted_source(maps[mount["name"]], path.name)
    managed = labels_of(node).get(CONFIG_LABEL)
    for container in _all_containers(pod):
        environment = environment_of(container)
        for mount in container.get("volumeMounts") or ():
            if mount["name"] in maps and "CONFIG_FILE_SRCDIR" in environment:
                key = managed or environment.get("DEFAULT_CONFIG", "")
                return ConfigSource(maps[mount["name"]]["name"], key)
    return None


def _mounted_source(volume: Manifest, file: str) -> ConfigSource:
    keys = {item["path"]: item["key"] for item in volume.get("items") or ()}
    return ConfigSource(volume["name"], keys.get(file, file))


def _config_paths(container: Manifest) -> Iterator[PurePosixPath]:
    words = words_of(container)
    flags = [word.partition("=")[2] for word in words if word.startswith("--config-file=")]
    variable = environment_of(container).get("CONFIG_FILE", "")
    return (PurePosixPath(path) for path in (*flags, variable) if path)


def _all_containers(pod: Manifest) -> Iterator[Manifest]:
    yield from pod["spec"]["containers"]
    yield from pod["spec"].get("initContainers") or ()


def environment_of(container: Manifest) -> dict[str, str]:
    """Return a container's plain environment variables."""
    return {
        entry["name"]: entry["value"] for entry in container.get("env") or () if "value" in entry
    }


def sharing_in(config: Any) -> Sharing:
    """Read how GPUs are shared from a plugin's configuration document."""
    sharing = config.get("sharing") if isinstance(config, dict) else None
    for key, strategy in (("mps", "mps"), ("timeSlicing", "time-slicing")):
        shared = sharing.get(key) if isinstance(sharing, dict) else None
        if isinstance(shared, dict) and (replicas := _replicas(shared)) > 1:
            return Sharing(strategy, replicas, shared.get("renameByDefault") is True)
    return Sharing()


def _replicas(strategy: Manifest) -> int:
    for resource in strategy.get("resources") or ():
        if resource.get("name") in (GPU, "gpu") and isinstance(resource.get("replicas"), int):
            return int(resource["replicas"])
    return 1
