"""Hooks of charts get the step of a deploy that is their moment, or are refused by name."""

from typing import Any

import pytest

from stackctl.model.catalogue.source import HookUse
from stackctl.model.charts.hooks import sorted_hooks
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.compose.stages import stages
from stackctl.model.objects.refs import Manifest


def job(name: str, moments: str = "", weight: str = "0") -> Manifest:
    hook = {"helm.sh/hook": moments, "helm.sh/hook-weight": weight} if moments else {}
    metadata: dict[str, Any] = {"name": name, "annotations": hook}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {}}


@pytest.mark.parametrize(
    ("moments", "use"),
    [
        ("pre-install", "before"),
        ("pre-install,pre-upgrade", "before"),
        ("pre-install, pre-upgrade, pre-rollback", "before"),
        ("post-install", "after"),
        ("post-install,post-upgrade", "after"),
    ],
)
def test_a_moment_that_a_deploy_has(moments: str, use: str):
    """Before or after everything else."""
    (found,) = sorted_hooks([job("a", moments)], {}).objects
    assert found["metadata"]["annotations"]["stackctl.dev/runs"] == use


@pytest.mark.parametrize(
    "moments", ["pre-upgrade", "post-delete", "pre-delete", "pre-install,post-install", "odd"]
)
def test_a_moment_that_a_deploy_has_not(moments: str):
    """It is named with when Helm would run it, until somebody says what becomes of it."""
    assert sorted_hooks([job("a", moments)], {}).refused == (("Job/a", moments),)
    used = sorted_hooks([job("a", moments)], {"Job/a": HookUse.SKIP})
    assert (used.objects, used.refused) == ((), ())
    assert sorted_hooks([job("a", moments)], {"Job/a": HookUse.AFTER}).objects


def test_tests_are_no_part_of_a_deploy_and_prove_that_it_works():
    """Each in its turn; what Helm 2 expected to fail is run by no Helm any more."""
    found = sorted_hooks([job("a", "test"), job("b", "test-success"), job("c")], {})
    assert [each["metadata"]["name"] for each in found.tests] == ["a", "b"]
    assert {each["metadata"]["annotations"]["stackctl.dev/runs"] for each in found.tests} == {
        "before"
    }
    assert found.objects == (job("c"),)
    old = sorted_hooks([job("d", "test-failure")], {})
    assert (old.tests, old.objects, old.refused) == ((), (), ())


def test_a_pod_that_is_a_test_gets_a_job_around_it():
    """Alone it would count as ready before it has ended."""
    spec = {"restartPolicy": "Always", "containers": [{"name": "m", "image": "a"}]}
    labels = {"app": "try"}
    metadata = {"name": "try", "labels": labels, "annotations": {"helm.sh/hook": "test"}}
    pod: Manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    (made,) = sorted_hooks([pod], {}).tests
    assert (made["apiVersion"], made["kind"], made["metadata"]["name"]) == (
        "batch/v1",
        "Job",
        "try",
    )
    assert made["spec"] == {
        "backoffLimit": 0,
        "template": {"metadata": {"labels": labels}, "spec": spec | {"restartPolicy": "Never"}},
    }


def test_a_hook_that_is_not_there_is_named():
    """A name mistyped would change nothing."""
    assert sorted_hooks([job("a")], {"Job/a": HookUse.SKIP}).unknown == ("Job/a",)


def test_hooks_go_by_weight_and_each_is_waited_for():
    """Namespaces and definitions first, for everything stands on them."""
    made = sorted_hooks(
        [
            job("late", "post-install"),
            job("own"),
            job("second", "pre-install", "5"),
            job("first", "pre-install", "-5"),
        ],
        {},
    ).objects
    space: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ml"}}
    found = stages(BundleComponent("a", "1", "ml", (*made, space)))
    names = [[each["metadata"]["name"] for each in stage.objects] for stage in found]
    assert names == [["ml"], ["first"], ["second"], ["own"], ["late"]]
    assert [stage.after_jobs for stage in found] == [False, False, True, True, False]
