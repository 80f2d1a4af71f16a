"""Workloads that begin anew when a ConfigMap changes: declared, and nothing else to do."""

from typing import Any

from stackctl.model.catalogue.component import Mode
from stackctl.model.catalogue.profile import Needs, Origin, Settings
from stackctl.model.compose.bundle import Bundle
from stackctl.model.compose.compose import compose
from stackctl.model.compose.restarts import RESTART_ON
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.resolve.selection import Chosen, Selection, Setting
from stackctl.sources.components import YAML
from tests.unit import fake

SPEC = """
restartOn: {{{workload}/web: [ConfigMap/web]}}
parameters:
  level: {{type: string, description: d, default: info,
    places: [{{object: ConfigMap/web, key: app.yaml, path: level}}]}}
  token: {{type: string, description: d, default: '', secret: true,
    places: [{{object: ConfigMap/web, key: app.yaml, path: token}}]}}
  other: {{type: string, description: d, default: x,
    places: [{{object: ConfigMap/other, path: data.x}}]}}
"""
BASE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'a:1'}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: web}
spec:
  schedule: '* * * * *'
  jobTemplate: {spec: {template: {spec: {containers: [{name: main, image: 'a:1'}]}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {app.yaml: "level: info\\ntoken: ''\\n"}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {x: x}}
"""


def composed(workload: str = "Deployment", **values: str) -> Bundle:
    component = fake.component(SPEC.format(workload=workload), "web")
    said = {"namespace": "web", "level": "info", "token": "", "other": "x"} | values
    settings = {name: Setting(value, Origin("default")) for name, value in said.items()}
    chosen = Chosen(component, Mode.MANAGED, said["namespace"], settings, frozenset())
    selection = Selection("p", ("p",), (chosen,), Needs(), Settings())
    return compose(selection, {"web": fake.layers(BASE)}, StackId("test"), yaml=YAML)


def mark_of(bundle: Bundle, kind: str = "Deployment") -> Any:
    spec = fake.find(bundle, kind, "web")["spec"]
    template = spec["template"] if kind == "Deployment" else spec["jobTemplate"]["spec"]["template"]
    return (template.get("metadata") or {}).get("annotations", {}).get(RESTART_ON)


def test_the_template_changes_with_what_the_config_map_holds_and_with_nothing_else():
    """So the Pods are replaced; another ConfigMap, or where all of it is, does not matter."""
    usual = mark_of(composed())
    assert usual
    assert mark_of(composed(level="debug")) != usual
    assert mark_of(composed(other="y")) == usual
    assert mark_of(composed(namespace="elsewhere")) == usual


def test_a_secret_setting_cannot_be_guessed_by_the_mark():
    """Who reads the Pod may not learn of it, so that it alone restarts nothing."""
    assert mark_of(composed(token="1234")) == mark_of(composed())
    assert mark_of(composed(token="1234", level="debug")) != mark_of(composed())


def test_every_kind_that_makes_pods_can_be_restarted():
    """The mark is where the kind has its template; others have none."""
    assert mark_of(composed("CronJob"), "CronJob")
    assert mark_of(composed("CronJob")) is None
