"""Every shipped component and profile, as it is explained and described."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.components import contents
from stackctl.actions.compose import StackRequest, select
from stackctl.actions.profiles import described
from stackctl.cli.report.catalogue.components import (
    component_result,
    components_document,
    components_result,
)
from stackctl.cli.report.catalogue.explain import value_document, value_lines
from stackctl.cli.report.catalogue.profiles import (
    profile_document,
    profiles_document,
    profiles_result,
)
from stackctl.cli.report.rendering import Page
from stackctl.cli.terminal.terminal import Paint
from stackctl.model.catalogue.generated import Generated
from stackctl.model.documents.documents import document_schema
from stackctl.model.resolve.explanation import explain, names
from stackctl.secrets import HIDDEN
from stackctl.sources.files import read_catalogue
from tests.documents import faults
from tests.standins import is_remote

ROOT = Path(__file__).parents[2]
PAGE = Page(Paint(on=False), None)
CATALOGUE = read_catalogue()
OURS = [name for name, each in CATALOGUE.components.items() if not is_remote(each)]


def line_of(path: str, number: int) -> str:
    """Return a line of a file, as an explanation names it."""
    return (ROOT / path).read_text(encoding="utf-8").splitlines()[number - 1]


@pytest.mark.parametrize("profile", sorted(CATALOGUE.profiles))
def test_every_value_of_every_shipped_profile_is_explained(profile):
    """Each layer is a line that speaks of it, and what holds is what is deployed."""
    file = CATALOGUE.profiles[profile]
    adjusts = not (file.components or file.extends)  # a mixin that puts nothing in
    _, selection = select(StackRequest(profile=f"full+{profile}" if adjusts else profile))
    parts = {part.component.name: part for part in selection.components}
    found = list(names(selection))
    assert len(found) > 10
    for name in found:
        told = explain(selection, name)
        component, _, key = name.partition(".")
        assert told.description
        part, feature = parts.get(component), key.removeprefix("features.")
        if part is None or not {key, feature} & {*part.parameters, *part.feature_settings}:
            assert told.value  # an attribute of a capability
            continue
        holds = part.parameters.get(key) or part.feature_settings[feature]
        made = isinstance(holds.value, Generated)  # by a run, and shown to nobody
        assert told.value == (HIDDEN if made else holds.value)
        assert told.said[-1].default
        for said in told.said:
            if said.origin.source.startswith("wire "):  # the lines are those of its provider
                continue
            assert said.origin.line, name
            text = line_of(said.origin.source, said.origin.line)
            assert (key if key == "namespace" else feature) in text or "default:" in text, name
        assert told.targets or told.parameter is None or key in ("namespace", *_repeated(part))
        assert value_lines(told, PAGE)
        json.dumps(value_document(told))


def _repeated(part: object) -> tuple[str, ...]:
    return tuple(part.component.spec.each)  # type: ignore[attr-defined]


def test_every_shipped_component_says_whose_it_is():
    """So that every demand can be met or refused for what it is."""
    for component in CATALOGUE.components.values():
        said = component.spec.upstream
        assert said, component.name
        assert all((said.supplier, said.licence, said.maturity)), component.name


@pytest.mark.parametrize("name", OURS)
def test_a_component_is_described_as_its_schema_says(name):
    """With all that it installs; no field without a value."""
    require_document(component_result(contents(name)).document(), "ComponentList")


@pytest.mark.parametrize("name", sorted(CATALOGUE.profiles))
def test_a_profile_is_described_as_its_schema_says(name):
    """With who set what; no field without a value."""
    require_document(profile_document(*described(name)), "ProfileDescription")


def test_lists_are_described_as_their_schemas_say():
    """Of components and of profiles, charts among them."""
    require_document(components_document(CATALOGUE.components.values()), "ComponentList")
    require_document(profiles_document(CATALOGUE.profiles.values()), "ProfileList")


def require_document(found: Mapping[str, Any], kind: str) -> None:
    """Hold a document against its schema."""
    assert faults(found, document_schema(kind)) == []
    assert "null" not in json.dumps(found).split()


@pytest.mark.parametrize(
    "shown",
    [
        lambda: components_result(CATALOGUE.components.values()),
        lambda: profiles_result(CATALOGUE.profiles.values()),
    ],
    ids=["components", "profiles"],
)
def test_lists_fit_on_eighty_columns(shown: Callable[[], Any]):
    """However long the names of what is shipped are, all of it is there."""
    lines = list(shown().lines(replace(PAGE, width=80)))
    assert [line for line in lines if len(line) > 80] == []
    wide = list(shown().lines(PAGE))
    assert sorted(" ".join(lines).split()) == sorted(" ".join(wide).split())
