"""The shipped catalogue, looked over as users look over components of their own."""

import re
from pathlib import Path

import pytest

from stackctl.actions.lint import Linted, lint_components
from stackctl.sources import kubernetes_schemas
from stackctl.sources.files import read_catalogue

# What a shipped component carries for others, and its chart cannot be said to: it depends on its
# values, or is nothing of the chart's. Who would take it is told so by name.
UNSAID_OF_CHARTS = {
    "ditto": ["twins.password", "twins.user"],
    "mlflow": ["mlflow.hosts"],
    "objectstore": [
        "s3.accessKey",
        "s3.credentials",
        "s3.endpoint",
        "s3.https",
        "s3.region",
        "s3.secretKey",
        "s3.url",
    ],
}
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


def test_what_charts_carry_in_place_of_our_manifests_is_said_where_it_is_certain():
    """A component that is switched to its chart goes on being found by others."""
    unsaid: dict[str, list[str]] = {}
    for name, component in read_catalogue().components.items():
        upstream = component.spec.upstream
        if component.spec.source is None and upstream is not None and upstream.chart is not None:
            missing = {*component.spec.attributes} - {*upstream.chart.attributes}
            unsaid |= {name: sorted(missing)} if missing else {}
    assert unsaid == UNSAID_OF_CHARTS
