"""What admission policies say is read from the API server's words."""

import pytest

from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.readiness.policies import (
    PolicyMode,
    PolicyWarning,
    denying,
    governed,
    modes,
    unsettled,
    warning_in,
)
from tests.unit import fake

DENIED = (
    "Deployment/ml/x: cannot apply: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: "
)
WARNED = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': "
BINDING = """
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: b}}
spec: {{policyName: {0}, validationActions: [{1}], matchResources: {2}}}
"""
REPORTS = "{objectSelector: {matchExpressions: [{key: stackctl.dev/report, operator: Exists}]}}"


def binding(policy: str, actions: str, matched: str = "null") -> Manifest:
    found: Manifest = fake.value(BINDING.format(policy, actions, matched))
    return found


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (f"{DENIED}no latest", "p"),
        (f"{DENIED}failed to configure binding: no params found", "p"),
        ('admission webhook "w" denied the request: no', ""),
        (f"{WARNED}no latest", ""),
    ],
)
def test_who_has_refused_an_object_is_read_from_the_refusal(text, policy):
    """Whatever the policy says; a webhook is none."""
    assert denying(text) == policy


def test_what_a_policy_warns_of_is_read_from_the_warning():
    """Other warnings are nobody's."""
    assert warning_in(f"{WARNED}a: 'b' with\nmore") == PolicyWarning("p", "b", "a: 'b' with\nmore")
    assert warning_in("v1 Endpoints is deprecated") is None


@pytest.mark.parametrize(
    ("actions", "mode"),
    [
        (["Warn, Audit"], PolicyMode.WARN),
        (["Audit"], PolicyMode.AUDIT),
        (["Deny, Audit"], PolicyMode.DENY),
        (["Warn", "Deny"], PolicyMode.DENY),
        ([], PolicyMode.OFF),
    ],
)
def test_a_policy_does_what_its_strictest_binding_does(actions, mode):
    """The one for reports does not count; policies without one are not ours to report on."""
    bindings = [binding("p", each) for each in actions]
    assert modes([*bindings, binding("p", "Warn", REPORTS), binding("q", "Deny")]) == {"p": mode}


def test_what_a_policy_looks_at_is_in_its_rules():
    """Each group with each kind; subresources are no kinds."""
    rules = "[{apiGroups: ['', apps], resources: [pods, pods/exec]}]"
    policy = fake.value(f"spec: {{matchConstraints: {{resourceRules: {rules}}}}}")
    assert governed(policy) == {("", "pods"), ("apps", "pods")}


def test_a_policy_is_unsettled_while_anything_of_its_component_may_change():
    """What it goes by is beside it."""
    policy, words = fake.values("""
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicy
        metadata: {name: p}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: words, namespace: ns}}
        """)
    assert unsettled([(policy, words)], {ref_of(policy)}) == {"p"}
    assert unsettled([(policy, words)], {ref_of(policy), ref_of(words)}) == frozenset()
