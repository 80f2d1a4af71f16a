"""What `profile import` makes of a recipe of NVIDIA AICR, what it lists, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from stackctl.cli import run
from stackctl.sources import yaml
from stackctl.sources.files import read_catalogue, read_manifests
from stackctl.sources.upstream.recipes import read_recipe
from tests.recipes import FILES, LAYERS, RECIPE, write_files


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A recipe, and the files that it names, in the working directory."""
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path, {"lab.yaml": RECIPE, **FILES})
    return Path(tmp_path)


def imported(capsys: Any, *words: str) -> tuple[int, str, str]:
    code = run(["profile", "import", *words])
    out, err = capsys.readouterr()
    return code, out, err


def profile(folder: Path, name: str = "lab") -> Any:
    return yaml.load((folder / f"catalog/profiles/{name}.yaml").read_text())["spec"]


def component(folder: Path, name: str) -> Any:
    text = (folder / f"catalog/manifests/{name}/component.yaml").read_text()
    return yaml.load(text)["spec"]


@pytest.mark.usefixtures("some_shipped")
def test_what_the_catalogue_has_is_that_component(here, capsys):
    """In the namespace of the recipe; the chart's own values say nothing to it, and are listed."""
    code, out, _ = imported(capsys, "lab.yaml")
    assert code == 0
    assert profile(here)["components"]["cert-manager"] == {
        "parameters": {"namespace": "certificates"}
    }
    assert not (here / "catalog/manifests/cert-manager").exists()
    assert "cert-manager: value webhook.timeoutSeconds: cert-manager here has parameters" in out


@pytest.mark.usefixtures("some_shipped")
def test_any_other_chart_becomes_a_component_of_its_own(here, capsys):
    """With its version and namespace; it comes after what it depends on, ours or not."""
    imported(capsys, "lab.yaml")
    assert component(here, "shop") == {
        "version": "1.2.0",
        "namespace": "mall",
        "source": {"chart": {"oci": "oci://registry.example.com/charts/shop", "version": "1.2.0"}},
        "after": ["cert-issuer"],
        "provides": ["shop"],
        "detect": {"charts": ["shop"]},
    }
    till = component(here, "till")
    assert till["source"]["chart"] == {
        "repository": "https://charts.example.com",
        "name": "till",
        "version": "2.0.0",
    }
    assert (till["namespace"], till["after"]) == ("till", ["shop", "rules"])


def test_values_are_laid_over_each_other_as_aicr_does(here, capsys):
    """Those of all recipes, those of this file, and those written in the recipe; a null stays."""
    imported(capsys, "lab.yaml")
    assert profile(here)["components"]["shop"]["values"] == {
        "color": "blue",
        "replicas": 3,
        "shades": {"dark": None, "light": 2},
    }


def test_manifests_come_along_and_templates_do_not(here, capsys):
    """Beside a chart they are laid over it; what is nothing else is made of them alone."""
    _, out, _ = imported(capsys, "lab.yaml")
    mall = here / "catalog/manifests"
    assert {p.name for p in (mall / "shop/base").iterdir()} == {"plain.yaml"}
    assert component(here, "rules")["source"] == {"manifests": [{"path": "objects/rules.yaml"}]}
    assert (mall / "rules/objects/rules.yaml").read_text() == FILES[
        "components/rules/manifests/rules.yaml"
    ]
    assert "shop: template components/shop/manifests/made.yaml: Helm alone can make" in out


def test_what_was_written_is_read_as_any_catalogue(here, capsys):
    """Profile, components and their manifests."""
    imported(capsys, "lab.yaml")
    known = read_catalogue([here / "catalog"])
    assert set(known.profile("lab").components) == {"cert-manager", "shop", "rules", "till"}
    assert known.profile("lab").requires == {"kubernetes": ">=1.32.4"}
    for name in ("shop", "rules", "till"):
        read_manifests(known.component(name))


@pytest.mark.usefixtures("some_shipped")
def test_all_that_is_left_out_is_listed_and_in_the_profile(here, capsys):
    """By name, each with the reason: nothing is dropped in silence."""
    _, out, _ = imported(capsys, "lab.yaml", "-o", "json")
    left = {(e.get("component"), e["what"]) for e in json.loads(out)["leftOut"]}
    assert left == {
        ("bell", "Kustomize https://git.example.com/bell deploy v1"),
        ("lamp", "the component"),
        ("cert-manager", "value webhook.timeoutSeconds"),
        ("shop", "template components/shop/manifests/made.yaml"),
        ("shop", "object Deployment/shop"),
        (None, "constraint OS.release.ID ubuntu"),
        (None, "check expected-resources (deployment)"),
        (None, "lift of deploymentOrder"),
        (None, "later (lab.yaml:52)"),
    }
    text = (here / "catalog/profiles/lab.yaml").read_text()
    comments = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    for _, what in left:
        assert what.partition(" ")[2] in comments


def test_files_that_are_nowhere_are_named(here, capsys):
    """The recipe alone says less than it seems to: `aicr` has its values inside."""
    (here / "alone").mkdir()
    (here / "alone/lab.yaml").write_text(RECIPE)
    for file in FILES:
        (here / file).unlink()
    code, out, _ = imported(capsys, "alone/lab.yaml")
    assert code == 0
    assert "shop: files components/shop/values-lab.yaml, components/shop/manifests/plain" in out
    assert "rules: components/rules/manifests/rules.yaml: it has no chart; not found" in out
    write_files(here / "data", FILES)
    code, out, _ = imported(capsys, "alone/lab.yaml", "--name", "more", "--data", "data")
    assert "not found" not in out
    assert profile(here, "more")["components"]["shop"]["values"]["replicas"] == 3


def test_a_bundle_has_the_values_beside_the_recipe(here, capsys):
    """As `aicr bundle` writes it: a folder for each component, its values in it."""
    write_files(here / "bundle", {"recipe.yaml": RECIPE, "shop/values.yaml": "replicas: 7\n"})
    imported(capsys, "bundle/recipe.yaml", "--name", "lab")
    assert profile(here)["components"]["shop"]["values"]["replicas"] == 7


def test_files_outside_the_folder_are_not_read(here, capsys):
    """A recipe is somebody else's: it does not choose among the files of this machine."""
    (here / "secret.yaml").write_text("password: hunter2\n")
    text = RECIPE.replace("components/shop/values-lab.yaml", "../../secret.yaml")
    write_files(here / "a/b", {"lab.yaml": text})
    _, out, _ = imported(capsys, "a/b/lab.yaml", "--data", "a/b")
    assert "../../secret.yaml" in out
    assert "hunter2" not in (here / "catalog/profiles/lab.yaml").read_text()


@pytest.mark.usefixtures("some_shipped")
def test_charts_stand_beside_what_the_catalogue_has(here, capsys):
    """With --charts: called otherwise, with its values, and others count on it all the same."""
    imported(capsys, "lab.yaml", "--charts")
    found = component(here, "cert-manager-chart")
    assert (found["provides"], found["namespace"]) == (["cert-issuer"], "certificates")
    assert profile(here)["components"]["cert-manager-chart"]["values"] == {
        "webhook": {"timeoutSeconds": 5}
    }
    assert component(here, "shop")["after"] == ["cert-issuer"]


def test_a_second_recipe_shares_the_charts_of_the_first(here, capsys):
    """Its version and values are in its own profile; nothing is written twice or over."""
    imported(capsys, "lab.yaml")
    before = (here / "catalog/manifests/shop/component.yaml").read_text()
    (here / "next.yaml").write_text(RECIPE.replace("1.2.0", "1.3.0").replace("blue", "green"))
    code, out, _ = imported(capsys, "next.yaml", "--catalog", "catalog")
    assert code == 0
    assert (here / "catalog/manifests/shop/component.yaml").read_text() == before
    shop = profile(here, "next")["components"]["shop"]
    assert shop["source"] == {"chart": {"version": "1.3.0"}}
    assert shop["values"]["color"] == "green"
    assert "written: catalog/profiles/next.yaml" in out


def test_what_is_there_is_never_written_over(here, capsys):
    """Neither the profile nor a component, and then nothing else is written."""
    imported(capsys, "lab.yaml")
    code, _, err = imported(capsys, "lab.yaml", "--catalog", "catalog")
    assert (code, "catalog/profiles/lab.yaml: exists already" in err) == (7, True)


def test_an_overlay_becomes_what_aicr_makes_of_its_criteria(tmp_path):
    """Everything that matches, the more particular later, over what it is based on, with mixins."""
    write_files(tmp_path, LAYERS)
    found = read_recipe(tmp_path / "overlays/lab-training.yaml")
    assert found.layers == ("base", "counting", "lab", "lab-training", "ubuntu")
    parts = {each.name: each for each in found.ingredients}
    assert set(parts) == {"shop", "till", "counter"}
    assert parts["shop"].overrides == {"color": "blue", "size": 1}
    assert parts["shop"].source == "oci://registry.example.com/charts"
    assert (parts["shop"].version, parts["shop"].namespace) == ("1.0.0", "mall")
    assert parts["till"].manifestFiles == ("a.yaml", "b.yaml")
    assert parts["till"].dependencyRefs == ("shop",)
    assert {each.name: each.value for each in found.constraints} == {
        "K8s.server.version": ">= 1.30",
        "OS.release.ID": "ubuntu",
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: RecipeResult", "kind: Recipe", "lab.yaml:1: kind: expected RecipeResult or"),
        ("kind: RecipeResult\n", "", "kind is missing"),
        ("v1alpha1", "", "lab.yaml:2: apiVersion: expected aicr.nvidia.com/v1alpha1"),
        ("version: v1.17.2", "version: 1.17", "lab.yaml:16: componentRefs[0].version: expected"),
        ("name: till", "name: shop", "componentRefs[3].name: shop is there twice: lab.yaml:18"),
        ("[shop, rules]", "[shop, rule]", "no component is called rule; did you mean"),
        ("dependencyRefs: [cert-manager]", "dependencyRefs: [rules]", "they wait for each other"),
        ("name: bell", "name: Bell", "lab.yaml:39: componentRefs[4].name: expected a name of"),
        ("namespace: mall", "namespace: Mall!", "lab.yaml:19: componentRefs[1].namespace"),
        ("criteria: {", "criteria: [{", "lab.yaml"),
        ("color: blue", "color: blue, color: red", "lab.yaml:25"),
        ("componentRefs:", "componentRef:", "unknown key; did you mean componentRefs?"),
    ],
)
def test_a_bad_recipe_is_refused_with_file_line_and_field(here, capsys, old, new, said):
    """And nothing is written."""
    (here / "lab.yaml").write_text(RECIPE.replace(old, new, 1))
    code, _, err = imported(capsys, "lab.yaml")
    assert code == 3
    assert said in err
    assert not (here / "catalog").exists()


def test_every_fault_is_told_at_once(here, capsys):
    """Also where several fields are wrong."""
    wrong = RECIPE.replace("name: bell", "name: Bell").replace("type: Helm", "type: 3", 1)
    (here / "lab.yaml").write_text(wrong)
    code, out, _ = imported(capsys, "lab.yaml", "-o", "json")
    assert code == 3
    assert len(json.loads(out)["problems"]) == 2


@pytest.mark.parametrize(
    ("file", "wrong", "said"),
    [
        ("overlays/lab-training.yaml", ("base: lab", "base: lap"), "no layer is called lap"),
        (
            "overlays/lab.yaml",
            ("spec:", "spec:\n  base: lab-training"),
            "based on this one in turn",
        ),
        ("overlays/lab-training.yaml", ("[ubuntu]", "[ubunto]"), "no mixin is called ubunto"),
        ("overlays/cloud.yaml", ("criteria:", "criteria: 3 #"), "overlays/cloud.yaml"),
        ("registry.yaml", ("components:", "components: 3 #"), "registry.yaml"),
    ],
)
def test_a_bad_layer_is_named(tmp_path, monkeypatch, capsys, file, wrong, said):
    """The one that is wrong, whichever was asked for."""
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path, {**LAYERS, file: LAYERS[file].replace(*wrong)})
    code, _, err = imported(capsys, "overlays/lab-training.yaml")
    assert (code, said in err) == (3, True), err


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("components/shop/values-lab.yaml", "[1]"),
        ("components/shop/values-lab.yaml", "a: {"),
        ("components/shop/manifests/plain.yaml", "kind: ConfigMap"),
    ],
)
def test_a_bad_file_that_a_recipe_names_is_refused(here, capsys, file, text):
    """By its own name."""
    (here / file).write_text(text)
    code, _, err = imported(capsys, "lab.yaml")
    assert (code, Path(file).name in err) == (3, True), err


@pytest.mark.parametrize("name", ["9" * 400, "a\\0b"])
@pytest.mark.parametrize("field", ["name", "valuesFile", "manifestFiles"])
def test_a_name_that_no_file_can_have_is_no_file(here, capsys, field, name):
    """What is too long for the file system is missing, or refused; it is no bug of ours."""
    said = f'["{name}"]' if field == "manifestFiles" else f'"{name}"'
    part = '- {name: hall, type: Helm, source: "https://charts.example.com", version: 1.0.0, '
    part = f"- {{{field}: {said}, type: Helm" if field == "name" else f"{part}{field}: {said}"
    (here / "lab.yaml").write_text(RECIPE.replace("- name: shop\n", f"{part}}}\n- name: shop\n", 1))
    code, _, err = imported(capsys, "lab.yaml")
    assert code in (0, 3), err


def test_manifests_of_wide_letters_come_along_as_text(here, capsys):
    """YAML may be written in UTF-16, and is as good then."""
    text = FILES["components/rules/manifests/rules.yaml"]
    (here / "components/rules/manifests/rules.yaml").write_bytes(text.encode("utf-16"))
    code, _, err = imported(capsys, "lab.yaml")
    assert code == 0, err
    made = next((here / "catalog/manifests/rules").rglob("rules.yaml"))
    assert made.read_text() == text


def test_a_profile_cannot_be_called_anything(here, capsys):
    """As everywhere else; how to call it is said."""
    (here / "My Recipe.yaml").write_text(RECIPE)
    code, _, err = imported(capsys, "My Recipe.yaml")
    assert code == 3
    assert "--name NAME says how it is called" in err


def test_a_recipe_of_which_nothing_is_left_is_refused(here, capsys):
    """With the reason for each of its components."""
    text = RECIPE.partition("componentRefs:")[0]
    (here / "lab.yaml").write_text(
        f"{text}componentRefs:\n- {{name: bell, type: Kustomize, source: x}}\n"
    )
    code, _, err = imported(capsys, "lab.yaml")
    assert code == 3
    assert "nothing can be made of it" in err
    assert "bell: Kustomize x" in err


@pytest.mark.usefixtures("some_shipped")
def test_what_a_recipe_says_stays_in_its_comment(here, capsys):
    """Whatever ends a line, or may be in no file, is left out of the profile."""
    (here / "lab.yaml").write_text(RECIPE.replace("lift]", r'"a\Lspec: 1\e\Nb"]'))
    assert imported(capsys, "lab.yaml")[0] == 0
    assert "till" in profile(here)["components"]
