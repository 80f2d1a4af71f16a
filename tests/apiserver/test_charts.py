"""Components that come from charts, from the first deploy to the teardown, by real Helm."""

import base64
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest
from stackctl.actions.diff import diff
from stackctl.actions.import_profile import ImportRequest, import_profile
from stackctl.actions.lock import lock
from stackctl.actions.placing import compose_for
from stackctl.actions.render import render
from stackctl.actions.smoke import smoke
from stackctl.cluster.change.options import RunOptions
from stackctl.errors import ConflictError, RenderError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.plan.plan import Action
from stackctl.model.run.outcome import SmokeResult
from stackctl.sources import yaml
from tests import charts
from tests.apiserver.stacks import Stack
from tests.recipes import write_files

# Minutes go into building Helm, the first time.
pytestmark = [
    pytest.mark.build,
    pytest.mark.timeout(1500),
    pytest.mark.usefixtures("real_helm"),
]

EVERYTHING = {
    "config": charts.CONFIG,
    "workload": charts.WORKLOAD,
    "drawn": charts.DRAWN,
    "hooks": charts.HOOKS,
    "kept": charts.KEPT,
}


Asks = Callable[..., StackRequest]


@pytest.fixture
def asks(tmp_path: Path, stack: Stack) -> Asks:
    """Write a profile with one component that has a source, and ask for it."""

    def ask(source: dict[str, Any], **choice: Any) -> StackRequest:
        parameters = {"namespace": stack.name}
        component = {"source": source, "parameters": parameters} | choice
        profile = {
            "apiVersion": "stackctl.dev/v1alpha1",
            "kind": "Profile",
            "metadata": {"name": "shop", "description": "for tests"},
            "spec": {"components": {"shop": component}},
        }
        (tmp_path / "profiles").mkdir(exist_ok=True)
        (tmp_path / "profiles" / "shop.yaml").write_text(yaml.dump(profile))
        return StackRequest(profile="shop", stack=stack.name, catalogs=(tmp_path,))

    return ask


def actions(stack: Stack, request: StackRequest) -> set[Action]:
    return {each.action for each in diff(request, stack.connection, stack.tell).changes}


def config_of(bundle: Bundle) -> dict[str, str]:
    (found,) = [each["data"] for each in bundle.manifests if each["kind"] == "ConfigMap"]
    return dict(found)


def test_a_chart_goes_through_the_whole_life_of_a_stack(stack: Stack, tmp_path: Path, asks: Asks):
    """Deployed, left alone, upgraded to another version, taken back and taken out."""
    folder = charts.write_chart(tmp_path / "chart", EVERYTHING)
    request = asks({"chart": {"path": "../chart"}})
    stack.bring(request)
    password = stack.get("secrets/shop")["data"]["password"]
    assert (
        stack.client.get(f"/apis/batch/v1/namespaces/{stack.name}/jobs/prepare")["status"][
            "succeeded"
        ]
        == 1
    )
    assert stack.get("pods/try") is None
    assert stack.get("configmaps/shop")["data"]["kubernetes"] == stack.connection.info.version
    assert not any(password in str(each) for each in stack.told)

    assert actions(stack, request) == {Action.UNCHANGED}

    charts.write_chart(folder, EVERYTHING, version="1.1.0")
    stack.bring(request)
    assert stack.get("configmaps/shop")["data"]["version"] == "1.1.0"
    assert stack.get("secrets/shop")["data"]["password"] == password
    assert actions(stack, request) == {Action.UNCHANGED}

    stack.rollback(1)
    assert stack.get("configmaps/shop")["data"]["version"] == "1.0.0"
    assert stack.get("secrets/shop")["data"]["password"] == password

    outcome = stack.teardown()
    assert stack.get("secrets/shop") is None
    assert stack.get("configmaps/kept")["data"] == {"color": "red"}
    assert [each.ref.name for each in outcome.kept] == ["kept", stack.name]


def test_definitions_of_a_chart_are_the_stacks_own(stack: Stack, tmp_path: Path, asks: Asks):
    """They count as served before they are, and their objects are where the chart is."""
    templates = {"config": charts.CONFIG, "thing": charts.THING}
    charts.write_chart(tmp_path / "chart", templates, crds=charts.DEFINITION)
    request = asks({"chart": {"path": "../chart"}})
    stack.bring(request)
    path = f"/apis/example.com/v1/namespaces/{stack.name}/things/one"
    assert stack.client.get(path) is not None
    assert stack.get("configmaps/shop")["data"]["things"] == "true"
    assert actions(stack, request) == {Action.UNCHANGED}
    stack.teardown()
    definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com"
    assert stack.client.get(definition) is None


def test_a_password_that_is_lost_is_drawn_again(stack: Stack, tmp_path: Path, asks: Asks):
    """What is not there has no live value to keep."""
    charts.write_chart(tmp_path / "chart", {"drawn": charts.DRAWN})
    request = asks({"chart": {"path": "../chart"}})
    stack.bring(request)
    before = stack.get("secrets/shop")["data"]
    stack.client.delete(f"/api/v1/namespaces/{stack.name}/secrets/shop")
    stack.bring(request)
    after = stack.get("secrets/shop")["data"]
    assert after["password"] != before["password"]
    assert len(base64.b64decode(after["password"])) == 16
    kept = (tmp_path / "cache").rglob("*.json")
    assert not any(base64.b64decode(after["password"]) in each.read_bytes() for each in kept)
    stack.teardown()


def test_the_tests_of_a_chart_are_smoke_tests(stack: Stack, tmp_path: Path, asks: Asks):
    """Those of less weight first; what fails says why, and what passes leaves nothing."""
    folder = charts.write_chart(tmp_path / "chart", {"config": charts.CONFIG, "try": charts.TESTS})
    request = asks({"chart": {"path": "../chart"}})
    stack.bring(request)
    assert stack.get("configmaps/words") is None

    def tried() -> SmokeResult:
        outcome = smoke(
            request,
            ["shop"],
            stack.connection,
            agree=lambda *_: True,
            notify=stack.tell,
            options=RunOptions(timeout=120.0, holder="tester@here"),
        )
        (result,) = outcome.results
        return result

    passed = tried()
    assert passed.passed
    assert [f"{ref.kind}/{ref.name}" for ref in passed.objects] == [
        "ConfigMap/words",
        "Job/try",
    ]
    assert stack.get("configmaps/words") is None
    broken = charts.TESTS.replace("example.com/try", "example.com/does-not-exist")
    charts.write_chart(folder, {"config": charts.CONFIG, "try": broken})
    failed = tried()
    assert "ImagePullBackOff" in str(failed.failure)
    charts.write_chart(folder, {"config": charts.CONFIG, "try": charts.TESTS})
    assert tried().passed
    stack.teardown()


def test_a_locked_chart_is_deployed_and_no_other(stack: Stack, tmp_path: Path, asks: Asks):
    """What it makes of the cluster, or up anew, is no other version of it."""
    folder = charts.write_chart(tmp_path / "chart", EVERYTHING)
    request = asks({"chart": {"path": "../chart"}})
    path = tmp_path / "stack.lock.yaml"
    made = lock(request, path).lock.spec.components["shop"]
    assert made.chart.startswith("sha256:")
    stack.bring(replace(request, locked=path))
    assert lock(request, path).differences == ()
    (folder / "NOTES.md").write_text("of the same version")
    with pytest.raises(ConflictError, match=f"shop chart: locked {made.chart}, now sha256:"):
        stack.bring(replace(request, locked=path))
    stack.teardown(delete_data=True)


def test_a_repository_offers_a_chart_once(tmp_path: Path, asks: Asks):
    """It is brought, verified and kept: the next rendering asks nobody, Helm included."""
    archive = charts.packed(charts.write_chart(tmp_path / "chart", {"config": charts.CONFIG}))
    with charts.serving(archive) as server:
        where = {"repository": server.url, "name": "shop", "version": "1.0.0"}
        request = asks(
            {"chart": where | {"digest": server.digest}}, values={"shades": {"dark": None}}
        )
        found = config_of(render(request))
        assert found["shades"] == '{"light":2}'
        assert "/shop.tgz" in server.asked
        server.asked.clear()
        assert config_of(render(request)) == found
        assert server.asked == []


def test_a_recipe_of_aicr_is_deployed_as_a_profile(tmp_path: Path, stack: Stack):
    """Its chart with its values, after what it depends on; taken out like any other stack."""
    archive = charts.packed(charts.write_chart(tmp_path / "chart", {"config": charts.CONFIG}))
    with charts.serving(archive) as server:
        recipe = {
            "kind": "RecipeResult",
            "apiVersion": "aicr.nvidia.com/v1alpha1",
            "constraints": [{"name": "K8s.server.version", "value": ">= 1.30"}],
            "componentRefs": [
                {
                    "name": "shop",
                    "type": "Helm",
                    "source": server.url,
                    "version": "1.0.0",
                    "namespace": stack.name,
                    "valuesFile": "components/shop/values.yaml",
                    "overrides": {"color": "blue"},
                    "dependencyRefs": ["rules"],
                },
                {
                    "name": "rules",
                    "type": "Helm",
                    "namespace": stack.name,
                    "manifestFiles": ["components/rules/rules.yaml"],
                },
            ],
        }
        write_files(
            tmp_path,
            {
                "recipe.yaml": yaml.dump(recipe),
                "components/shop/values.yaml": "color: green\nshades: {dark: null}\n",
                "components/rules/rules.yaml": (
                    "{apiVersion: v1, kind: ConfigMap, metadata: {name: rules}, data: {a: b}}"
                ),
            },
        )
        found = import_profile(ImportRequest(tmp_path / "recipe.yaml", tmp_path / "catalog"))
        catalogs = (tmp_path / "catalog",)
        request = StackRequest(profile=found.name, stack=stack.name, catalogs=catalogs)
        bundle = compose_for(request, stack.connection).bundle
        stack.bring(request)
    assert [each.name for each in bundle.components] == ["rules", "shop"]
    live = stack.get("configmaps/shop")["data"]
    assert (live["color"], live["shades"]) == ("blue", '{"light":2}')
    assert stack.get("configmaps/rules")["data"] == {"a": "b"}
    assert actions(stack, request) == {Action.UNCHANGED}
    stack.teardown()
    assert stack.get("configmaps/shop") is None


def test_another_chart_than_was_meant_is_refused(tmp_path: Path, asks: Asks):
    """A digest says which one is meant, wherever it comes from."""
    archive = charts.packed(charts.write_chart(tmp_path / "chart", {"config": charts.CONFIG}))
    with charts.serving(archive) as server:
        where = {"repository": server.url, "name": "shop", "version": "1.0.0"}
        wrong = f"sha256:{'0' * 64}"
        with pytest.raises(RenderError, match=f"expected the digest {wrong}"):
            render(asks({"chart": where | {"digest": wrong}}))


def test_a_registry_offers_a_chart(tmp_path: Path, asks: Asks):
    """By its version, and by the digest of its manifest."""
    archive = charts.packed(charts.write_chart(tmp_path / "chart", {"config": charts.CONFIG}))
    with charts.serving(archive) as server:
        where = {"oci": server.oci, "version": "1.0.0"}
        assert config_of(render(asks({"chart": where})))["version"] == "1.0.0"
        fixed = asks({"chart": where | {"digest": server.manifest_digest}})
        assert config_of(render(fixed))["version"] == "1.0.0"


def test_objects_are_those_that_helm_renders(stack: Stack, tmp_path: Path, asks: Asks):
    """Object by object, with the same values, for the same cluster."""
    templates = {"config": charts.CONFIG, "workload": charts.WORKLOAD, "kept": charts.KEPT}
    folder = charts.write_chart(tmp_path / "chart", templates)
    bundle = compose_for(
        asks({"chart": {"path": "../chart"}}, values={"color": "blue", "shades": {"dark": None}}),
        stack.connection,
    ).bundle
    (tmp_path / "values.yaml").write_text("{color: blue, shades: {dark: null}}")
    words = ["template", "shop", str(folder), "-n", stack.name, "-f", str(tmp_path / "values.yaml")]
    words += ["--kube-version", stack.connection.info.version, "--include-crds"]
    program = os.environ["STACKCTL_HELM"]
    done = subprocess.run([program, *words], check=True, capture_output=True, timeout=60)
    wanted = {each.value["metadata"]["name"]: each.value for each in yaml.load_all(done.stdout)}
    found = {each["metadata"]["name"]: each for each in bundle.manifests}
    assert found.keys() - {stack.name} == wanted.keys()
    for name, manifest in wanted.items():
        for key in manifest.keys() - {"metadata"}:
            assert found[name][key] == manifest[key]
        notes = manifest["metadata"].get("annotations")
        assert found[name]["metadata"].get("annotations") == notes


def test_a_hook_without_a_step_is_refused_by_name(tmp_path: Path, asks: Asks):
    """Until somebody says what becomes of it."""
    hook = charts.HOOKS.replace("pre-install,pre-upgrade", "post-delete")
    other = hook.replace("name: prepare", "name: sweep")
    charts.write_chart(tmp_path / "chart", {"hook": hook, "other": other.partition("---")[0]})
    with pytest.raises(RenderError, match="Job/prepare runs at post-delete") as caught:
        render(asks({"chart": {"path": "../chart"}}))
    assert "{Job/prepare: skip, Job/sweep: skip}" in caught.value.hint  # one edit for all of them
    skip = {"Job/prepare": "skip", "Job/sweep": "skip"}
    skipped = asks({"chart": {"path": "../chart", "hooks": skip}})
    assert [each["kind"] for each in render(skipped).manifests] == ["Namespace"]


def test_what_cannot_be_kept_is_refused_by_name(tmp_path: Path, asks: Asks):
    """A name that is drawn would be another object at each deploy."""
    text = charts.CONFIG.replace("{{ .Release.Name }}", "x-{{ randNumeric 8 }}", 1)
    charts.write_chart(tmp_path / "chart", {"config": text})
    with pytest.raises(RenderError, match="renders differently each time"):
        render(asks({"chart": {"path": "../chart"}}))


def test_what_helm_says_is_told_with_where_the_chart_is_named(tmp_path: Path, asks: Asks):
    """The line of the profile is in front."""
    charts.write_chart(tmp_path / "chart", {"config": "{{ fail `no color` }}"})
    with pytest.raises(RenderError, match=r"shop.yaml:\d+: shop: chart .*no color"):
        render(asks({"chart": {"path": "../chart"}}))
