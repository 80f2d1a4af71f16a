"""In which steps a component's objects are applied."""

from typing import Any

from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.compose.stages import stages


def thing(kind: str, api: str = "v1", **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": kind.lower()}, **rest}


WEBHOOK = thing(
    "ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1",
    webhooks=[{"name": "w", "rules": [{"apiGroups": ["e.dev"], "resources": ["runtimes"]}]}],
)


def order(*objects: dict[str, Any]) -> list[list[str]]:
    part = BundleComponent("a", "1", "ml", objects)
    return [[each["kind"] for each in stage.objects] for stage in stages(part)]


def definition(group: str, kind: str) -> dict[str, Any]:
    spec = {"group": group, "names": {"kind": kind}, "scope": "Namespaced"}
    return thing("CustomResourceDefinition", "apiextensions.k8s.io/v1", spec=spec)


def test_kinds_are_applied_in_a_fixed_order():
    """Definitions first, identities before what uses them, webhooks after the workloads."""
    assert order(
        WEBHOOK,
        thing("Deployment", "apps/v1"),
        thing("RoleBinding", "rbac.authorization.k8s.io/v1"),
        thing("Role", "rbac.authorization.k8s.io/v1"),
        thing("Service"),
        thing("ConfigMap"),
        definition("e.dev", "Runtime"),
        thing("Namespace"),
    ) == [
        ["Namespace"],
        ["CustomResourceDefinition"],
        ["Role"],
        ["RoleBinding", "Service", "ConfigMap"],
        ["Deployment"],
        ["ValidatingWebhookConfiguration"],
    ]


def test_definitions_must_be_established_before_anything_else():
    """Their stage says what has to be waited for."""
    part = BundleComponent("a", "1", "ml", (definition("e.dev", "Runtime"),))
    assert stages(part)[0].establishes == "CustomResourceDefinition"


def test_own_resources_wait_for_their_webhook_and_others_do_not():
    """A Certificate becomes a Secret that a workload mounts; a Runtime is looked at by it."""
    part = BundleComponent(
        "a",
        "1",
        "ml",
        (
            definition("e.dev", "Runtime"),
            thing("Runtime", "e.dev/v1"),
            thing("Certificate", "cert-manager.io/v1"),
            thing("Deployment", "apps/v1"),
            WEBHOOK,
        ),
    )
    found = [(stage.objects[0]["kind"], stage.after_ready) for stage in stages(part)]
    assert found == [
        ("CustomResourceDefinition", False),
        ("Certificate", False),
        ("Deployment", False),
        ("ValidatingWebhookConfiguration", False),
        ("Runtime", True),
    ]


def test_without_a_webhook_own_resources_wait_for_nobody():
    """Nothing has to answer first."""
    part = BundleComponent(
        "a", "1", "ml", (definition("e.dev", "Runtime"), thing("Runtime", "e.dev/v1"))
    )
    assert not any(stage.after_ready for stage in stages(part))
