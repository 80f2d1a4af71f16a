"""What is shipped runs under Linux, and says so to the scheduler."""

from pathlib import Path

import pytest

from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.pod_specs import pod_specs
from stackctl.sources import yaml
from stackctl.sources.components import read_components, read_manifests

ROOT = Path(__file__).parents[2] / "manifests"
SYSTEM = {"kubernetes.io/os": "linux"}
COMPONENTS = read_components([ROOT.parent])


def unselective(manifest: Manifest) -> list[str]:
    """Name the Pod specs of an object that a node of another system would do for."""
    specs = ((path, paths.get(manifest, path, {})) for path in pod_specs(manifest))
    return [
        f"{manifest['kind']}/{manifest['metadata']['name']}: {paths.show(path)}"
        for path, spec in specs
        if "containers" in spec and not SYSTEM.items() <= (spec.get("nodeSelector") or {}).items()
    ]


@pytest.mark.parametrize("name", sorted(COMPONENTS))
def test_every_workload_that_is_shipped_selects_linux(name):
    """Base, features, repeated layers and smoke tests: a Windows node takes none of our Pods."""
    found = read_manifests(COMPONENTS[name])
    layers = (*found.features.values(), *found.each.values(), *found.files.values())
    objects = [*found.base, *(each for layer in layers for each in layer)]
    assert [said for each in objects for said in unselective(each)] == []


def test_labels_of_the_users_choice_do_not_lead_to_other_systems():
    """A node selector that is a parameter is replaced as a whole: affinity holds the system."""
    worker, plugin = (
        next(
            each
            for each in yaml.load_all((ROOT / path).read_bytes())
            if each.value["kind"] == "DaemonSet"
        ).value
        for path in (
            "node-feature-discovery/base/worker.yaml",
            "nvidia-device-plugin/base/plugin.yaml",
        )
    )
    for each in (worker, plugin):
        where = "spec.template.spec.affinity.nodeAffinity"
        required = "requiredDuringSchedulingIgnoredDuringExecution"
        terms = paths.get(each, paths.parse(f"{where}.{required}"))["nodeSelectorTerms"]
        wanted = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
        assert all(wanted in term["matchExpressions"] for term in terms)
