"""Who owns an object or a field, and what follows from it."""

from typing import Any

import pytest

from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL
from stackctl.model.ownership.field_sets import without
from stackctl.model.ownership.ownership import Verdict, has_all_of, ours, owner, verdict
from stackctl.model.ownership.stack_id import StackId


def live(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"} | metadata}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ""),
        ({"labels": {MANAGED_BY: "stackctl", STACK_LABEL: "ml"}}, ""),
        ({"labels": {MANAGED_BY: "stackctl", STACK_LABEL: "other"}}, "stack other"),
        (
            {
                "annotations": {
                    "meta.helm.sh/release-name": "r",
                    "meta.helm.sh/release-namespace": "n",
                }
            },
            "Helm release n/r",
        ),
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "app:apps/Deployment:ns/x"}},
            "Argo CD application app",
        ),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "k"}}, "Flux Kustomization k"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "h"}}, "Flux HelmRelease h"),
    ],
)
def test_an_owner_is_named(metadata, expected):
    """Every tool leaves its mark in labels or annotations."""
    assert owner(live(**metadata), StackId("ml")) == expected


def test_our_label_alone_is_not_ownership():
    """A label somebody copied does not make an object ours."""
    assert not ours(live(labels={STACK_LABEL: "ml"}), StackId("ml"))


POD = 'Deployment.spec.template.spec.containers[name="x"]'
IMAGE = f"{POD}.image"
CA_BUNDLE = 'ValidatingWebhookConfiguration.webhooks[name="x"].clientConfig.caBundle'


@pytest.mark.parametrize(
    ("manager", "through", "where", "expected"),
    [
        ("kubectl-edit", "", IMAGE, Verdict.OVERRIDE),
        ("kubectl-client-side-apply", "", IMAGE, Verdict.OVERRIDE),
        ("helm", "", IMAGE, Verdict.OVERRIDE),
        ("kubectl", "scale", "Deployment.spec.replicas", Verdict.OVERRIDE),
        ("kube-controller-manager", "scale", "Deployment.spec.replicas", Verdict.YIELD),
        ("kube-controller-manager", "", "Deployment.spec.replicas", Verdict.REFUSE),
        ("kube-controller-manager", "scale", IMAGE, Verdict.REFUSE),
        ("kube-controller-manager", "", "PersistentVolumeClaim.spec.volumeName", Verdict.YIELD),
        ("keda-operator", "", "Deployment.spec.replicas", Verdict.YIELD),
        ("keda-operator", "", IMAGE, Verdict.REFUSE),
        ("keda-operator", "", "Deployment.spec.replicasMax", Verdict.REFUSE),
        ("vpa-updater", "", f"{POD}.resources.limits.cpu", Verdict.YIELD),
        ("vpa-updater", "resize", 'Pod.spec.containers[name="x"].resources', Verdict.YIELD),
        ("vpa-updater", "", IMAGE, Verdict.REFUSE),
        ("cert-manager-cainjector", "", CA_BUNDLE, Verdict.YIELD),
        ("some-operator", "", CA_BUNDLE, Verdict.YIELD),
        ("some-operator", "", "CustomResourceDefinition.spec.group", Verdict.REFUSE),
        ("cert-manager-certificates-issuing", "", "Secret.data.tls.crt", Verdict.YIELD),
        ("cert-manager-certificates-issuing", "", "ConfigMap.data.tls.crt", Verdict.REFUSE),
        ("argocd-controller", "", IMAGE, Verdict.REFUSE),
        ("argocd-controller", "", CA_BUNDLE, Verdict.REFUSE),
        ("kustomize-controller", "", "Deployment.spec.replicas", Verdict.REFUSE),
        ("helm-controller", "", IMAGE, Verdict.REFUSE),
        ("some-operator", "", "Deployment.spec.replicas", Verdict.REFUSE),
        ("some-operator", "scale", "Deployment.spec.replicas", Verdict.REFUSE),
        ("unknown", "", IMAGE, Verdict.REFUSE),
    ],
)
def test_a_held_field_is_judged_by_who_writes_it_how_and_where(manager, through, where, expected):
    """People's tools are overridden, controllers keep what is theirs to write, all else stands."""
    kind, dot, field = where.partition(".")
    assert verdict(kind, dot + field, manager, through) is expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (".spec.replicas", {"spec": {"list": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]}}),
        (
            '.spec.list[name="b"].x',
            {"spec": {"replicas": 1, "list": [{"name": "a", "x": 1}, {"name": "b"}]}},
        ),
        (".spec.absent.deeper", None),
        (".spec.list", {"spec": {"replicas": 1}}),
    ],
)
def test_a_field_is_left_out_by_the_servers_name_for_it(field, expected):
    """Only the named field goes; a field that is not there changes nothing."""
    manifest = {"spec": {"replicas": 1, "list": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]}}
    assert without(manifest, field) == (expected if expected is not None else manifest)


@pytest.mark.parametrize(
    ("kind", "labels", "expected"),
    [
        ("Namespace", {}, False),
        ("Namespace", {"pod-security.kubernetes.io/enforce": "privileged"}, False),
        ("Namespace", {"pod-security.kubernetes.io/enforce": "restricted", "theirs": "x"}, True),
        ("ConfigMap", {"pod-security.kubernetes.io/enforce": "restricted"}, False),
    ],
)
def test_a_namespace_will_do_that_has_every_label_with_an_effect(kind, labels, expected):
    """Labels that only describe, and ours, are not asked for."""
    wanted = {
        "app.kubernetes.io/name": "shop",
        STACK_LABEL: "ml",
        "pod-security.kubernetes.io/enforce": "restricted",
    }
    made = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "ml"}}
    there = made | {"metadata": {"name": "ml", "uid": "u", "labels": labels}}
    assert has_all_of(there, made | {"metadata": {"name": "ml", "labels": wanted}}) is expected


def test_a_key_may_have_dots_in_it():
    """The server does not quote them."""
    manifest = {"metadata": {"annotations": {"a.example.com/b": "1", "a": "2"}}}
    left = {"metadata": {"annotations": {"a": "2"}}}
    assert without(manifest, ".metadata.annotations.a.example.com/b") == left
