"""What `component new` writes, what it finds in manifests, and what it refuses to touch."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.lint import lint_components
from stackctl.cli import run
from stackctl.model.catalogue.lint_rules import Severity
from stackctl.sources import yaml
from stackctl.sources.components import read_component, read_manifests
from tests import charts
from tests.plain import DIGEST, WEB, write_plain


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder of manifests in the working directory."""
    monkeypatch.chdir(tmp_path)
    write_plain(tmp_path / "k8s", "shop")
    return Path(tmp_path)


def new(capsys: Any, *words: str) -> tuple[int, str, str]:
    code = run(["component", "new", *words])
    out, err = capsys.readouterr()
    return code, out, err


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_manifests_are_taken_as_they_are(here, capsys):
    """Byte by byte, with their comments; folders within are left out, as kubectl does."""
    code, out, err = new(capsys, "shop", "--from", "k8s")
    assert code == 0
    assert files(here / "catalog") == {
        "manifests/shop/component.yaml",
        "manifests/shop/base/web.yaml",
        "manifests/shop/base/rest.yml",
        "manifests/shop/base/store.json",
        "manifests/shop/base/tidy.yaml",
        "manifests/shop/base/namespace.yaml",
        "profiles/shop.yaml",
    }
    assert {line.removeprefix("written: catalog/") for line in out.splitlines()} == files(
        here / "catalog"
    )
    assert (here / "catalog/manifests/shop/base/web.yaml").read_text() == WEB
    assert err.startswith("next: stackctl component lint shop --catalog catalog, ")


def test_images_ports_replicas_and_resources_are_found(here, capsys):
    """Each parameter has the default that the manifests say, and a name of its own."""
    code, out, _ = new(capsys, "shop", "--from", "k8s", "-o", "json")
    found = json.loads(out)
    assert code == 0
    assert (found["version"], found["namespace"]) == ("2.3.1", "shop")
    assert found["images"] == [
        "docker.io/library/redis:8.2",
        "docker.io/library/busybox:1.37",
        f"docker.io/library/nginx:1.29.4@{DIGEST}",
        "registry.example.com:5000/metrics/exporter",
    ]
    parameters = read_component(here / "catalog/manifests/shop").spec.parameters
    assert {name: each.default for name, each in parameters.items()} == {
        "webReplicas": 2,
        "webCpuRequest": "100m",
        "sidecarCpuRequest": "10m",
        "memoryRequest": "64Mi",
        "webMemoryLimit": "128Mi",
        "storeMemoryLimit": "1Gi",
        "storeReplicas": 1,
        "serviceType": "ClusterIP",
        "port": 80,
        "host": "web.example.com",
    }
    assert [place.path for place in parameters["host"].places] == [
        "spec.rules[0].host",
        "spec.tls[0].hosts[0]",
    ]


def test_what_it_writes_is_a_component_without_errors(here, capsys):
    """Read as strictly as any other; what there is to mend is the manifests'."""
    new(capsys, "shop", "--from", "k8s")
    folder = here / "catalog/manifests/shop"
    assert read_manifests(read_component(folder))
    found = lint_components([str(folder)])
    assert [each for each in found.open if each.finding.rule.severity is Severity.ERROR] == []


def test_parameters_reach_their_places(here, capsys):
    """As proposed, through the profile that was written beside it."""
    new(capsys, "shop", "--from", "k8s")
    sets = {
        "webReplicas": "7",
        "storeMemoryLimit": "3Gi",
        "port": "8088",
        "host": "shop.example.org",
        "serviceType": "NodePort",
        "namespace": "market",
    }
    words = [word for key, value in sets.items() for word in ("--set", f"shop.{key}={value}")]
    assert run(["render", "shop", "--catalog", "catalog", *words]) == 0
    objects = {
        f"{each.value['kind']}/{each.value['metadata']['name']}": each.value
        for each in yaml.load_all(capsys.readouterr().out)
    }
    assert objects["Deployment/web"]["spec"]["replicas"] == 7
    assert objects["Deployment/web"]["metadata"]["namespace"] == "market"
    assert objects["Service/web"]["spec"]["type"] == "NodePort"
    assert objects["Service/web"]["spec"]["ports"][0]["port"] == 8088
    ingress = objects["Ingress/web"]["spec"]
    assert (ingress["rules"][0]["host"], ingress["tls"][0]["hosts"]) == (
        "shop.example.org",
        ["shop.example.org"],
    )


def test_without_manifests_there_is_an_example_that_is_clean(here, capsys):
    """Nothing in it is to be mended, warnings included."""
    code, _, _ = new(capsys, "landing", "--catalog", "mine")
    assert code == 0
    assert lint_components([str(here / "mine/manifests/landing")]).remarks == ()
    assert run(["render", "landing", "--catalog", "mine"]) == 0
    assert "kind: Deployment" in capsys.readouterr().out


def test_comments_say_what_else_could_be_said(here, capsys):
    """What is commented out is right as it stands, once it is taken in."""
    new(capsys, "shop", "--from", "k8s")
    file = here / "catalog/manifests/shop/component.yaml"
    text = file.read_text()
    assert "# restartOn:\n  #   Deployment/web: [ConfigMap/settings]\n" in text
    assert max(map(len, text.splitlines())) <= 110
    taken = re.sub(r"^  # (?=restartOn|  Deployment/web|provides)", "  ", text, flags=re.MULTILINE)
    file.write_text(taken)
    spec = read_component(file.parent).spec
    assert spec.restartOn == {"Deployment/web": ("ConfigMap/settings",)}
    assert spec.provides == ("shop",)


def test_a_namespace_of_the_manifests_is_the_components(here, capsys):
    """None is made where they have it, and the most used one counts."""
    (here / "one.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: ours}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ours}\n"
    )
    _, out, _ = new(capsys, "thing", "--from", "one.yaml", "-o", "json")
    found = json.loads(out)
    assert found["namespace"] == "ours"
    assert [Path(each).name for each in found["files"]] == [
        "component.yaml",
        "one.yaml",
        "thing.yaml",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("kind: ConfigMap\n", "an object needs apiVersion"),
        ("{", "odd.yaml:2: "),
        ("# nothing\n", "there are no manifests"),
        (
            WEB.replace("matchLabels: {app: web}", "matchLabels: {app: shop}"),
            "the selector wants the label app=shop",
        ),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n" * 2, "is there twice"),
    ],
)
def test_manifests_that_no_stack_could_deploy_are_refused(here, capsys, content, said):
    """Before anything is written."""
    (here / "odd.yaml").write_text(content)
    code, _, err = new(capsys, "odd", "--from", "odd.yaml")
    assert code == 3
    assert said in err
    assert not (here / "catalog").exists()


def test_a_component_is_no_manifests_of_another(here, capsys):
    (here / "made").mkdir()
    (here / "made" / "component.yaml").write_text("a: b\n")
    code, _, err = new(capsys, "made", "--from", "made")
    assert code == 3
    assert "stackctl component lint made" in err


VALUES = """\
replicaCount: 2
worker: {replicas: 3, enabled: true}
service: {port: 8080, targetPort: 80}
metrics: {port: -1}
"""


@pytest.mark.parametrize("what", ["charts/web", "web.tgz", "charts/web/Chart.yaml"])
def test_a_chart_is_named_where_it_is_with_proposals_of_its_values(here, capsys, what):
    """By a path from component.yaml, in the version of the chart; parameters reach the values."""
    folder = charts.write_chart(
        here / "charts" / "web", {"all": charts.CONFIG}, name="web", version="3.2.1", values=VALUES
    )
    (here / "web.tgz").write_bytes(charts.packed(folder, "web"))
    code, _, err = new(capsys, "shop", "--from", what)
    assert code == 0, err
    assert files(here / "catalog") == {"manifests/shop/component.yaml", "profiles/shop.yaml"}
    component = read_component(here / "catalog" / "manifests" / "shop")
    assert component.spec.version == "3.2.1"
    assert component.spec.source is not None
    chart = component.spec.source.chart
    assert chart is not None
    there = (here / "catalog/manifests/shop" / chart.path).resolve()
    assert there == (here / what.removesuffix("/Chart.yaml")).resolve()
    parameters = component.spec.parameters.items()
    assert {key: (each.default, each.places[0].values) for key, each in parameters} == {
        "replicas": (2, "replicaCount"),
        "workerReplicas": (3, "worker.replicas"),
        "servicePort": (8080, "service.port"),
    }
    assert lint_components([str(here / "catalog/manifests/shop")]).remarks == ()


@pytest.mark.parametrize("what", ["overlay", "overlay/kustomization.yaml"])
def test_a_kustomize_folder_is_named_where_it_is(here, capsys, what):
    (here / "overlay").mkdir()
    (here / "overlay" / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    code, _, err = new(capsys, "shop", "--from", what)
    assert code == 0, err
    component = read_component(here / "catalog" / "manifests" / "shop")
    assert component.spec.source is not None
    assert component.spec.source.kustomize == "../../../overlay"


def test_what_is_no_chart_is_refused_and_nothing_written(here, capsys):
    (here / "web.tgz").write_bytes(b"no archive")
    code, _, err = new(capsys, "shop", "--from", "web.tgz")
    assert (code, "web.tgz: no archive of a chart" in err) == (4, True)
    folder = charts.write_chart(here / "web", {}, values="a: [")
    code, _, err = new(capsys, "shop", "--from", str(folder))
    assert (code, "web/values.yaml:2: " in err) == (3, True)
    code, _, err = new(capsys, "shop", "--from", "oci://registry.example.com/web")
    assert (code, "source: {chart: {oci: ADDRESS" in err) == (3, True)
    assert not (here / "catalog").exists()


@pytest.mark.usefixtures("some_shipped")
def test_what_is_there_is_never_written_over(here, capsys):
    """Neither a component, nor one of another catalogue, nor a profile."""
    profile = here / "catalog/profiles/shop.yaml"
    profile.parent.mkdir(parents=True)
    profile.write_text("mine: yes\n")
    code, _, err = new(capsys, "shop", "--from", "k8s")
    assert code == 0
    assert "there is a profile shop already" in err
    assert "stackctl deploy" not in err
    assert profile.read_text() == "mine: yes\n"
    before = {name: (here / "catalog" / name).read_bytes() for name in files(here / "catalog")}
    code, _, err = new(capsys, "shop")
    assert code == 7
    assert "catalog/manifests/shop: exists already and is never rewritten" in err
    assert before == {n: (here / "catalog" / n).read_bytes() for n in files(here / "catalog")}
    code, _, err = new(capsys, "kserve")
    assert code == 7
    assert "a component is called kserve already" in err


def test_a_name_that_no_component_can_have_is_refused(here, capsys):
    """It becomes a folder, and the name of objects."""
    code, _, err = new(capsys, "../Shop")
    assert code == 3
    assert "expected a name of small letters" in err


def test_files_that_only_their_owner_may_read_stay_so(here, capsys):
    """They may hold secrets."""
    (here / "k8s/web.yaml").chmod(0o600)
    new(capsys, "shop", "--from", "k8s")
    assert (here / "catalog/manifests/shop/base/web.yaml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["123", "007", "1e3", "0x1f", "true", "null", "no", "y"])
def test_a_name_that_yaml_reads_as_something_else_is_quoted(here, capsys, name):
    """In every file that is written, so that every other command reads the name again."""
    code, _, err = new(capsys, name)
    assert (code, err.startswith(f"next: stackctl component lint {name}")) == (0, True)
    home = here / "catalog/manifests" / name
    assert read_component(home).name == name
    objects = [o for file in home.glob("base/*") for o in yaml.load_all(file.read_bytes())]
    assert {each.value["metadata"]["name"] for each in objects} == {name}
    assert yaml.load((here / f"catalog/profiles/{name}.yaml").read_text())["spec"] == {
        "components": {name: {}}
    }
    assert run(["render", name, "--catalog", "catalog", "--quiet"]) == 0
