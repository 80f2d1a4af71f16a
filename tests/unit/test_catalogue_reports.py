"""A component and a profile, described: what can be set, who says so, what it installs."""

import json
from dataclasses import replace

import pytest

from stackctl.actions.components import contents
from stackctl.actions.profiles import described
from stackctl.cli.commands.schema import schemas_result
from stackctl.cli.report.catalogue.components import component_result, components_result
from stackctl.cli.report.catalogue.profiles import profile_result, profiles_result
from stackctl.cli.report.rendering import Page
from stackctl.cli.terminal.terminal import Paint, table
from stackctl.sources.files import read_catalogue

PAGE = Page(Paint(on=False), 80)


@pytest.mark.parametrize(
    "line",
    [
        "  replicas  (integer, default 1, at least 1, at most 9)",
        "  level  (string, default info, one of debug | info | error)",
        '  zones  (list, default ["a"], like [a-z]+)',
        "  timeout  (duration, default 30s, at least 1s)",
        "  token  (string, default <masked>, secret)",
        "  fast  (off by default; needs gpu)",
        "  slow  (off by default; conflicts fast)",
        "  turbo  (off by default; requires fast; provides turbo-site)",
        "  for each of teams",
        "  with the feature fast",
        "  namespace  (string, default web, like",
    ],
)
def test_a_component_says_what_can_be_set_and_what_it_installs(line):
    """Bounds, enums, patterns, features with what they need, objects by kind."""
    found = list(component_result(contents("web")).lines(PAGE))
    assert any(each.startswith(line) for each in found), "\n".join(found)


@pytest.mark.parametrize("command", ["components", "profiles", "schema"])
def test_lists_fit_on_eighty_columns(command):
    """Prose is broken; names and versions stand whole, in columns of their own."""
    shown = {
        "components": lambda: components_result(read_catalogue().components.values()),
        "profiles": lambda: profiles_result(read_catalogue().profiles.values()),
        "schema": schemas_result,
    }[command]()
    lines = list(shown.lines(PAGE))
    assert [line for line in lines if len(line) > 80] == []
    begun = [line.split()[0] for line in lines[1:] if not line.startswith(" ")]
    assert begun == [each["name"] for each in shown.document()["items"]]
    wide = list(shown.lines(replace(PAGE, width=None)))
    assert len(wide) == 1 + len(begun)
    assert sorted(" ".join(lines).split()) == sorted(" ".join(wide).split())


def test_a_list_without_room_has_its_prose_below():
    """However long the names are."""
    rows = [("a" * 30, "1", "what it is for, in a few words more"), ("b", "2", "short")]
    assert table(("NAME", "NO", "FOR"), rows, PAGE.paint, 48) == [
        f"NAME{' ' * 28}NO  FOR",
        f"{'a' * 30}  1",
        "    what it is for, in a few words more",
        f"b{' ' * 31}2   short",
    ]


def test_a_component_tells_programs_the_same():
    """Kinds are counted, limits are numbers."""
    (web,) = component_result(contents("web")).document()["items"]
    parameters = {each["name"]: each for each in web["parameters"]}
    assert parameters["replicas"]["maximum"] == 9
    assert parameters["level"]["enum"] == ["debug", "info", "error"]
    (turbo,) = (each for each in web["features"] if each["name"] == "turbo")
    assert turbo["requires"] == ["fast"]
    assert web["objects"]["always"]["Deployment"] == 1
    assert set(web["objects"]["each"]) == {"teams"}


def test_a_profile_says_who_set_what():
    """Values that are no defaults with file and line; every value with -v; secrets hidden."""
    found = profile_result(*described("large"))
    brief, full = (list(found.lines(Page(Paint(on=False), None, v))) for v in (False, True))
    assert any("large.yaml:" in line for line in brief)
    assert not any(line.endswith(" default") for line in brief)
    assert any("web.token" in line and "default" in line for line in full)
    assert "changeit" not in "\n".join(full)
    assert "changeit" not in json.dumps(found.document())


def test_a_profile_fits_the_terminal():
    """No line of what can be broken is wider than 80 columns."""
    assert [
        line for line in profile_result(*described("large")).lines(PAGE) if len(line) > 80
    ] == []


def test_a_profile_tells_programs_what_it_comes_to():
    """Components with what is on and how many objects, and every setting with its origin."""
    found = profile_result(*described("large")).document()
    assert found["kind"] == "ProfileDescription"
    (web,) = (each for each in found["components"] if each["name"] == "web")
    assert web["objects"]["Deployment"] == 1
    origins = {each["name"]: each["origin"] for each in found["settings"]}
    assert origins["web.level"] == "default"
