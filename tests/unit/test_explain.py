"""Why a value is what it is: every layer with its line, its wire, the places it goes to."""

from pathlib import Path

import pytest

from stackctl.actions.compose import StackRequest
from stackctl.actions.explain import ExplainedComponent, explain
from stackctl.cli.report.catalogue.explain import explain_result
from stackctl.cli.report.rendering import Page
from stackctl.cli.terminal.terminal import Paint
from stackctl.errors import ConfigError
from stackctl.model.resolve.explanation import Explanation
from stackctl.sources.files import read_catalogue

ROOT = Path(__file__).parents[2]
PAGE = Page(Paint(on=False), None)
PROFILES = sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml"))


def lines(subject: str, *sets: str, profile: str | None = "large") -> str:
    """Write an explanation."""
    found = explain(subject, StackRequest(profile=profile, sets=sets))
    return "\n".join(explain_result(found).lines(PAGE))


def test_a_value_names_each_layer_with_file_and_line():
    """The last word first; what it beat after it."""
    told = explain("web.replicas", StackRequest(profile="large", sets=("web.replicas=7",)))
    assert isinstance(told, Explanation)
    assert [said.value for said in told.said] == [7, 5, 2, 1]
    origins = [str(said.origin).rpartition("/")[2] for said in told.said]
    assert origins == ["--set", "large.yaml:13", "base.yaml:11", "component.yaml:16"]
    assert "Deployment/web, spec.replicas" in lines("web.replicas")


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("web.boost", "ConfigMap/web-fast, data.boost (with the feature fast)"),
        ("web.role", "RoleBinding/web-team, roleRef.name (for each of teams)"),
        ("web.features.fast", "large.yaml:"),
        ("web.namespace", "wherever kinds refer to its namespace"),
        ("web.motto", "web.motto = unset"),
        ("web.level", "string, one of debug | info | error"),
    ],
)
def test_a_value_says_where_it_goes(subject, said):
    """Places with the feature and the list they are of."""
    assert said in lines(subject)


def test_a_secret_is_not_told():
    """Neither what it is nor what it was; that it is set is."""
    told = lines("web.token", "web.token=tell-nobody")
    assert "changeit" not in told
    assert "tell-nobody" not in told
    assert told.count("<masked>") == 3


def test_without_a_profile_a_component_is_told_as_it_comes():
    """Also those that no profile has."""
    assert "web.replicas = 1" in lines("web.replicas", profile=None)
    assert "replicas  (integer, default 1" in lines("web", profile=None)


def test_a_component_of_a_stack_shows_what_is_set_and_by_whom():
    """The same page as `components NAME`, filled in."""
    told = lines("web")
    assert "replicas = 5  (integer, default 1, at least 1, at most 9)" in told
    assert "Servers: " in told
    assert "large.yaml:13" in told
    assert "fast = on  (off by default; needs gpu)" in told
    assert "waits for  agent (" in told
    found = explain("web", StackRequest(profile="large"))
    assert isinstance(found, ExplainedComponent)
    document = explain_result(found).document()
    (replicas,) = (each for each in document["settings"] if each["name"] == "web.replicas")
    assert replicas["value"] == 5


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("web.replcas", "web has nothing called replcas; did you mean replicas?"),
        ("web.features.fst", "web has nothing called features.fst; did you mean features.fast?"),
        ("web.fst", "web has nothing called fst; did you mean features.fast?"),
        ("wbe.replicas", "there is no component wbe in profile large; did you mean web?"),
        ("wbe", "no component is called wbe"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest(subject, said):
    """As everywhere."""
    with pytest.raises(ConfigError) as error:
        lines(subject)
    assert said in str(error.value)


def test_a_wire_is_told_from_both_ends(tmp_path, monkeypatch):
    """What the reader gets and of what it is made; what the attribute feeds."""
    text = "apiVersion: stackctl.dev/v1alpha1\nkind: {}\nmetadata: {{name: {}}}\nspec:\n"
    store = "  version: '1'\n  namespace: default\n  provides: [store]\n"
    store += "  attributes:\n    store.url: 'x://{namespace}'\n"
    reader = "  version: '1'\n  namespace: default\n  parameters:\n    p: {type: string, "
    reader += "from: store.url, description: d, places: [{object: ConfigMap/c, path: data.p}]}\n"
    for name, spec in (("store", store), ("reader", reader)):
        folder = tmp_path / "manifests" / name
        (folder / "base").mkdir(parents=True)
        (folder / "component.yaml").write_text(text.format("Component", name) + spec)
        (folder / "base" / "c.yaml").write_text(
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name[0]}, namespace: default}}\n"
            if name == "store"
            else "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: default}\n"
        )
    (tmp_path / "profiles").mkdir()
    profile = text.format("Profile", "p") + "  components: {store: {}, reader: {}}\n"
    (tmp_path / "profiles" / "p.yaml").write_text(profile)
    monkeypatch.setenv("STACKCTL_SHIPPED_CATALOG", str(tmp_path))
    told = lines("reader.p", profile="p")
    assert "reader.p = x://default" in told
    assert "store.url of store = x://default" in told
    assert "made of x://{namespace} in" in told
    assert "component.yaml:9" in told
    assert "reader.p" in lines("store.url", profile="p").partition("FEEDS")[2]
    assert "store.url" in lines("store.namespace", profile="p").partition("FEEDS")[2]
    assert len(read_catalogue().components) == 2
