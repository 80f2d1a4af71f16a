"""Policies by which operators make nodes offer GPUs and network cards.

What the GPU operator would start on each node is not made; `simulation.devices` knows it for what
brings their GPUs.
"""

from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    Lifecycle,
    LifecycleStep,
    Operator,
    conditions_of,
    status_of,
)

GPU_OPERATOR = Operator("gpu-operator", "/gpu-operator")
NETWORK_OPERATOR = Operator("network-operator", "/network-operator")

_STEPS = (LifecycleStep("notReady", 0.3), LifecycleStep("ready", 1.5))


def _state(policy: Manifest) -> str:
    return str(status_of(policy).get("state") or "")


def _describe_gpus(policy: Manifest, state: str, now: str) -> Manifest:
    ready = state == "ready"
    reason = "Reconciled" if ready else "OperandNotReady"
    return {"state": state, "conditions": conditions_of(policy, now, ready=ready, reason=reason)}


def _describe_network(_policy: Manifest, state: str, _now: str) -> Manifest:
    return {"state": state}


LIFECYCLES: tuple[Lifecycle, ...] = (
    Lifecycle("nvidia.com", "ClusterPolicy", GPU_OPERATOR, _STEPS, _state, _describe_gpus),
    *(
        Lifecycle("mellanox.com", kind, NETWORK_OPERATOR, _STEPS, _state, _describe_network)
        for kind in ("NicClusterPolicy", "NicNodePolicy")
    ),
)
