"""Upgrading a stack on a real API server: what is shown before, what is refused, what is done."""

import pytest

from stackctl.actions.compose import StackRequest
from stackctl.actions.deploy import deploy
from stackctl.actions.upgrade import upgrade
from stackctl.cluster.change.options import RunOptions
from stackctl.errors import ConfigError, ConflictError, ReleaseError
from stackctl.model.plan.plan import Action
from stackctl.model.plan.upgrades import UpgradeVerdict
from stackctl.model.plan.warnings import WarningTopic
from stackctl.model.release.release import ReleaseStatus
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack

IMAGES = [{"image": "example.com/fine", "tag": "1"}]
QUICK = RunOptions(timeout=60.0, holder="tester@here")


@pytest.fixture
def shelf(stack, tmp_path):
    """A catalogue with version 1 of one component, deployed."""
    made = Shelf(tmp_path, stack.name)
    made.put("widget", "1.0.0", stack.namespace(), stack.config("x"), stack.config("old"))
    run(stack, made, deploy)
    return made


def run(stack: Stack, shelf: Shelf, action=upgrade, *, agree=lambda *_: True, options=QUICK):
    request = shelf.request()
    return action(request, stack.connection, agree=agree, notify=stack.tell, options=options)


def test_an_upgrade_shows_versions_before_it_asks(stack, shelf):
    """From which version to which, and what leaves; a no changes nothing."""
    shelf.put("widget", "1.1.0", stack.namespace(), stack.config("x", key="new"))
    shown = []

    def refuse(plan, target, review):
        shown.append((plan, review))
        return False

    outcome = run(stack, shelf, agree=refuse)
    ((plan, review),) = shown
    (change,) = review.versions
    assert str(change) == "widget 1.0.0 → 1.1.0"
    assert [(each.topic, each.message) for each in review.attention] == [
        (WarningTopic.LEAVING, "1 object goes")
    ]
    assert plan.counts[Action.UPDATE] == 1
    assert not outcome.agreed
    assert stack.get("configmaps/x")["data"] == {"key": "value"}


def test_an_upgrade_that_is_agreed_to_is_recorded_as_one(stack, shelf):
    """The next revision has the new version, and says what was run."""
    shelf.put("widget", "1.1.0", stack.namespace(), stack.config("x", key="new"))
    release = run(stack, shelf).release
    assert (release.revision, release.status) == (2, ReleaseStatus.DEPLOYED)
    assert release.components == {"widget": "1.1.0"}
    assert release.command == (
        f"upgrade --profile shelf --stack {stack.name} --catalog {shelf.folder}"
    )
    assert stack.get("configmaps/old") is None


def test_a_catalogue_that_is_not_named_again_is_named_by_the_hint(stack, shelf):
    """The record says where it was; where it does not, which option says so."""
    for hint in (f"--catalog {shelf.folder}", "--catalog DIR"):
        with pytest.raises(ConfigError, match="called shelf, which the stack was last") as refused:
            upgrade(
                StackRequest(stack=stack.name),
                stack.connection,
                agree=lambda *_: True,
                notify=stack.tell,
                options=QUICK,
            )
        assert refused.value.hint == f"say again where it is: {hint}"
        shelf.put("widget", "1.1.0", stack.namespace(), stack.config("x", key=hint))
        run(stack, shelf)
        stack.rollback(1)


def test_a_stack_that_is_not_there_cannot_be_upgraded(stack, tmp_path):
    """Deploying is another word."""
    shelf = Shelf(tmp_path, stack.name)
    shelf.put("widget", "1.0.0", stack.namespace())
    with pytest.raises(ReleaseError, match="nothing to upgrade"):
        run(stack, shelf)
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None


@pytest.mark.parametrize("action", [upgrade, deploy])
def test_a_forbidden_way_is_refused_before_anything_is_touched(stack, shelf, action):
    """Whichever word is used, with the reason and what to do instead."""
    rule = {
        "from": "<1.5.0",
        "verdict": "forbidden",
        "reason": "the store is another",
        "steps": ["Upgrade to 1.5 first"],
    }
    shelf.put("widget", "2.0.0", stack.namespace(), upgrades=[rule])
    with pytest.raises(ConflictError, match=r"(?s)1\.0\.0 → 2\.0\.0: the store.*to 1\.5 first"):
        run(stack, shelf, action)
    assert stack.get("configmaps/x") is not None


def test_what_has_to_be_done_by_hand_is_shown_and_asked_about(stack, shelf):
    """The steps are part of what is agreed to."""
    rule = {"from": "<2.0.0", "verdict": "manual", "reason": "renamed", "steps": ["Note the name"]}
    shelf.put("widget", "2.0.0", stack.namespace(), stack.config("x"), upgrades=[rule])
    outcome = run(stack, shelf)
    (passage,) = outcome.review.passages
    assert passage.verdict is UpgradeVerdict.MANUAL
    assert passage.rules[0].steps == ("Note the name",)
    assert outcome.release is not None


def test_changes_of_a_definition_are_called_out(stack, shelf):
    """What its users will notice: versions, where objects are stored, fields that are gone."""
    text = {"type": "string"}
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"a": text, "b": text}}},
    }
    before = stack.definition("widgets", "Widget")
    (v1,) = before["spec"]["versions"]
    v1 |= {"schema": {"openAPIV3Schema": schema}}
    shelf.put("widget", "1.1.0", stack.namespace(), before)
    run(stack, shelf)
    reduced = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"a": text}}},
    }
    after = stack.definition("widgets", "Widget")
    after["spec"]["versions"] = [
        v1 | {"storage": False, "schema": {"openAPIV3Schema": reduced}},
        v1 | {"name": "v2"},
    ]
    shelf.put("widget", "1.2.0", stack.namespace(), after)
    outcome = run(stack, shelf)
    assert [each.message for each in outcome.review.attention] == [
        "adds version v2",
        "stores objects as v2 instead of v1",
        "v1: spec.b is gone",
    ]


def test_a_recreation_is_called_out_and_needs_consent(stack, shelf):
    """A selector cannot be changed: the Deployment would have to be deleted and made anew."""
    shelf.put("widget", "1.1.0", stack.namespace(), labelled(stack, "one"), images=IMAGES)
    run(stack, shelf)
    shelf.put("widget", "1.2.0", stack.namespace(), labelled(stack, "two"), images=IMAGES)
    with pytest.raises(ConflictError, match="deleted and made anew"):
        run(stack, shelf)
    options = RunOptions(timeout=60.0, holder="tester@here", allow_recreate=True)
    outcome = run(stack, shelf, options=options)
    (attention,) = (a for a in outcome.review.attention if a.topic is WarningTopic.RECREATION)
    assert attention.subject == f"Deployment/{stack.name}/d"
    path = f"/apis/apps/v1/namespaces/{stack.name}/deployments/d"
    assert stack.client.get(path)["spec"]["selector"]["matchLabels"] == {"app": "two"}


def labelled(stack: Stack, app: str):
    """A Deployment of no Pods that selects them by another label."""
    made = stack.deployment("d", replicas=0)
    made["spec"]["selector"] = {"matchLabels": {"app": app}}
    made["spec"]["template"] |= {"metadata": {"labels": {"app": app}}}
    return made


@pytest.mark.parametrize("migrates", [True, False])
def test_no_way_leads_back_to_before_data_was_migrated(stack, shelf, migrates):
    """As the version that is there has recorded, whatever the catalogue says by then."""
    rule = {"from": "<2.0.0", "verdict": "allowed", "reason": "its schema was migrated"}
    upgrades = [rule | {"migrates": migrates}]
    shelf.put("widget", "2.0.0", stack.namespace(), stack.config("x", key="2"), upgrades=upgrades)
    run(stack, shelf)
    shelf.put("widget", "2.1.0", stack.namespace(), stack.config("x", key="3"), upgrades=upgrades)
    run(stack, shelf)
    assert stack.rollback(2).release.components == {"widget": "2.0.0"}
    if migrates:
        with pytest.raises(ConflictError, match=r"widget 2\.0\.0 → 1\.0\.0: its schema was migrat"):
            stack.rollback(1)
        assert stack.get("configmaps/x")["data"] == {"key": "2"}
    else:
        assert stack.rollback(1).release.components == {"widget": "1.0.0"}
