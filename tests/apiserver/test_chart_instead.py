"""One component switched to the chart that its manifests follow, and back, by real Helm."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stackctl.actions.compare import ChartChoice, compare_component
from stackctl.actions.compose import StackRequest
from stackctl.actions.diff import diff
from stackctl.actions.upgrade import upgrade
from stackctl.model.comparison.facts import Aspect
from stackctl.model.plan.plan import Action
from tests import charts
from tests.apiserver.stacks import Stack

pytestmark = [
    pytest.mark.build,
    pytest.mark.timeout(1500),
    pytest.mark.usefixtures("real_helm"),
]

COMPONENT = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {{name: shop, description: for tests}}
spec:
  version: 1.0.0
  namespace: {namespace}
  upstream:
    project: https://example.com/shop
    version: 1.0.0
    chart:
      repository: {repository}
      name: shop
      version: 1.0.0
      attributes: {{shop.url: "http://shop-web.{{namespace}}.svc:{{port}}"}}
  provides: [shop]
  attributes: {{shop.url: "http://shop-server.{{namespace}}.svc:80"}}
  restartOn: {{Deployment/shop-server: [ConfigMap/settings]}}
  parameters:
    replicas:
      type: integer
      default: 1
      description: r
      places: [{{values: replicas}}, {{object: Deployment/shop-server, path: spec.replicas}}]
    port:
      type: integer
      default: 8080
      description: p
      places: [{{values: port}}]
    color:
      type: string
      default: green
      description: c
      places: [{{object: ConfigMap/settings, path: data.color}}]
"""
OWN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: green}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-server}
spec:
  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: main, image: "example.com/shop:1.0.0"}]}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}-web}
spec: {selector: {app: shop}, ports: [{port: {{ .Values.port }}}]}
"""
VALUES = f"{charts.VALUES}port: 80\n"
READER = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {{name: reader, description: for tests}}
spec:
  version: 1.0.0
  namespace: {namespace}
  requires: [shop]
  parameters:
    url:
      type: string
      from: shop.url
      description: u
      places: [{{object: ConfigMap/reader, path: data.url}}]
"""
READS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: reader}
data: {}
"""
READING = """\
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: reading, description: for tests}
spec: {components: {shop: {}, reader: {}}}
"""
PROFILE = """\
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: shop, description: for tests}
spec: {components: {shop: {parameters: {replicas: 2, color: blue}}}}
"""


@pytest.fixture
def request_(tmp_path: Path, stack: Stack) -> Iterator[StackRequest]:
    """Ask for a component with manifests, whose chart a repository has in two versions."""
    templates = {"config": charts.CONFIG, "workload": charts.WORKLOAD, "service": SERVICE}
    folder = tmp_path / "manifests" / "shop"
    (folder / "base").mkdir(parents=True)
    (folder / "base" / "own.yaml").write_text(OWN)
    space = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {stack.name}}}\n"
    (folder / "base" / "namespace.yaml").write_text(space)
    (folder / "base" / "definition.yaml").write_text(charts.DEFINITION)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "shop.yaml").write_text(PROFILE)
    first, second = (
        charts.packed(
            charts.write_chart(tmp_path / version, templates, version=version, values=VALUES)
        )
        for version in ("1.0.0", "1.1.0")
    )
    (tmp_path / "profiles" / "reading.yaml").write_text(READING)
    reader = tmp_path / "manifests" / "reader"
    (reader / "base").mkdir(parents=True)
    (reader / "base" / "reads.yaml").write_text(f"{READS}---\n{space}")
    (reader / "component.yaml").write_text(READER.format(namespace=stack.name))
    with charts.serving(first, **{"1.1.0": second}) as server:
        text = COMPONENT.format(namespace=stack.name, repository=server.url)
        (folder / "component.yaml").write_text(text)
        yield StackRequest(profile="shop", stack=stack.name, catalogs=(tmp_path,))


def switched(request: StackRequest, source: str) -> StackRequest:
    return replace(request, sets=(f"shop.source={source}",))


def deployment(stack: Stack, name: str) -> dict[str, object] | None:
    found = stack.client.get(f"/apis/apps/v1/namespaces/{stack.name}/deployments/{name}")
    return found["spec"] if found else None


def test_a_component_is_switched_to_its_chart_and_back(stack: Stack, request_: StackRequest):
    """At any version; what users made stays, and later runs know of it."""
    stack.bring(request_)
    assert deployment(stack, "shop-server")["replicas"] == 2
    things = f"/apis/example.com/v1/namespaces/{stack.name}/things"
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "users"}}
    made = stack.client.apply(f"{things}/users", thing, manager="a-user")
    uid = made["metadata"]["uid"]

    first = stack.bring(switched(request_, "chart"), upgrade)
    assert deployment(stack, "shop-server") is None
    assert deployment(stack, "shop")["replicas"] == 2
    assert stack.get("configmaps/shop")["data"]["version"] == "1.0.0"
    assert stack.get("configmaps/settings") is None
    assert stack.client.get(f"{things}/users")["metadata"]["uid"] == uid
    assert any("not used: color" in text for text in stack.notes)
    assert any("no definition of things.example.com" in text for text in stack.notes)
    assert first.release.sets == {"shop.source": "chart"}

    again = stack.bring(request_, upgrade)  # an upgrade keeps what was said
    assert again.plan.empty

    stack.bring(switched(request_, "chart:1.1.0"), upgrade)
    assert stack.get("configmaps/shop")["data"]["version"] == "1.1.0"
    stack.rollback()
    assert stack.get("configmaps/shop")["data"]["version"] == "1.0.0"
    assert stack.bring(request_, upgrade).plan.empty  # and knows of what it went back to

    back = stack.bring(switched(request_, "manifests"), upgrade)
    assert deployment(stack, "shop") is None
    assert deployment(stack, "shop-server")["replicas"] == 2
    assert back.release.components == {"shop": "1.0.0"}
    assert stack.client.get(f"{things}/users")["metadata"]["uid"] == uid
    assert {each.action for each in diff(request_, stack.connection, stack.tell).changes} == {
        Action.UNCHANGED
    }
    stack.teardown(delete_data=True)
    definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com"
    assert stack.client.get(definition) is None


def test_a_deploy_that_says_no_source_goes_back_to_the_manifests(
    stack: Stack, request_: StackRequest
):
    """It is made of what it is given, and says what of before does not hold on."""
    stack.bring(switched(request_, "chart"))
    stack.told.clear()
    stack.bring(request_)
    assert deployment(stack, "shop") is None
    assert any("is not kept: shop.source=chart" in text for text in stack.notes)
    stack.teardown()


def test_who_takes_what_a_component_carries_is_told_what_its_chart_has(
    stack: Stack, request_: StackRequest
):
    """An address of a Service that is there, on the port that the chart was told."""
    both = replace(request_, profile="reading")
    stack.bring(both)
    assert (
        stack.get("configmaps/reader")["data"]["url"] == f"http://shop-server.{stack.name}.svc:80"
    )
    stack.bring(switched(both, "chart"), upgrade)
    assert stack.get("configmaps/reader")["data"]["url"] == f"http://shop-web.{stack.name}.svc:8080"
    assert [each["port"] for each in stack.get("services/shop-web")["spec"]["ports"]] == [8080]
    stack.teardown()


def test_manifests_are_compared_with_their_chart(request_: StackRequest, tmp_path: Path):
    """In any version, from where component.yaml says or from a folder; no cluster is asked."""
    found = compare_component("shop", ChartChoice(version="1.1.0"), request_.catalogs)
    assert found.version == "1.1.0"
    pairs = found.comparison.matched.pairs
    assert ("shop-server", "shop") in [(pair.ours.name, pair.chart.name) for pair in pairs]
    images = [
        (each.ours, each.chart)
        for each in found.comparison.differences
        if each.fact.aspect is Aspect.IMAGE
    ]
    assert images == [("example.com/shop:1.0.0", "example.com/shop:1.1.0")]
    kept = [each.title for each in found.comparison.matched.only_ours]
    assert "CustomResourceDefinition/things.example.com" in kept

    hooks = charts.HOOKS.replace("pre-install,pre-upgrade", "post-delete")
    folder = charts.write_chart(tmp_path / "other", {"work": charts.WORKLOAD, "hooks": hooks})
    values = tmp_path / "values.yaml"
    values.write_text("replicas: 3\n")
    found = compare_component("shop", ChartChoice(str(folder), values=values), request_.catalogs)
    told = {(each.fact.what, each.ours, each.chart) for each in found.comparison.differences}
    assert ("spec.replicas", None, "3") in told
    alone = [each.title for each in found.comparison.matched.only_chart]
    assert any(title.startswith("Job/") for title in alone)  # a step or not, it is there
