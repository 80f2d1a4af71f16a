"""What is there already is known by signs: images under any registry, charts, definitions."""

from dataclasses import replace

import pytest

from stackctl.model.catalogue.component import Detect, Mode
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL, Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.installations import (
    abandoned,
    already_there,
    before_the_first,
    beside,
    installations,
    new_components,
    sign_of,
)

SIGNS = Detect(("things.example.com",), ("nvidia/plugin", "cloud-plugin"), ("plugin",))
STACK = StackId("ml")


def workload(image: str = "nvcr.io/nvidia/plugin:v1", **labels: str) -> Manifest:
    pod = {"containers": [{"name": "c", "image": image}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "theirs", "namespace": "elsewhere", "labels": labels},
        "spec": {"template": {"spec": pod}},
    }


def part(mode: Mode = Mode.MANAGED, *objects: Manifest) -> BundleComponent:
    return BundleComponent("device-plugin", "1", "ml", objects, mode=mode, signs=SIGNS)


@pytest.mark.parametrize(
    ("image", "known"),
    [
        ("nvcr.io/nvidia/plugin:v0.17.1", True),
        ("mirror.example.com:5000/nvcr/nvidia/plugin@sha256:abc", True),
        ("nvidia/plugin", True),
        ("gke.example.com/cloud-plugin:1", True),
        ("ghcr.io/nvidia/plugin/controller:2", True),
        ("rocm/plugin:1", False),
        ("nvidia/plugin-validator:1", False),
        ("other-nvidia/plugin:1", False),
    ],
)
def test_an_image_is_known_whatever_its_registry(image, known):
    """Whole parts of its path count; a mirror changes what is before them."""
    assert bool(sign_of(workload(image), SIGNS)) is known


@pytest.mark.parametrize(
    ("chart", "known"),
    [("plugin-0.17.1", True), ("plugin-v1.2.3", True), ("plugin-extras-1.0.0", False)],
)
def test_a_chart_is_known_by_its_name(chart, known):
    """An image that was built anew says nothing; the chart does."""
    assert bool(sign_of(workload("own/build:1", **{"helm.sh/chart": chart}), SIGNS)) is known


def test_a_second_installation_is_refused_with_both_ways_out():
    """The workload, its image and its maker are named, once."""
    (found,) = installations([part()], [workload()], STACK)
    (finding,) = already_there([found], [part()])
    assert "DaemonSet/elsewhere/theirs runs nvcr.io/nvidia/plugin:v1" in finding.message
    assert "device-plugin: {mode: external}" in finding.hint
    assert "take out DaemonSet/elsewhere/theirs" in finding.hint


def test_who_does_what_a_feature_is_for_is_left_that_feature():
    """The rest of the component has nobody else; with both, it is left as a whole."""
    alone = replace(part(), signs=Detect(), feature_signs={"jobs": SIGNS})
    found = installations([alone], [workload()], STACK)
    (finding,) = already_there(found, [alone])
    assert "its feature jobs is for is there already: DaemonSet/elsewhere/" in finding.message
    assert "device-plugin: {features: {jobs: false}}" in finding.hint
    both = replace(part(), feature_signs={"jobs": SIGNS})
    hints = {
        each.hint for each in already_there(installations([both], [workload()], STACK), [both])
    }
    assert [hint.count("mode: external") for hint in hints] == [1]
    assert new_components(Bundle("p", (alone,)), ()) == (alone,)


def test_what_is_adopted_is_told_and_not_refused():
    """Whoever adopts has decided; that two run for a while is said."""
    found = installations([part(Mode.ADOPTED)], [workload()], STACK)
    assert list(already_there(found, [part(Mode.ADOPTED)])) == []
    (said,) = beside(found, [part(Mode.ADOPTED)])
    assert "is not taken over" in said


def test_what_is_ours_or_does_not_run_is_no_finding():
    """The stack's label, a name of the bundle's own, and what was scaled to nothing."""
    own = workload(**{STACK_LABEL: "ml", MANAGED_BY: "stackctl"})
    stopped = {**workload(), "spec": workload()["spec"] | {"replicas": 0}}
    assert installations([part()], [own, stopped], STACK) == ()
    found = installations([part()], [workload()], STACK)
    assert list(already_there(found, [part(Mode.MANAGED, workload())])) == []


def test_definitions_without_anything_that_runs_are_told():
    """They may be left over: no reason to refuse, and not to be passed over in silence."""
    (said,) = abandoned([part()], [], {"things.example.com"})
    assert "things.example.com" in said
    assert list(abandoned([part()], [], {"others.example.com"})) == []
    found = installations([part()], [workload()], STACK)
    assert list(abandoned([part()], found, {"things.example.com"})) == []


def test_only_what_a_stack_does_not_have_yet_is_looked_for():
    """A component on record is known; one without signs cannot be."""
    bundle = Bundle("p", (part(), BundleComponent("plain", "1", "ml", ())))
    assert [each.name for each in new_components(bundle, set())] == ["device-plugin"]
    assert new_components(bundle, {"device-plugin"}) == ()


def test_what_a_stack_has_is_said_once_with_the_command_that_changes_it():
    """Of the very stack that a file is begun for nothing is said; of another, one sentence."""
    labels = {STACK_LABEL: "gpu8", MANAGED_BY: "stackctl"}
    theirs = [workload(**labels), workload("nvidia/plugin:2", **labels)]
    assert installations([part()], theirs, StackId("gpu8")) == ()
    (said,) = before_the_first(installations([part()], theirs, STACK), "gpu")
    assert said == (
        "stack gpu8 has device-plugin on this cluster; to change that stack: "
        "stackctl upgrade --stack gpu8 --profile gpu"
    )


def test_what_nobody_of_ours_has_is_said_once_for_each_component():
    """However many workloads it has, whose it may stay is said once."""
    found = installations([part()], [workload(), workload("nvidia/plugin:2")], STACK)
    (said,) = before_the_first(found, "gpu")
    assert "DaemonSet/elsewhere/theirs runs nvcr.io/nvidia/plugin:v1" in said
    assert "and 1 more; components.device-plugin.mode: external leaves it to its owner" in said
