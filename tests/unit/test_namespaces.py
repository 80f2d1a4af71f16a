"""Moving a component changes every reference to its namespace, and nothing else."""

import pytest

from stackctl.model.compose.namespaces import moved, renamed
from stackctl.model.objects.kinds import builtin_group
from tests.unit.fake import value

GROUPS = {
    "Certificate": "cert-manager.io",
    "ServiceMonitor": "monitoring.coreos.com",
    "PodMonitor": "monitoring.coreos.com",
}
# NS is where a namespace is meant; `old` is something else that is called the same.
REFERENCES = """
{kind: Deployment, metadata: {name: old, namespace: NS}}
{kind: Deployment, metadata: {name: old, namespace: other}}
{kind: ClusterRole, metadata: {name: old}}
{kind: Namespace, metadata: {name: NS, labels: {kubernetes.io/metadata.name: NS, a: old}}}
{kind: Namespace, metadata: {name: other}}
{kind: RoleBinding, metadata: {name: a}, subjects: [{name: old, namespace: NS}, {name: old}]}
{kind: RoleBinding, metadata: {name: a}, subjects: [{name: old, namespace: other}]}
{kind: ClusterRoleBinding, metadata: {name: a}, subjects: [{name: 'system:serviceaccounts:NS'}]}
{kind: ClusterRoleBinding, metadata: {name: a}, subjects: [{name: 'system:serviceaccounts:older'}]}
{kind: ClusterRoleBinding, metadata: {name: a}, subjects: [{name: 'system:serviceaccount:NS:old'}]}
{kind: APIService, metadata: {name: a}, spec: {service: {name: old, namespace: NS}}}
{kind: APIService, metadata: {name: a}, spec: {service: null}}
{kind: Certificate, metadata: {name: a, namespace: NS}, spec: {commonName: old.NS.svc}}
{kind: Certificate, metadata: {name: a}, spec: {dnsNames: [old, old.NS, '*.NS.svc', a.other.svc]}}
{kind: Certificate, metadata: {name: a}, spec: {dnsNames: [old.NS.svc, a.NS.svc.cluster.local]}}
{kind: CustomResourceDefinition, metadata: {name: a}, spec: {conversion: {strategy: None}}}
{kind: ServiceMonitor, metadata: {name: a}, spec: {namespaceSelector: {matchNames: [NS, b]}}}
""".strip().splitlines()

LONG_REFERENCES = {
    "webhooks": """
        kind: ValidatingWebhookConfiguration
        metadata:
          name: old
          annotations: {cert-manager.io/inject-ca-from: NS/old, other: old/old}
        webhooks:
        - clientConfig: {service: {name: old, namespace: NS}}
          namespaceSelector:
            matchLabels: {old: old}
            matchExpressions:
            - {key: kubernetes.io/metadata.name, operator: NotIn, values: [NS, kube-system]}
            - {key: another, operator: In, values: [old]}
        - clientConfig: {url: https://old.old.svc}
        """,
    "conversion": """
        kind: CustomResourceDefinition
        metadata:
          name: a
          annotations: {cert-manager.io/inject-ca-from-secret: NS/old}
        spec:
          conversion: {webhook: {clientConfig: {service: {name: old, namespace: NS}}}}
        """,
    "binding": """
        kind: ValidatingAdmissionPolicyBinding
        metadata: {name: old}
        spec:
          policyName: old
          paramRef: {name: old, namespace: NS}
          matchResources:
            namespaceSelector:
              matchExpressions:
              - {key: kubernetes.io/metadata.name, operator: NotIn, values: [NS, kube-system]}
        """,
    "policy": """
        kind: NetworkPolicy
        metadata: {name: a, namespace: NS}
        spec:
          ingress:
          - from:
            - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NS}}
            - podSelector: {matchLabels: {app: old}}
          egress:
          - to:
            - namespaceSelector: {matchLabels: {team: old}}
        """,
}


@pytest.mark.parametrize("text", [*REFERENCES, *LONG_REFERENCES.values()])
def test_references_move_kind_by_kind(text):
    """Names of objects stay, names of the namespace change."""
    before, after = (value(text.replace("NS", name)) for name in ("old", "new"))
    group = GROUPS.get(before["kind"]) or builtin_group(before["kind"])
    api = {"apiVersion": f"{group}/v1" if group else "v1"}
    assert moved(before | api, "old", "new") == after | api


def test_another_kind_of_the_same_name_keeps_its_texts():
    """Which references an object has is known by its group as well."""
    text = "{apiVersion: other.example.com/v1, kind: Certificate, metadata: {name: a}, spec: {%s}}"
    foreign = value(text % "dnsNames: {old.old.svc: 1}")
    assert moved(foreign, "old", "new") == foreign


@pytest.mark.parametrize(
    "text",
    [
        "NS",
        "old.NS.svc",
        "https://old.NS.svc:443/old",
        "old.NS.svc.cluster.local",
        "old.NS",
        "NS/old",
        "a,NS,b",
        "older,the-old,old-one,x",
        "none",
    ],
)
def test_texts_name_a_namespace_in_few_ways(text):
    """A Service that is called like its namespace keeps its name."""
    assert renamed(text.replace("NS", "old"), "old", "new") == text.replace("NS", "new")


def test_staying_changes_nothing():
    """The same object comes back."""
    manifest = value("{kind: Deployment, metadata: {name: a, namespace: old}}")
    assert moved(manifest, "old", "old") is manifest
