"""Catalogues are looked for in a fixed order, and a wrong folder is named."""

from pathlib import Path

import pytest

from stackctl.errors import ConfigError
from stackctl.sources.files import read_catalogue
from stackctl.sources.folders import catalogues, shown
from tests.unit import fake

ROOT = Path(__file__).parents[2]


def test_a_checkout_brings_its_own_catalogue():
    """Next to the package lie profiles/ and manifests/."""
    assert catalogues([], env={}) == (ROOT,)


def test_catalogues_of_the_user_come_after_the_shipped_one():
    """They add to it."""
    assert catalogues([fake.FOLDER], env={}) == (ROOT, fake.FOLDER)


def test_a_catalogue_that_is_named_twice_is_read_once():
    """The shipped one may be named as well."""
    again = [fake.FOLDER, ROOT, fake.FOLDER / "../catalogue"]
    assert catalogues(again, env={}) == (ROOT, fake.FOLDER)


def test_the_environment_replaces_the_shipped_one(tmp_path):
    """Whoever keeps a catalogue of their own needs no other."""
    env = {"STACKCTL_SHIPPED_CATALOG": str(fake.FOLDER)}
    assert catalogues([], env=env) == (fake.FOLDER,)


@pytest.mark.parametrize("place", ["option", "environment"])
def test_a_folder_that_is_no_catalogue_is_named(tmp_path, place):
    """A misspelt folder must not look like an empty one."""
    option = [tmp_path] if place == "option" else []
    env = {"STACKCTL_SHIPPED_CATALOG": str(tmp_path)} if place == "environment" else {}
    with pytest.raises(ConfigError, match="no catalogue: it has neither profiles/ nor manifests/"):
        catalogues(option, env=env)


def test_profiles_are_read_without_components(tmp_path):
    """A broken component is no reason not to list profiles."""
    (tmp_path / "manifests" / "broken").mkdir(parents=True)
    found = read_catalogue([tmp_path])
    assert "large" in found.profiles
    with pytest.raises(ConfigError, match=r"component.yaml: there is no such file"):
        len(found.components)


def test_paths_are_shown_as_typed(tmp_path, monkeypatch):
    """Below the working directory they are relative."""
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / "b.yaml") == "a/b.yaml"
    assert shown(Path("/elsewhere/b.yaml")) == "/elsewhere/b.yaml"


def test_catalogue_names_what_it_does_not_have():
    """With the nearest name and a command that lists them."""
    with pytest.raises(ConfigError, match="no component is called wbe; did you mean web") as error:
        fake.catalogue().component("wbe")
    assert error.value.hint == "stackctl components lists them"
