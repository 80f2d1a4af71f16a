"""Which settings are behind what would change."""

from typing import Any

from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.diff import differences
from stackctl.model.objects.refs import ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan, SettingChange
from stackctl.model.plan.setting_changes import feature_changes, setting_changes
from stackctl.model.resolve.selection import Chosen
from stackctl.sources.components import YAML
from tests.unit import fake

SPEC = """
    parameters:
      threads:
        type: integer
        description: d
        places:
        - {object: Deployment/gone, path: spec.x}
        - {object: Deployment/web, arg: --threads}
      size:
        type: string
        description: d
        places:
        - {object: Deployment/web, path: spec.size}
      token:
        type: string
        description: d
        places:
        - {object: Deployment/web, env: TOKEN}
"""


def web(threads: int, size: str, token: str, **metadata: Any) -> dict[str, Any]:
    container = {
        "name": "main",
        "args": [f"--threads={threads}"],
        "env": [{"name": "TOKEN", "value": token}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", **metadata},
        "spec": {"size": size, "template": {"spec": {"containers": [container]}}},
    }


def changes(old: dict[str, Any], new: dict[str, Any], action: Action = Action.UPDATE):
    chosen = Chosen(fake.component(SPEC, "shop"), Mode.MANAGED, "shop", {}, frozenset())
    found = differences(old, new)
    change = Change(ref_of(old), "shop", action, new, old, found, result=new)
    return setting_changes(Plan(StackId("ml"), "p", (change,)), [chosen], yaml=YAML)


def test_a_setting_is_read_at_its_place_before_and_after():
    """Only one that differs there is named; what has no object is left out; a secret is hidden."""
    assert changes(web(10, "big", "a"), web(40, "big", "b")) == (
        SettingChange("shop", "threads", "10", "40"),
        SettingChange("shop", "token", "<masked>", "<masked>"),
    )


def test_a_place_that_is_gone_says_the_same_as_an_empty_one():
    """That the setting is unset; a line from nothing to nothing would tell nothing."""
    without = web(10, "", "a")
    del without["spec"]["size"]
    assert changes(without, web(10, "", "a")) == ()
    assert changes(without, web(10, "big", "a")) == (SettingChange("shop", "size", "", "big"),)


def test_what_is_proven_unchanged_or_taken_over_has_no_settings_behind_it():
    """Of the first only metadata was read, of the second another program set the values."""
    same = web(10, "big", "a")
    assert changes(same, same) == ()
    assert changes(same, web(40, "big", "a"), Action.ADOPT) == ()


def test_a_feature_is_known_by_what_was_set():
    """It has no place of its own that could be read."""
    before = {"shop.features.a": "true", "shop.features.b": "true", "shop.size": "1"}
    after = {"shop.features.b": "false", "shop.features.c": "true", "shop.size": "2"}
    assert feature_changes(before, after) == (
        SettingChange("shop", "features.a", "true", ""),
        SettingChange("shop", "features.b", "true", "false"),
        SettingChange("shop", "features.c", "", "true"),
    )
