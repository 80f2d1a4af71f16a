"""Which webhooks go by another certificate than the others of their Service."""

import base64

from stackctl.model.objects.refs import Ref
from stackctl.model.readiness.serving import WebhookTrust, at_odds

HOOKS = Ref("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "", "guard")


def trust(name: str, *authorities: str, service: str = "server") -> WebhookTrust:
    """Make a webhook that knows what answers it by these certificates."""
    marks = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    text = "".join(f"{marks[0]}\n{each}\n{marks[1]}\n" for each in authorities)
    bundle = base64.b64encode(text.encode()).decode() if authorities else ""
    return WebhookTrust(HOOKS, name, Ref("", "Service", "ml", service), bundle, injected=False)


def odd(*trusts: WebhookTrust) -> list[tuple[str, str]]:
    return [(each.name, right.name) for each, right in at_odds(trusts)]


def test_a_bundle_that_has_nothing_of_the_others_is_odd():
    """One certificate is served to all of them."""
    assert odd(trust("a", "ours"), trust("b", "other"), trust("c", "ours")) == [("b", "a")]


def test_nobody_is_odd_while_one_authority_follows_another():
    """Both are in a bundle then; what nobody has filled in yet says nothing."""
    assert odd(trust("a", "old"), trust("b", "old", "new"), trust("c", "old"), trust("d")) == []


def test_where_there_is_no_majority_nobody_can_tell():
    """Nor between Services, which have certificates of their own."""
    assert odd(trust("a", "ours"), trust("b", "other")) == []
    assert odd(trust("a", "x"), trust("b", "x"), trust("c", "y", service="another")) == []
