"""Manifests as others publish or export them go into a bundle, and what does not is told once."""

from dataclasses import replace

from stackctl.model.compose.bundle import Bundle
from stackctl.model.compose.compose import compose
from stackctl.model.objects.refs import MANAGED_BY
from stackctl.model.ownership.stack_id import StackId
from stackctl.sources.components import YAML, read_components, read_manifests
from tests.unit import fake

NAMES = "{name: %s, labels: {app.kubernetes.io/managed-by: Helm}}"
CONFIG = "---\n{apiVersion: v1, kind: ConfigMap, metadata: %s}\n"
EXPORTED = """\
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: exported
  uid: 1f6a4d63-0000-4000-8000-000000000000
  resourceVersion: "7"
  generation: 2
  creationTimestamp: "2026-01-01T00:00:00Z"
  annotations:
    deployment.kubernetes.io/revision: "3"
    kubectl.kubernetes.io/last-applied-configuration: "{}"
    team: web
spec:
  selector: {matchLabels: {app: a}}
  template: {metadata: {labels: {app: a}}, spec: {containers: []}}
status: {replicas: 1}
"""


def bundle(objects: str) -> Bundle:
    """Compose a bundle of one component with more objects than it comes with."""
    selection = fake.resolved("base")
    names = [chosen.component.name for chosen in selection.components]
    manifests = {name: fake.manifests(name) for name in names}
    more = (*manifests["web"].base, *fake.values(objects))
    manifests["web"] = replace(manifests["web"], base=more)
    return compose(selection, manifests, StackId("test"), yaml=YAML)


def test_the_mark_of_another_manager_is_replaced_and_told_once():
    """However many objects carry it."""
    found = bundle(CONFIG % (NAMES % "a") + CONFIG % (NAMES % "b"))
    marks = {each["metadata"]["labels"][MANAGED_BY] for each in found.manifests}
    assert marks == {"stackctl"}
    assert found.notes == (f"2 objects with {MANAGED_BY}: Helm will say stackctl instead",)


def test_what_a_server_wrote_is_left_out_and_told():
    """With the annotations that clients keep for themselves; those of people stay."""
    found = bundle(EXPORTED)
    (exported,) = [x for x in found.manifests if x["metadata"]["name"] == "exported"]
    assert "status" not in exported
    assert {*exported["metadata"]} == {"name", "namespace", "labels", "annotations"}
    assert exported["metadata"]["annotations"] == {"team": "web"}
    (note,) = found.notes
    for what in ("status", "metadata.uid", "deployment.kubernetes.io/revision", "exported"):
        assert what in note


def test_a_folder_may_hold_lists_and_json_and_what_is_neither_is_told(tmp_path, monkeypatch):
    """Nothing that lies among manifests is left out without a word, but for what people read."""
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "manifests" / "thing" / "base"
    base.mkdir(parents=True)
    (base.parent / "component.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Component\nmetadata: {name: thing}\n"
        "spec: {version: 1.0.0, namespace: default}\n"
    )
    (base / "maps.yaml").write_text(
        "{apiVersion: v1, kind: ConfigMapList, items: [{metadata: {name: a}}]}"
    )
    (base / "more.json").write_text(
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}'
    )
    (base / "old.yaml.bak").write_text("x")
    (base / "README.md").write_text("x")
    found = read_manifests(read_components([tmp_path])["thing"])
    assert [each["metadata"]["name"] for each in found.base] == ["a", "b"]
    assert found.unread == ("manifests/thing/base/old.yaml.bak",)


def test_a_generators_empty_status_is_worth_no_word():
    """`status: {}` and `creationTimestamp: null` say nothing."""
    names = "{name: a, creationTimestamp: null}"
    assert bundle(CONFIG.replace("}\n", ", status: {}}\n") % names).notes == ()
