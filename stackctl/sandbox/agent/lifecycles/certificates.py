"""Issuers of cert-manager; what it issues is made in `simulation.certificates`."""

from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    READY,
    Lifecycle,
    Operator,
    conditions_of,
    ready_state,
)

CERT_MANAGER = Operator("cert-manager", "cert-manager-controller", namespace_flag="--namespace")
CA_INJECTOR = Operator("cainjector", "cert-manager-cainjector")


def _describe_issuer(issuer: Manifest, _state: str, now: str) -> Manifest:
    reason = "KeyPairVerified" if "ca" in issuer["spec"] else "IsReady"
    return {"conditions": conditions_of(issuer, now, reason=reason, observed=True)}


LIFECYCLES: tuple[Lifecycle, ...] = (
    Lifecycle("cert-manager.io", "Issuer", CERT_MANAGER, READY, ready_state, _describe_issuer),
    Lifecycle(
        "cert-manager.io", "ClusterIssuer", CERT_MANAGER, READY, ready_state, _describe_issuer
    ),
)
