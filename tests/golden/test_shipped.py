"""The shipped catalogue, looked over as users look over components of their own."""

import re
from pathlib import Path

import pytest

from stackctl.actions.lint import Linted, lint_components
from stackctl.sources import kubernetes_schemas
from stackctl.sources.files import read_catalogue

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def shipped() -> Linted:
    return lint_components([])


@pytest.mark.parametrize("name", sorted(read_catalogue().components))
def test_the_shipped_catalogue_is_clean(name, shipped):
    """Each exception has a reason, and something to be an exception for."""
    assert name in shipped.components
    assert [str(each) for each in shipped.open if each.component == name] == []


def test_every_supported_version_is_looked_at(shipped):
    """As many as the README promises, without a gap."""
    (oldest,) = re.findall(r"Kubernetes 1\.(\d+) or newer", README.read_text(encoding="utf-8"))
    assert shipped.versions[0] == int(oldest) == kubernetes_schemas.OLDEST
    assert list(shipped.versions) == list(range(int(oldest), shipped.versions[-1] + 1))
    assert shipped.versions[-1] >= 36
