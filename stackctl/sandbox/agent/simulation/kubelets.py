"""Makes nodes report the devices and labels that the Pods on them bring.

What those are is decided in `devices`; this module reads, writes and waits.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from stackctl.api.client import Client
from stackctl.errors import ClusterError
from stackctl.model.objects.kinds import DEFINITION
from stackctl.model.objects.refs import Manifest, labels_of
from stackctl.sandbox.agent.log import Log
from stackctl.sandbox.agent.mirror import NODES, PODS, Mirror
from stackctl.sandbox.agent.simulation.devices import (
    DeviceReport,
    Sharing,
    config_source,
    is_feature_master,
    is_gpu_operator,
    report,
    sharing_in,
)
from stackctl.sandbox.agent.simulation.mig import Layout, layout_in
from stackctl.sandbox.agent.simulation.node_rules import RULES, labels_by
from stackctl.sandbox.agent.simulation.operators import served_kinds
from stackctl.sandbox.agent.writes import MANAGER

_IDLE_SECONDS = 60.0
_LOOK_SECONDS = 0.5
# Labels outlive the Pod that is replaced by another one, as they do where their owner is the
# DaemonSet: without them the Pods of other DaemonSets would be evicted in between.
_LABELS_LINGER_SECONDS = 3.0

_NODES = "/api/v1/nodes"


class Kubelets:
    """All nodes' kubelets, as far as devices go."""

    def __init__(
        self,
        client: Client,
        mirror: Mirror,
        log: Log,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._mirror = mirror
        self._log = log
        self._now = now
        self._wakeup = mirror.wakeup(PODS, NODES, DEFINITION, RULES)
        self._applied: dict[str, DeviceReport] = {}  # by node uid
        self._leaving: dict[str, float] = {}  # node uid → since when its labels have no source
        self._sharing: dict[str, Sharing] = {}  # by Pod uid: plugins read it once, at their start

    def run(self) -> None:
        """Work until the agent ends."""
        while not self._wakeup.wait(
            _LOOK_SECONDS if self._leaving else _IDLE_SECONDS, self._mirror.stop
        ):
            if not self._mirror.missing((PODS, NODES)):
                self._look()

    def _look(self) -> None:
        self._follow_rules()
        pods = self._mirror.all(PODS)
        ruled = self._mirror.all(RULES) if any(map(is_feature_master, pods)) else ()
        alive = {pod["metadata"]["uid"] for pod in pods}
        self._sharing = {uid: known for uid, known in self._sharing.items() if uid in alive}
        operated = any(map(is_gpu_operator, pods))
        by_node = defaultdict(list)
        for pod in pods:
            by_node[pod["spec"].get("nodeName")].append(pod)
        for node in self._mirror.all(NODES):
            here = by_node[node["metadata"]["name"]]
            try:
                shares, layout = partial(self._shares, node), partial(self._layout, node)
                found = report(node, here, shares, layout, operated=operated)
                labels = {**found.labels, **labels_by(ruled, node)}
                self._tell(node, DeviceReport(found.resources, labels))
            except ClusterError as error:
                self._log(f"node {node['metadata']['name']}: {error}")
                self._wakeup.ring()

    def _follow_rules(self) -> None:
        """Copy the rules by which nodes get labels, from when there can be any."""
        resource = next(
            (
                each
                for each in served_kinds(self._mirror.all(DEFINITION))
                if each.group_kind == RULES
            ),
            None,
        )
        if resource != self._mirror.resource(RULES):
            self._mirror.forget(RULES)
            if resource:
                self._mirror.follow(resource)

    def _tell(self, node: Manifest, wanted: DeviceReport) -> None:
        uid, name = node["metadata"]["uid"], node["metadata"]["name"]
        before = self._applied.get(uid)
        known = before or DeviceReport()
        wanted = DeviceReport(wanted.resources, self._lingering(uid, known.labels, wanted.labels))
        path = f"{_NODES}/{name}"
        if before is None or wanted.labels != known.labels or not _has(node, wanted.labels):
            metadata = {"name": name, "labels": dict(wanted.labels)}
            self._apply(path, {"metadata": metadata})
        if before is None or wanted.resources != known.resources or _lacks(node, wanted.resources):
            both = {"capacity": dict(wanted.resources), "allocatable": dict(wanted.resources)}
            self._apply(f"{path}/status", {"metadata": {"name": name}, "status": both})
        self._applied[uid] = wanted
        if wanted != known:
            self._log(f"node {name}: {dict(wanted.resources)}, {len(wanted.labels)} labels")

    def _apply(self, path: str, part: Manifest) -> None:
        manifest = {"apiVersion": "v1", "kind": "Node"} | part
        self._client.apply(path, manifest, manager=MANAGER, force=True)

    def _lingering(
        self, uid: str, known: Mapping[str, str], wanted: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Keep labels that have just lost their source."""
        lost = {key: value for key, value in known.items() if key not in wanted}
        since = self._leaving.setdefault(uid, self._now()) if lost else 0.0
        if lost and self._now() - since < _LABELS_LINGER_SECONDS:
            return {**lost, **wanted}
        self._leaving.pop(uid, None)
        return wanted

    def _shares(self, node: Manifest, pod: Manifest) -> Sharing:
        uid = pod["metadata"]["uid"]
        if uid not in self._sharing:
            self._sharing[uid] = sharing_in(self._read_config(pod, node))
        return self._sharing[uid]

    def _layout(self, node: Manifest, pod: Manifest) -> Layout:
        return layout_in(self._read_config(pod, node), node)

    def _read_config(self, pod: Manifest, node: Manifest) -> Any:
        source = config_source(pod, node)
        if source is None:
            return None
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/configmaps/{source.name}"
        entries = (self._client.get(path) or {}).get("data") or {}
        text = entries.get(source.key) if source.key else next(iter(entries.values()), None)
        return _parse(text) if text else None


def _parse(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _has(node: Manifest, labels: Mapping[str, str]) -> bool:
    return labels.items() <= labels_of(node).items()


def _lacks(node: Manifest, resources: Mapping[str, str]) -> bool:
    status = node.get("status") or {}
    fields = (status.get("capacity") or {}, status.get("allocatable") or {})
    return not all(resources.items() <= entries.items() for entries in fields)
