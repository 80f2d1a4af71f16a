"""Which CA bundles the agent fills in."""

from typing import Any

import pytest

from stackctl.sandbox.agent.simulation.injector import injections

NONE: frozenset[str] = frozenset()


def webhooks(*bundles: str | None) -> dict[str, Any]:
    def webhook(bundle: str | None) -> dict[str, Any]:
        config = {"service": {"namespace": "ml", "name": "guard"}}
        return {"clientConfig": config if bundle is None else config | {"caBundle": bundle}}

    kind = "ValidatingWebhookConfiguration"
    return {"kind": kind, "metadata": {"name": "w"}, "webhooks": [webhook(b) for b in bundles]}


def add(path: str, value: str = "CA") -> dict[str, str]:
    return {"op": "add", "path": path, "value": value}


def test_empty_bundles_are_filled_and_others_kept():
    """An absent bundle, an empty one and a lone line feed are all empty."""
    found = injections(webhooks(None, "", "Cg==", "OTHER", "CA"), "CA", NONE, NONE)
    assert found == [add(f"/webhooks/{index}/clientConfig/caBundle") for index in range(3)]


def test_registered_processes_fill_their_own():
    """A real operator under test hands out its own certificate."""
    assert injections(webhooks(None), "CA", frozenset({"ml/guard"}), NONE) == []
    assert injections(webhooks(None), "CA", frozenset({"ml/other"}), NONE) != []


def test_bundles_of_processes_that_are_gone_are_replaced():
    """Otherwise the responder that answers in their place would not be trusted."""
    orphaned = frozenset({"ml/guard"})
    assert injections(webhooks("OTHER"), "CA", NONE, orphaned) == [
        add("/webhooks/0/clientConfig/caBundle")
    ]
    assert injections(webhooks("CA"), "CA", NONE, orphaned) == []


def test_a_wrong_bundle_is_mended_where_a_cainjector_is_asked_for_that():
    """By annotation, and while one runs; a right one is left as it is."""
    asking = webhooks("OTHER", "CA")
    asking["metadata"]["annotations"] = {"cert-manager.io/inject-ca-from": "ml/serving"}
    mended = [add("/webhooks/0/clientConfig/caBundle")]
    assert injections(asking, "CA", NONE, NONE, mending=True) == mended
    assert injections(asking, "CA", NONE, NONE) == []
    assert injections(webhooks("OTHER"), "CA", NONE, NONE, mending=True) == []
    assert injections(asking, "CA", frozenset({"ml/guard"}), NONE, mending=True) == []


def test_webhooks_at_an_address_are_left_alone():
    """Only Services are simulated."""
    manifest = webhooks(None)
    manifest["webhooks"][0]["clientConfig"] = {"url": "https://127.0.0.1:9443"}
    assert injections(manifest, "CA", NONE, NONE) == []


CONVERTED = {
    "kind": "CustomResourceDefinition",
    "spec": {
        "conversion": {
            "webhook": {"clientConfig": {"service": {"namespace": "ml", "name": "guard"}}}
        }
    },
}
AGGREGATED: dict[str, Any] = {
    "kind": "APIService",
    "spec": {"service": {"namespace": "ml", "name": "guard", "port": 443}},
}


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (CONVERTED, [add("/spec/conversion/webhook/clientConfig/caBundle")]),
        ({"kind": "CustomResourceDefinition", "spec": {"conversion": {"strategy": "None"}}}, []),
        (AGGREGATED, [add("/spec/caBundle")]),
        ({"kind": "APIService", "spec": AGGREGATED["spec"] | {"insecureSkipTLSVerify": True}}, []),
        ({"kind": "APIService", "spec": {"group": "apps"}}, []),
    ],
    ids=["conversion", "no conversion", "aggregated", "unverified", "built in"],
)
def test_conversions_and_aggregated_apis(manifest, expected):
    """Whatever names a Service to call gets the bundle, unless no certificate is checked."""
    assert injections(manifest, "CA", NONE, NONE) == expected
