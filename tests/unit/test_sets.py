"""What `--set` said before, beside what it says now, and what of it is shown."""

import pytest

from stackctl.errors import ConfigError
from stackctl.model.resolve.overrides import KeptOverrides, merge, shown, spoken
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Selection
from tests.unit import fake


def resolved(profile: str, kept: dict[str, str], *sets: str) -> Selection:
    return resolve(fake.catalogue(), profile, sets=sets, kept=KeptOverrides(3, kept))


def replicas(selection: Selection) -> tuple[object, str]:
    (web,) = (each for each in selection.components if each.component.name == "web")
    found = web.parameters["replicas"]
    return found.value, str(found.origin)


@pytest.mark.parametrize(
    ("texts", "over", "result"),
    [
        (["a.b=1", "a.b=2"], {}, {"a.b": "2"}),
        (["a.b=2"], {"a.b": "1", "a.c": "x=y"}, {"a.c": "x=y", "a.b": "2"}),
        (["a.map=x=1"], {"a.map.y": "2", "a.mapped": "3"}, {"a.mapped": "3", "a.map": "x=1"}),
        (["a.map.y=2"], {"a.map": "x=1"}, {"a.map": "x=1", "a.map.y": "2"}),
        ([], {"a.b": "1"}, {"a.b": "1"}),
    ],
)
def test_what_is_said_later_wins_parameter_by_parameter(texts, over, result):
    """A whole map takes the place of its keys; a key is laid over the map."""
    assert merge(texts, over) == result
    assert list(merge(texts, over)) == list(result)


def test_what_was_said_before_holds_on_where_it_is_not_said_anew():
    """It beats profiles, and is beaten by what is said now; its origin is its revision."""
    before = {"web.replicas": "7"}
    assert replicas(resolved("large", before)) == (7, "revision 3: --set")
    assert replicas(resolved("large", before, "web.replicas=8")) == (8, "--set")
    assert KeptOverrides(3, before | {"a.b": "c"}).except_for(["web.replicas=8"]) == {"a.b": "c"}


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        ({"web.threads": "4"}, "revision 3: --set web.threads: web has no such parameter"),
        ({"web.replicas": "0"}, "revision 3: --set web.replicas: expected at least 1, found 0"),
        ({"web.features.gone": "true"}, "revision 3: --set web.features.gone: web has no such"),
    ],
)
def test_what_was_said_and_is_not_known_any_more_is_refused(before, problem):
    """With the revision that has it, and the way out."""
    with pytest.raises(ConfigError) as error:
        resolved("base", before)
    assert str(error.value).startswith(problem)
    assert error.value.hint == "stackctl upgrade --reset starts from the profile alone"


@pytest.mark.parametrize("key", ["agent.x", "gone.x"])
def test_what_was_said_of_a_component_that_is_not_here_is_not_used(key):
    """It may be of another profile, or have left the catalogue; typed now, it is a mistake."""
    found = resolved("base", {key: "4", "web.replicas": "7"})
    assert found.unused == {key}
    assert replicas(found) == (7, "revision 3: --set")
    assert resolved("base", {"web.replicas": "7"}).unused == frozenset()
    with pytest.raises(ConfigError, match=rf"--set {key}: "):
        resolved("base", {key: "4"}, f"{key}=5")


def test_what_is_not_used_is_told_without_secrets():
    """As it was recorded: of what is secret, that it was set."""
    kept = KeptOverrides(3, {"gone.x": "4", "gone.y": "hunter2", "a.b": "c"}, frozenset({"gone.y"}))
    assert kept.only({"gone.x", "gone.y"}) == {"gone.x": "4", "gone.y": "<masked>"}
    assert kept.without({"gone.x", "gone.y"}).sets == {"a.b": "c"}


def test_a_mistake_of_now_has_nothing_to_do_with_before():
    """There is nothing to reset then."""
    with pytest.raises(ConfigError) as error:
        resolved("base", {"web.replicas": "7"}, "web.threads=1")
    assert error.value.hint == ""


@pytest.mark.parametrize(
    "key", ["a.password", "a.dbPasswd", "a.apiKey", "s3.accessKey", "a.token", "a.clientSecret"]
)
def test_values_of_parameters_called_like_secrets_are_hidden(key):
    """The parameter is named, so that one sees that it was set."""
    assert shown({key: "hunter2", "a.keys": "4"}) == {key: "<masked>", "a.keys": "4"}
    assert spoken({key: "hunter2", "a.workers": "4"}) == f"{key}=<masked>, a.workers=4"


@pytest.mark.parametrize("text", ["password=hunter2", "web.replcas=hunter2", "wbe.x=hunter2"])
def test_a_mistyped_parameter_does_not_give_its_value_away(text):
    """It may be a secret, and errors are kept in logs."""
    with pytest.raises(ConfigError) as error:
        fake.resolved("base", text)
    assert "hunter2" not in str(error.value)
