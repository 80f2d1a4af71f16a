"""What a chart makes up anew at each rendering keeps its live value, and what says the same too."""

import base64
from typing import Any

import pytest

from stackctl.model.charts.generated import Unstable, differing, settled, shown
from stackctl.model.charts.rendered import Fields
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Manifest, ref_of


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(**data: str) -> Manifest:
    content = {key: coded(text) for key, text in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _meta("s"), "data": content}


def hook(bundle: str) -> Manifest:
    config = {"caBundle": coded(bundle), "url": "https://x"}
    api = "admissionregistration.k8s.io/v1"
    webhooks = [{"name": "w", "clientConfig": config}]
    metadata = {"name": "h"}
    kind = "ValidatingWebhookConfiguration"
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "webhooks": webhooks}


def config(**data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta("c"), "data": data}


def _meta(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "ml"}


def kept(
    first: list[Manifest], second: list[Manifest], live: list[Manifest]
) -> dict[str, Manifest]:
    """Render twice, look, and return what is to be applied by kind."""
    fields: dict[str, Fields] = {"a": differing(first, second)}
    bundle = Bundle("p", (BundleComponent("a", "1", "ml", tuple(first)),))
    found = settled(bundle, fields, {ref_of(each): each for each in live})
    return {each["kind"]: each for each in found.manifests}


def test_what_differs_is_named():
    """By object and field."""
    found = differing([secret(a="1", b="x"), config(k="v")], [secret(a="2", b="x"), config(k="v")])
    assert shown(found) == ["Secret/s: data.a"]


def test_a_live_password_stays():
    """And nothing else of the object does."""
    found = kept([secret(p="new", user="u2")], [secret(p="newer", user="u2")], [secret(p="old")])
    assert found["Secret"] == secret(p="old", user="u2")


def test_without_a_live_one_it_is_what_was_drawn():
    """At the first deploy."""
    assert kept([secret(p="new")], [secret(p="newer")], [])["Secret"] == secret(p="new")


def test_what_says_the_same_follows_the_secret():
    """A certificate and the bundle that trusts it belong together, in base64 and as it is."""
    first = [secret(ca="new"), hook("new"), config(ca="new")]
    second = [secret(ca="newer"), hook("newer"), config(ca="newer")]
    found = kept(first, second, [secret(ca="old")])
    assert found["ValidatingWebhookConfiguration"] == hook("old")
    assert found["ConfigMap"] == config(ca="old")


def test_what_trusts_a_lost_certificate_trusts_the_new_one():
    """A live bundle of a Secret that is gone would trust nobody."""
    first, second = [secret(ca="new"), hook("new")], [secret(ca="newer"), hook("newer")]
    found = kept(first, second, [hook("old")])
    assert found["ValidatingWebhookConfiguration"] == hook("new")
    assert found["Secret"] == secret(ca="new")


def test_a_checksum_of_what_is_kept_is_kept():
    """Pods are not replaced for nothing; of something new, they are."""
    first, second = [secret(p="n"), config(sum="1")], [secret(p="m"), config(sum="2")]
    assert kept(first, second, [secret(p="o"), config(sum="0")])["ConfigMap"] == config(sum="0")
    assert kept(first, second, [config(sum="0")])["ConfigMap"] == config(sum="1")


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (config(), secret(), "ConfigMap/c is called something else"),
        (config(a="1"), config(b="1"), "ConfigMap/c: data has another shape"),
    ],
)
def test_what_cannot_be_compared_is_refused(first: Manifest, second: Manifest, what: str):
    """There is no field that could be kept."""
    with pytest.raises(Unstable, match=what):
        differing([first], [second])
