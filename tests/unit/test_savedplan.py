"""A saved plan holds exactly until something it hangs on is different."""

import json
import stat
from dataclasses import replace
from typing import Any

import pytest

from stackctl.errors import ConfigError
from stackctl.model.compose.diff import Difference
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.plan.plan_file import (
    Base,
    Recipe,
    SavedPlan,
    contradictions,
    divergences,
    from_plain,
    saved,
    to_plain,
)
from stackctl.model.resolve.overrides import merge
from stackctl.sources.planfile import read_plan, write_plan

BASE = Base(cluster="c1", stack=StackId("s"), revision=3, bundle="b1")


def manifest(name: str = "x", kind: str = "ConfigMap", **data: str) -> Manifest:
    metadata = {"name": name, "namespace": "ns"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}


def live(found: Manifest, uid: str = "u1", version: str = "7", fields: str = "f:data") -> Manifest:
    entry = {"manager": "stackctl/s", "operation": "Apply", "fieldsV1": {fields: {}}}
    extra = {"uid": uid, "resourceVersion": version, "managedFields": [entry] if fields else []}
    return found | {"metadata": found["metadata"] | extra}


def updating(before: Manifest, after: Manifest, **fields) -> Change:
    differences = (Difference("data.key", "a", "b"),)
    plain = {"action": Action.UPDATE, "differences": differences} | fields
    return Change(ref_of(after), "a", desired=after, live=before, **plain)


def taken(*changes: Change, base: Base = BASE) -> SavedPlan:
    plan = Plan(StackId("s"), "p", changes)
    return saved(plan, base, context="here", command="deploy --profile p", tool="1")


AFTER = manifest(key="b")
THEN = taken(updating(live(manifest(key="a")), AFTER))


def test_the_same_plan_holds():
    """Nothing is different, whatever else of the object the cluster counts on."""
    again = taken(updating(live(manifest(key="a"), version="8"), AFTER))
    assert list(divergences(THEN, again)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (updating(live(manifest(key="a")), AFTER, action=Action.RECREATE), "now it is recreate"),
        (updating(live(manifest(key="a")), manifest(key="c")), "to another content"),
        (updating(live(manifest(key="a"), uid="u2"), AFTER), "deleted and made again"),
        (updating(live(manifest(key="a"), fields="f:x"), AFTER), "changed on the cluster since"),
        (updating(live(manifest(key="a"), fields=""), AFTER), "changed on the cluster since"),
        (
            updating(live(manifest()), AFTER, differences=(Difference("data.key", "z", "b"),)),
            "changed on the cluster since",
        ),
    ],
)
def test_whatever_a_change_hangs_on_is_compared(change, said):
    """The one line names the object and what is different about it."""
    (line,) = divergences(THEN, taken(change))
    assert line.startswith("ConfigMap/ns/x: ")
    assert said in line


def test_changes_that_come_and_go_are_named():
    """In both directions."""
    other = Change(ref_of(manifest("y")), "a", Action.CREATE, desired=manifest("y"))
    assert list(divergences(THEN, taken(other))) == [
        "ConfigMap/ns/x: update was planned, now it is not part of the plan",
        "ConfigMap/ns/y: create, which was not planned",
    ]


def test_another_cluster_ends_the_comparison():
    """Every object of another cluster is another; one line says it all."""
    (line,) = divergences(THEN, taken(base=replace(BASE, cluster="c2")))
    assert line == "it was made for the cluster c1 (here), this is c2"


def test_a_newer_revision_is_a_difference():
    """Somebody deployed in between, even if the same would be done."""
    again = replace(THEN, base=replace(BASE, revision=4))
    assert list(divergences(THEN, again)) == ["it starts from revision 3, the newest is 4"]


def test_a_bundle_that_differs_beyond_its_objects_is_a_difference():
    """Probes and needs are part of what was agreed to."""
    again = replace(THEN, base=replace(BASE, bundle="b2"))
    assert len(list(divergences(THEN, again))) == 1


def test_a_secret_changed_twice_is_noticed():
    """Its differences are masked, so that its version has to tell."""
    before, after = manifest(kind="Secret", key="YQ=="), manifest(kind="Secret", key="Yg==")
    then = taken(updating(live(before, version="7"), after))
    now = taken(updating(live(before, version="8"), after))
    assert len(list(divergences(then, now))) == 1


def test_a_file_gives_back_what_was_written_and_is_for_its_owner_alone(tmp_path):
    """Written, read, equal; nobody else may read it, and no value is in it."""
    path = tmp_path / "plan.json"
    secret = manifest(kind="Secret", password="c2VjcmV0")
    plan = taken(updating(live(secret), secret))
    write_plan(path, plan)
    assert read_plan(path) == plan
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "c2VjcmV0" not in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"apiVersion": "v1", "kind": "SavedPlan"}', json.dumps({"kind": "Plan"})],
)
def test_what_is_no_plan_is_refused(tmp_path, content):
    """With the file's name."""
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"plan\.json: not a plan"):
        read_plan(path)


def test_plain_values_are_json(tmp_path):
    """And come back equal."""
    assert from_plain(json.loads(json.dumps(to_plain(THEN)))) == THEN


RECIPE = Recipe(
    stack_file="/home/me/stack.yaml",
    stack="s",
    catalogs=("/home/me/catalog",),
    sets={"a.workers": "2", "a.password": "<masked>"},
    take_over=("helm",),
)
MADE = replace(THEN, recipe=RECIPE, command="upgrade --profile p")


def said(*sets: str, **others: Any) -> list[str]:
    plain = {"profile": None, "stack": None, "record": None, "take_over": (), "reset": False}
    return list(contradictions(MADE, **plain | {"sets": merge(sets)} | others))


def test_a_plan_knows_what_it_was_made_of(tmp_path):
    """Written, read, equal: nobody has to say it again; nor what is the same."""
    write_plan(tmp_path / "plan.json", MADE)
    assert read_plan(tmp_path / "plan.json") == MADE
    again = {"profile": "p", "stack": "s", "record": "stackctl-system", "take_over": ("helm",)}
    assert said() == said("a.workers=2", "a.password=hunter2", **again) == []


def test_what_is_not_what_a_plan_was_made_with_is_named():
    """Every option by its name; of a setting that it does not have, the value may be secret."""
    assert said(
        "a.workers=3", "a.token=hunter2", profile="q", stack="t", record="ns", reset=True
    ) == [
        "--profile q: it is for profile p",
        "--stack t: it is for stack s",
        "--record-namespace ns: its record is in stackctl-system",
        "--set a.workers=…: it was made with a.workers=2",
        "--set a.token=…: it was made without that",
        "--reset: it was made without that",
    ]
    assert said(take_over=("helm", "me")) == ["--take-over me: it was made without that"]


def test_a_secret_of_a_plan_has_to_be_said_again():
    """In its place: what is set later may lie over what was set before."""
    assert RECIPE.missing({}) == ("a.password",)
    assert RECIPE.missing({"a.password": "hunter2"}) == ()
    assert RECIPE.with_sets({"a.password": "hunter2"}) == ("a.workers=2", "a.password=hunter2")


@pytest.mark.parametrize(
    ("command", "keeps"),
    [
        ("upgrade --stack ml --set a.b=…", True),
        ("upgrade --stack ml --reset", False),
        ("deploy --profile gpu8", False),
        ("", False),
    ],
)
def test_the_plan_of_an_upgrade_has_what_was_set_before_in_it(command, keeps):
    """Whoever carries it out has to compose it the same way."""
    assert replace(THEN, command=command).keeps is keeps
