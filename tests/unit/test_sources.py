"""Sources of components: what files may say of them, and what comes of several that do."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.components import contents
from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.explain import explain
from stackctl.actions.profiles import described
from stackctl.cli.report.catalogue.components import component_result
from stackctl.cli.report.catalogue.explain import explain_result
from stackctl.cli.report.catalogue.profiles import profile_result
from stackctl.cli.report.catalogue.values import settings_of
from stackctl.cli.report.rendering import Page
from stackctl.cli.terminal.terminal import Paint
from stackctl.errors import ConfigError, RenderError, StackError
from stackctl.model.catalogue.source import ChartSource, ManifestFile, Source, overlaid
from stackctl.model.charts.capabilities import Capabilities
from stackctl.model.compose.bundle import Bundle
from stackctl.model.documents.documents import document_schema
from stackctl.model.objects.refs import Manifest
from stackctl.model.resolve.bound_values import with_parameters
from stackctl.model.resolve.explanation import Explanation
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Chosen
from stackctl.model.shapes.decode import decode
from stackctl.sources.files import read_catalogue, read_stack_file
from stackctl.sources.upstream import helm, kustomize
from tests import charts
from tests.documents import faults
from tests.unit import fake

COMPONENT = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {name: shop, description: for tests}
spec:
  version: 1.0.0
  namespace: shop
  source:
    chart:
      path: chart
      values:
        color: red
        size: {width: 1, height: 2}
        list: [a, b]
  parameters:
    color:
      type: string
      description: c
      places: [{values: color}]
    height:
      type: integer
      default: 3
      description: h
      places: [{values: size.height}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A catalogue with a component that comes from a chart."""
    folder = tmp_path / "manifests" / "shop"
    folder.mkdir(parents=True)
    (folder / "component.yaml").write_text(COMPONENT)
    return tmp_path


def write_profile(folder: Path, components: str, name: str = "mine", spec: str = "") -> None:
    (folder / "profiles").mkdir(exist_ok=True)
    head = "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\n"
    head += f"metadata: {{name: {name}, description: d}}\nspec:\n{spec}  components:\n"
    (folder / "profiles" / f"{name}.yaml").write_text(head + components)


def chosen(folder: Path, profile: str = "mine", **given: Any) -> Chosen:
    (part,) = resolve(read_catalogue([folder]), profile, **given).components
    return part


def values(part: Chosen) -> dict[str, Any]:
    assert part.source is not None
    own = f"{part.component.folder}/component.yaml"
    return with_parameters(part.source, part.component.spec.parameters, part.parameters, own)


def problems(folder: Path, components: str) -> str:
    write_profile(folder, components)
    with pytest.raises(StackError) as caught:
        values(chosen(folder))
    return str(caught.value)


def test_values_merge_as_helm_merges_files_of_values(shop: Path):
    """Maps merge, lists replace, a null stays for Helm to take out what the chart says."""
    write_profile(shop, "    shop: {values: {size: {width: 5}, list: [c], color: null}}\n")
    assert values(chosen(shop)) == {
        "color": None,
        "size": {"width": 5, "height": 3},
        "list": ["c"],
    }


def test_the_later_file_wins_and_each_value_has_its_line(shop: Path):
    """Component, profile chain, stack file."""
    write_profile(shop, "    shop:\n      values:\n        color: green\n", "ground")
    write_profile(shop, "    shop: {values: {size: {width: 7}}}\n", spec="  extends: ground\n")
    stack = shop / "stack.yaml"
    stack.write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Stack\nmetadata: {name: s}\nspec:\n"
        "  profile: mine\n  components:\n    shop:\n      values:\n        color: blue\n"
    )
    part = chosen(shop, stack=read_stack_file(stack))
    assert values(part) == {"color": "blue", "size": {"width": 7, "height": 3}, "list": ["a", "b"]}
    assert part.source is not None
    origins = [str(each.origin(("color",))) for each in part.source.layers]
    assert origins[0].endswith("component.yaml:11")
    assert origins[1].endswith("profiles/ground.yaml:8")
    assert origins[3].endswith("stack.yaml:9")


def explained(folder: Path, name: str) -> list[str]:
    """Say what each layer says of a value, the last word first."""
    told = explain(name, StackRequest(profile="mine", catalogs=(folder,)))
    assert isinstance(told, Explanation)
    assert not faults(explain_result(told).document(), document_schema("ValueExplanation"))
    where = [str(each.origin).rpartition("/")[2] for each in told.said]
    return [f"{each.value} {at}" for each, at in zip(told.said, where, strict=True)]


def test_each_value_of_a_chart_is_explained(shop: Path):
    """By every layer with its line, the parameters that are bound to it too."""
    choice = "{values: {size: {width: 7}, color: null, tls: {privateKey: hush}}}"
    write_profile(shop, f"    shop: {choice}\n")
    assert explained(shop, "shop.values.size.width") == ["7 mine.yaml:6", "1 component.yaml:12"]
    assert explained(shop, "shop.values.size.height") == [
        "3 component.yaml:21",
        "2 component.yaml:12",
    ]
    assert explained(shop, "shop.values.color") == ["None mine.yaml:6", "red component.yaml:11"]
    assert explained(shop, "shop.values.tls.privateKey") == ["<masked> mine.yaml:6"]
    assert explained(shop, "shop.values.tls") == ["{'privateKey': '<masked>'} mine.yaml:6"]
    assert explained(shop, "shop.source") == ["chart chart component.yaml:7"]
    with pytest.raises(ConfigError, match=r"nobody says shop\.values\.size\.depth: what the chart"):
        explained(shop, "shop.values.size.depth")
    with pytest.raises(ConfigError, match=r"called width; did you mean values\.size\.width"):
        explained(shop, "shop.width")
    settings = {name: value for name, value, _ in settings_of(chosen(shop))}
    assert settings["shop.values.size.width"] == 7
    assert settings["shop.values.tls.privateKey"] == "<masked>"


def test_a_value_that_a_secret_parameter_sets_is_hidden_with_all_around_it(shop: Path):
    file = shop / "manifests" / "shop" / "component.yaml"
    file.write_text(COMPONENT.replace("description: h", "description: h\n      secret: true"))
    write_profile(shop, "    shop: {parameters: {height: 424242}}\n")
    assert explained(shop, "shop.values.size.height")[0] == "<masked> mine.yaml:6"
    assert (
        explained(shop, "shop.values.size")[0] == "{'width': 1, 'height': '<masked>'} mine.yaml:6"
    )


def test_a_component_that_a_profile_alone_has_is_asked_for_with_that_profile(shop: Path):
    """It has no folder and no component.yaml, and none is spoken of."""
    write_profile(shop, "    alone: {source: {chart: {path: c}}, parameters: {namespace: a}}\n")
    with pytest.raises(ConfigError) as caught:
        explain("alone", StackRequest(catalogs=(shop,)))
    assert "alone is in no folder of components: profile mine says" in str(caught.value)
    assert caught.value.hint == "stackctl explain alone --profile mine"
    assert explained(shop, "alone.namespace") == ["a mine.yaml:6", "alone default"]


def test_a_parameter_that_is_set_wins_and_its_default_does_not(shop: Path):
    """A default stands below what profiles say of the place."""
    write_profile(shop, "    shop: {values: {size: {height: 9}}, parameters: {color: pink}}\n")
    assert values(chosen(shop)) == {
        "color": "pink",
        "size": {"width": 1, "height": 9},
        "list": ["a", "b"],
    }


def test_a_parameter_and_values_that_disagree_are_an_error_with_both_lines(shop: Path):
    """Neither of them is the stronger."""
    text = "    shop:\n      values: {color: green}\n      parameters: {color: pink}\n"
    said = problems(shop, text)
    assert "mine.yaml:7: values.color is what the parameter color sets" in said
    assert "mine.yaml:8" in said


def test_a_profile_alone_makes_a_component_of_a_source(tmp_path: Path):
    """No folder is needed: its name is its namespace, unless somebody says another."""
    write_profile(tmp_path, "    redis: {source: {chart: {path: ../redis}}}\n")
    part = chosen(tmp_path)
    assert (part.component.name, part.namespace, part.component.folder) == ("redis", "redis", "")


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{chart: {}}", "no component is called redis"),
        ("{chart: {path: a, oci: 'oci://b/c'}}", "expected one of path, repository with name"),
        ("{chart: {repository: 'https://e'}}", "name is missing"),
        ("{chart: {repository: 'https://e', name: c}}", "version is missing"),
        ("{chart: {repository: 'https://e', name: c, version: '>=1'}}", "such as 1.2.3, not >=1"),
        ("{chart: {oci: 'oci://e/n:1', version: 1.0.0}}", "the version belongs in version"),
        ("{chart: {oci: 'e/n', version: 1.0.0}}", "a reference such as oci://"),
        ("{chart: {path: a}, kustomize: b}", "expected one of chart, kustomize and manifests"),
        ("{manifests: [{url: 'https://e/x'}]}", "sha256 is missing"),
        ("{manifests: [{path: a, url: 'https://e'}]}", "expected one of path and url"),
        ("{chart: {path: a, digest: abc}}", "expected sha256: and 64 hexadecimal digits"),
        ("{chart: {path: a, hooks: {Job/a: maybe}}}", "expected one of before, after, skip"),
        ("{chart: {pth: a}}", "unknown key; did you mean path?"),
        ("{manifests: [1]}", "expected a map, found the number 1"),
    ],
)
def test_a_source_that_says_too_little_or_too_much(tmp_path: Path, source: str, what: str):
    """File, line, and what was expected."""
    said = problems(tmp_path, f"    redis:\n      source: {source}\n")
    assert what in said
    assert "mine.yaml:" in said


def test_values_of_what_is_no_chart_are_an_error(tmp_path: Path):
    """They would change nothing."""
    said = problems(tmp_path, "    a: {source: {kustomize: a}, values: {x: 1}}\n")
    assert "a comes from no chart: it has no values" in said


def test_another_version_lets_go_of_the_digest():
    """It was the digest of another chart."""
    base = Source(ChartSource(oci="oci://e/n", version="1.0.0", digest=f"sha256:{'0' * 64}"))
    over = overlaid(base, Source(ChartSource(version="1.1.0")))
    assert over.chart == ChartSource(oci="oci://e/n", version="1.1.0")


def test_a_text_alone_is_the_path_of_a_file():
    """As people write it."""
    assert decode(ManifestFile, "a.yaml") == ManifestFile(path="a.yaml")


def test_without_helm_a_component_is_described_as_far_as_it_goes(
    shop: Path, monkeypatch: pytest.MonkeyPatch
):
    """What can be set is known; what it installs is not, and how to get Helm is said."""
    (shop / "manifests" / "shop" / "chart").mkdir()
    (shop / "manifests" / "shop" / "chart" / "Chart.yaml").write_text("name: x\nversion: 1.0.0\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(shop / "cache"))
    monkeypatch.setenv("PATH", str(shop))
    monkeypatch.delenv("STACKCTL_HELM", raising=False)
    found = contents("shop", [shop])
    assert found.hidden is not None
    assert "there is no program called helm" in str(found.hidden)
    assert "STACKCTL_HELM" in found.hidden.hint
    told = component_result(found)
    assert "color  (string" in (text := "\n".join(told.lines(Page(Paint(on=False), 80))))
    assert "not known" in text
    assert "STACKCTL_HELM" in text
    assert faults(told.document(), document_schema("ComponentList")) == []


def test_a_stack_is_described_as_far_as_its_sources_are_here(tmp_path: Path):
    """What cannot be rendered is named with the reason, and keeps nobody else's from being told."""
    (tmp_path / "profiles").mkdir()
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    (tmp_path / "here.yaml").write_text(text)
    components = (
        "    gone: {source: {manifests: [nowhere.yaml]}, parameters: {namespace: a}}\n"
        "    there: {source: {manifests: [../here.yaml]}, parameters: {namespace: a}}\n"
    )
    write_profile(tmp_path, components)
    result = profile_result(*described("mine", [tmp_path]))
    assert faults(result.document(), document_schema("ProfileDescription")) == []
    told = "\n".join(result.lines(Page(Paint(on=False), None)))
    assert re.search(r"  gone +- +managed", told)
    assert re.search(r"  gone\n +not known: .*mine\.yaml:6: gone: .*no such file", told)
    assert "  there\n      1 ConfigMap, 1 Namespace" in told
    for name, objects in (("gone", "not known"), ("there", "1 ConfigMap, 1 Namespace")):
        found = explain(name, StackRequest(profile="mine", catalogs=(tmp_path,)))
        assert objects in "\n".join(explain_result(found).lines(Page(Paint(on=False), None)))
    with pytest.raises(RenderError, match="no such file"):
        compose_stack(StackRequest(profile="mine", catalogs=(tmp_path,)))


def test_a_helm_that_is_too_old_is_refused(tmp_path: Path):
    """By its own word."""
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\necho v3.9.1\n")
    program.chmod(0o755)
    with pytest.raises(RenderError, match=r"is Helm v3.9.1: 3.17 or newer is needed"):
        helm.find({"STACKCTL_HELM": str(program), "PATH": "/usr/bin:/bin"})


# files and kustomize folders

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\ndata: {text: hello}\n"


def composed(folder: Path, components: str) -> Bundle:
    write_profile(folder, components)
    return compose_stack(StackRequest(profile="mine", catalogs=(folder,))).bundle


def found(bundle: Bundle) -> list[Manifest]:
    return [each for each in bundle.manifests if each["kind"] != "Namespace"]


def test_files_are_a_source(tmp_path: Path):
    """They get the namespace and the layers that our own manifests have."""
    (tmp_path / "page.yaml").write_text(CONFIG)
    patch = "{apiVersion: v1, kind: ConfigMap, metadata: {name: page}, data: {more: x}}"
    text = f"    page: {{source: {{manifests: [../page.yaml]}}, patches: [{patch}]}}\n"
    bundle = composed(tmp_path, text)
    (config,) = found(bundle)
    assert config["metadata"]["namespace"] == "page"
    assert config["data"] == {"text": "hello", "more": "x"}
    assert [each["metadata"]["name"] for each in bundle.manifests] == ["page", "page"]


def test_a_file_that_is_another_one_is_refused(tmp_path: Path):
    """Where a digest is said, it holds on this machine as well."""
    (tmp_path / "page.yaml").write_text(CONFIG)
    source = f"{{path: ../page.yaml, sha256: {'a' * 64}}}"
    with pytest.raises(RenderError, match=f"expected the SHA-256 {'a' * 64}, found"):
        composed(tmp_path, f"    page: {{source: {{manifests: [{source}]}}}}\n")


def test_what_is_wrong_with_every_source_is_said_at_once(tmp_path: Path):
    """Each with the line that names it."""
    with pytest.raises(RenderError) as caught:
        composed(
            tmp_path,
            "    first: {source: {manifests: [none.yaml]}}\n"
            "    other: {source: {kustomize: nowhere}}\n",
        )
    assert str(caught.value).splitlines()[0] == "these components cannot be rendered:"
    first, other = caught.value.each
    assert "mine.yaml:6: first: " in first
    assert "mine.yaml:7: other: " in other


def test_a_file_that_nobody_gives_is_another_fault_than_one_that_is_not_there(tmp_path: Path):
    """Trying again later helps with the first; the cause is said without Python's wrapping."""
    source = "{manifests: [{url: 'http://127.0.0.1:9/a.yaml', sha256: '%s'}]}" % ("0" * 64)
    with pytest.raises(RenderError) as caught:
        composed(tmp_path, f"    far: {{source: {source}}}\n")
    assert caught.value.exit_code == 5
    assert "http://127.0.0.1:9/a.yaml cannot be fetched: Failed to establish" in str(caught.value)
    with charts.serving(b"") as server:
        gone = source.replace("http://127.0.0.1:9", server.url)
        with pytest.raises(RenderError, match="the server answers 404") as caught:
            composed(tmp_path, f"    far: {{source: {gone}}}\n")
    assert caught.value.exit_code == 4


def test_a_kustomize_folder_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Built by what is installed."""
    folder = tmp_path / "overlay"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("resources: [page.yaml]\nnamePrefix: my-\n")
    (folder / "page.yaml").write_text(CONFIG)
    ran: list[Any] = []

    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[bytes]":
        ran.append(command[1:])
        return subprocess.CompletedProcess(command, 0, CONFIG.encode(), b"")

    program = tmp_path / "kubectl"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", run)
    assert found(composed(tmp_path, "    page: {source: {kustomize: ../overlay}}\n"))
    assert ran == [["kustomize", str(tmp_path / "profiles" / "../overlay")]]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("resources: ['https://example.com/x.yaml']", "is remote"),
        ("resources: ['git@example.com:a/b']", "is remote"),
        ("bases: ['github.com/a/b?ref=v1']", "is remote"),
        ("generators: [x.yaml]", "plugins are refused"),
        ("helmCharts: [{name: x}]", "plugins are refused"),
        ("resources: [inner]", "inner/kustomization.yaml: resources: https://e.com/x is remote"),
    ],
)
def test_kustomize_uses_nothing_from_elsewhere(tmp_path: Path, text: str, what: str):
    """A base from elsewhere is another one tomorrow, a plugin runs here; bases included."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "kustomization.yaml").write_text(text)
    (tmp_path / "inner" / "kustomization.yaml").write_text("resources: ['https://e.com/x']")
    with pytest.raises(RenderError, match=what):
        kustomize.build(".", str(tmp_path / "profile.yaml"), "ns", {})


def test_definitions_count_as_served():
    """So that the first deploy renders what the second does."""
    spec = {"group": "e.dev", "names": {"kind": "Thing"}, "versions": [{"name": "v1"}]}
    definition = fake.value("{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition}")
    able = Capabilities().with_kinds([definition | {"metadata": {"name": "x"}, "spec": spec}])
    assert able.apis == {"e.dev/v1", "e.dev/v1/Thing"}


@pytest.mark.usefixtures("some_shipped")
def test_a_source_of_its_own_is_not_for_a_component_with_manifests(tmp_path: Path):
    """What its parameters are bound to would not be there; a chart that they follow may be."""
    write_profile(tmp_path, "    tf-serving: {source: {chart: {path: a}}}\n")
    with pytest.raises(ConfigError, match="has manifests of its own"):
        chosen(tmp_path)
    write_profile(tmp_path, "    spark-operator: {source: {kustomize: a}}\n")
    with pytest.raises(ConfigError, match="has manifests of its own"):
        chosen(tmp_path)


SPARK = "    spark-operator: {values: {a: 1}, parameters: {workers: 3}}\n"
UPSTREAM = "https://kubeflow.github.io/spark-operator/spark-operator"


@pytest.mark.parametrize(
    ("said", "components", "chart"),
    [
        ("chart", SPARK, f"{UPSTREAM} 2.5.2"),
        ("chart:2.4.0", SPARK, f"{UPSTREAM} 2.4.0"),
        ("manifests", SPARK, None),
        ("manifests", "    spark-operator: {source: {chart: {version: 2.4.0}}}\n", None),
        ("null", "    spark-operator: {source: {chart: {version: 2.4.0}}}\n", f"{UPSTREAM} 2.4.0"),
        ("chart", "    spark-operator: {source: {chart: {path: a}}}\n", "a"),
    ],
)
@pytest.mark.usefixtures("some_shipped")
def test_a_component_is_switched_to_the_chart_its_manifests_follow(
    tmp_path: Path, said: str, components: str, chart: str | None
):
    """By the command line, which goes before the files, whose values wait until there is one."""
    write_profile(tmp_path, components)
    found = chosen(tmp_path, sets=[f"spark-operator.source={said}"])
    assert (str(found.source.source.chart) if found.source else None) == chart
    if found.source is not None:
        assert found.source.instead
        assert not found.source.own
        assert found.source.values in ({"a": 1}, {})


@pytest.mark.usefixtures("some_shipped")
def test_who_has_switched_a_component_is_said(tmp_path: Path):
    """Where the command line has, no file is."""
    write_profile(tmp_path, SPARK)
    found = chosen(tmp_path, sets=["spark-operator.source=chart"])
    assert found.source is not None
    assert str(found.source.origin) == "--set"


@pytest.mark.parametrize(
    ("components", "said", "what"),
    [
        (SPARK, "helm", "expected manifests, chart or chart:VERSION"),
        (SPARK, "chart:", "expected manifests, chart or chart:VERSION"),
        (SPARK, "chart:newest", "expected a version such as 1.2.3"),
        ("    tf-serving: {}\n", "chart", "tf-serving comes from no chart"),
        ("    spark-operator: {source: {chart: {path: a}}}\n", "chart:1.0.0", "no other version"),
        ("    x: {source: {chart: {path: a}}}\n", "manifests", "has no manifests of its own"),
    ],
)
@pytest.mark.usefixtures("some_shipped")
def test_a_switch_that_leads_nowhere_is_refused(
    tmp_path: Path, components: str, said: str, what: str
):
    """With what was said."""
    write_profile(tmp_path, components)
    name = components.strip().partition(":")[0]
    with pytest.raises(ConfigError, match=what):
        chosen(tmp_path, sets=[f"{name}.source={said}"])


LAYERED = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {name: web, description: for tests}
spec:
  version: 1.0.0
  namespace: web
  source: {manifests: [web.yaml]}
  parameters:
    replicas:
      type: integer
      default: 3
      description: r
      places: [{object: Deployment/web, path: spec.replicas}]
    text:
      type: string
      default: x
      description: of what this source does not have
      places: [{object: ConfigMap/gone, path: data.text}]
  features:
    wide: {description: w}
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "web:1"}]}
"""
WIDE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: main, args: [--wide]}]}}}
"""


@pytest.mark.usefixtures("some_shipped")
def test_what_comes_of_a_source_has_every_layer(tmp_path: Path):
    """Parameters, features and settings reach it, in whatever namespace it is."""
    folder = tmp_path / "manifests" / "web"
    (folder / "features" / "wide" / "patches").mkdir(parents=True)
    (folder / "component.yaml").write_text(LAYERED)
    (folder / "web.yaml").write_text(WEB)
    (folder / "features" / "wide" / "patches" / "web.yaml").write_text(WIDE)
    choice = "    web: {features: {wide: true}, parameters: {namespace: elsewhere}}\n"
    settings = "  settings: {imageRegistry: mirror.example.com, labels: {team: ml}}\n"
    bundle = composed(tmp_path, choice + settings)
    (found_,) = found(bundle)
    assert found_["metadata"]["namespace"] == "elsewhere"
    assert found_["metadata"]["labels"]["team"] == "ml"
    assert found_["spec"]["replicas"] == 3
    (container,) = found_["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "mirror.example.com/library/web:1"
    assert container["args"] == ["--wide"]


@pytest.mark.usefixtures("some_shipped")
def test_what_is_set_must_have_a_place(tmp_path: Path):
    """A default may be for what the source does not have this time; what somebody says is not."""
    folder = tmp_path / "manifests" / "web"
    (folder / "features" / "wide" / "patches").mkdir(parents=True)
    (folder / "component.yaml").write_text(LAYERED)
    (folder / "web.yaml").write_text(WEB)
    with pytest.raises(RenderError, match="there is no ConfigMap/gone"):
        composed(tmp_path, "    web: {parameters: {text: hello}}\n")


def test_what_uses_a_kind_waits_for_who_defines_it(tmp_path: Path):
    """Where a source cannot know of which component that is."""
    (tmp_path / "kind.yaml").write_text(DEFINITION)
    (tmp_path / "one.yaml").write_text("{apiVersion: e.dev/v1, kind: Thing, metadata: {name: one}}")
    text = "    a: {source: {manifests: [../one.yaml]}}\n"
    text += "    z: {source: {manifests: [../kind.yaml]}}\n"
    bundle = composed(tmp_path, text)
    needs = {part.name: set(part.needs) for part in bundle.components}
    assert needs == {"a": {"z"}, "z": set()}
    (one,) = [each for each in bundle.manifests if each["kind"] == "Thing"]
    assert one["metadata"]["namespace"] == "a"


DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.e.dev}
spec:
  group: e.dev
  scope: Namespaced
  names: {kind: Thing, plural: things, singular: thing}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""
