"""Components whose charts are kept elsewhere: what charts are given, and who is not beside whom."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.errors import ConfigError
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects import paths
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.installations import already_there, installations
from stackctl.sources.files import read_catalogue
from tests.golden.test_profiles import alone
from tests.standins import remote, values_in


@pytest.mark.parametrize("component", sorted(remote()))
def test_a_chart_is_given_what_its_component_says(component, tmp_path, stand_ins):
    """Values that are written there, and where parameters are bound to some, their defaults."""
    asked = alone(component, tmp_path, f"      {stand_ins.choice(component)}")
    (part,) = (each for each in compose_stack(asked).bundle.components if each.name == component)
    given, spec = values_in(part.objects), remote()[component].spec
    bound = {
        place.values: parameter.default
        for parameter in spec.parameters.values()
        for place in parameter.places
        if place.values and parameter.default is not None
    }
    assert bound
    assert {path: paths.get(given, paths.parse(path)) for path in bound} == bound
    assert spec.source
    assert spec.source.chart
    for path, value in leaves(spec.source.chart.values):
        if paths.show(path) not in bound:
            assert paths.get(given, path) == value


def leaves(values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Yield the values that are no maps, with their paths."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*at, key))
        else:
            yield (*at, key), value


@pytest.mark.parametrize("component", sorted(remote()))
def test_the_chart_is_the_one_whose_version_is_told(component):
    """Nobody reads one version in a list and gets another."""
    spec = remote()[component].spec
    assert spec.source
    assert spec.source.chart
    assert spec.upstream
    told = {spec.version, spec.source.chart.version.lstrip("v"), spec.upstream.version.lstrip("v")}
    assert len(told) == 1


# Each of them offers the GPUs of a node; what runs for it by other means, and under which chart.
ADVERTISERS = {
    "nvidia-device-plugin": "nvcr.io/nvidia/k8s-device-plugin:v0.17.1",
    "gpu-operator": "mirror.example.com/nvidia/gpu-operator:v25.3.0",
    "dra-driver": "registry.k8s.io/dra-driver-nvidia/dra-driver-nvidia-gpu:v0.4.0",
}


@pytest.mark.parametrize(("one", "other"), sorted(permutations(ADVERTISERS, 2)))
def test_two_advertisers_of_the_same_gpus_are_refused(one, other, tmp_path):
    """In one stack, before a chart is brought."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "both.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: both}\n"
        f"spec: {{components: {{node-feature-discovery: {{}}, {one}: {{}}, {other}: {{}}}}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as refused:
        compose_stack(StackRequest(profile="both", catalogs=(Path(tmp_path),)))
    assert "cannot share a cluster" in str(refused.value)
    assert all(name in str(refused.value) for name in (one, other))


@pytest.mark.parametrize("component", ADVERTISERS)
@pytest.mark.parametrize("running", ADVERTISERS)
def test_one_that_runs_already_is_found(component, running):
    """By its image, whatever the registry, and whoever installed it."""
    workload = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "theirs", "namespace": "elsewhere"},
        "spec": {"template": {"spec": {"containers": [{"image": ADVERTISERS[running]}]}}},
    }
    signs = read_catalogue().components[component].spec.detect
    part = BundleComponent(component, "1", "ml", (), signs=signs)
    (finding,) = already_there(installations([part], [workload], StackId("ml")), [part])
    assert ADVERTISERS[running] in finding.message
