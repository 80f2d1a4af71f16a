"""Moving a component changes every reference to its namespace, and nothing else."""

import pytest

from stackctl.model.namespaces import moved, renamed
from tests.unit.fake import value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{kind: Deployment, metadata: {name: old, namespace: old}}",
         "{kind: Deployment, metadata: {name: old, namespace: new}}"),
        ("{kind: Deployment, metadata: {name: a, namespace: other}}",
         "{kind: Deployment, metadata: {name: a, namespace: other}}"),
        ("{kind: Namespace, metadata: {name: old, labels: {kubernetes.io/metadata.name: old}}}",
         "{kind: Namespace, metadata: {name: new, labels: {kubernetes.io/metadata.name: new}}}"),
        ("{kind: Namespace, metadata: {name: other}}", "{kind: Namespace, metadata: {name: other}}"),
        ("{kind: ClusterRole, metadata: {name: old}}", "{kind: ClusterRole, metadata: {name: old}}"),
        ("{kind: RoleBinding, metadata: {name: a}, subjects: [{name: old, namespace: old}, "
         "{name: b, namespace: other}, {name: c}]}",
         "{kind: RoleBinding, metadata: {name: a}, subjects: [{name: old, namespace: new}, "
         "{name: b, namespace: other}, {name: c}]}"),
        ("{kind: ClusterRoleBinding, metadata: {name: a}, subjects: "
         "[{kind: Group, name: 'system:serviceaccounts:old'}, "
         "{kind: User, name: 'system:serviceaccount:old:old'}, "
         "{kind: Group, name: 'system:serviceaccounts:older'}]}",
         "{kind: ClusterRoleBinding, metadata: {name: a}, subjects: "
         "[{kind: Group, name: 'system:serviceaccounts:new'}, "
         "{kind: User, name: 'system:serviceaccount:new:old'}, "
         "{kind: Group, name: 'system:serviceaccounts:older'}]}"),
        ("{kind: ValidatingWebhookConfiguration, metadata: {name: a}, webhooks: "
         "[{clientConfig: {service: {name: old, namespace: old}}, namespaceSelector: "
         "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, "
         "values: [old, kube-system]}, {key: k, values: [old]}]}}, "
         "{clientConfig: {url: 'https://old'}}]}",
         "{kind: ValidatingWebhookConfiguration, metadata: {name: a}, webhooks: "
         "[{clientConfig: {service: {name: old, namespace: new}}, namespaceSelector: "
         "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, "
         "values: [new, kube-system]}, {key: k, values: [old]}]}}, "
         "{clientConfig: {url: 'https://old'}}]}"),
        ("{kind: MutatingWebhookConfiguration, metadata: {name: a, annotations: "
         "{cert-manager.io/inject-ca-from: old/old, other: old/old}}, webhooks: []}",
         "{kind: MutatingWebhookConfiguration, metadata: {name: a, annotations: "
         "{cert-manager.io/inject-ca-from: new/old, other: old/old}}, webhooks: []}"),
        ("{kind: APIService, metadata: {name: a}, spec: {service: {name: old, namespace: old}}}",
         "{kind: APIService, metadata: {name: a}, spec: {service: {name: old, namespace: new}}}"),
        ("{kind: CustomResourceDefinition, metadata: {name: a}, spec: {conversion: {webhook: "
         "{clientConfig: {service: {name: old, namespace: old}}}}}}",
         "{kind: CustomResourceDefinition, metadata: {name: a}, spec: {conversion: {webhook: "
         "{clientConfig: {service: {name: old, namespace: new}}}}}}"),
        ("{kind: CustomResourceDefinition, metadata: {name: a}, spec: {conversion: null}}",
         "{kind: CustomResourceDefinition, metadata: {name: a}, spec: {conversion: null}}"),
        ("{kind: Certificate, metadata: {name: a, namespace: old}, spec: {commonName: old.old.svc, "
         "dnsNames: [old, old.old, old.old.svc, old.old.svc.cluster.local, x.other.svc, '*.old.svc']}}",
         "{kind: Certificate, metadata: {name: a, namespace: new}, spec: {commonName: old.new.svc, "
         "dnsNames: [old, old.new, old.new.svc, old.new.svc.cluster.local, x.other.svc, '*.new.svc']}}"),
        ("{kind: NetworkPolicy, metadata: {name: a}, spec: {ingress: [{from: [{namespaceSelector: "
         "{matchLabels: {kubernetes.io/metadata.name: old}}}, {podSelector: {}}]}]}}",
         "{kind: NetworkPolicy, metadata: {name: a}, spec: {ingress: [{from: [{namespaceSelector: "
         "{matchLabels: {kubernetes.io/metadata.name: new}}}, {podSelector: {}}]}]}}"),
        ("{kind: ServiceMonitor, metadata: {name: a}, spec: {namespaceSelector: "
         "{matchNames: [old, b]}}}",
         "{kind: ServiceMonitor, metadata: {name: a}, spec: {namespaceSelector: "
         "{matchNames: [new, b]}}}"),
    ],
)  # fmt: skip
def test_references_move_kind_by_kind(before, after):
    """Names of objects stay, names of the namespace change."""
    assert moved(value(before), "old", "new") == value(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("old", "new"),
        ("old.old.svc", "old.new.svc"),
        ("https://old.old.svc:443/old", "https://old.new.svc:443/old"),
        ("old.old.svc.cluster.local", "old.new.svc.cluster.local"),
        ("old.old", "old.new"),
        ("old/old", "new/old"),
        ("a,old,b", "a,new,b"),
        ("older,the-old,old-one,x", "older,the-old,old-one,x"),
        ("none", "none"),
    ],
)
def test_texts_name_a_namespace_in_few_ways(before, after):
    """A Service that is called like its namespace keeps its name."""
    assert renamed(before, "old", "new") == after


def test_staying_changes_nothing():
    """The same object comes back."""
    manifest = value("{kind: Deployment, metadata: {name: a, namespace: old}}")
    assert moved(manifest, "old", "old") is manifest
