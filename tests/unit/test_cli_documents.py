"""What programs read: versioned documents, without manifests and without secrets."""

import json
from dataclasses import replace

import pytest

from stackctl.cli.report.diff import diff_document
from stackctl.cli.report.history import history_document
from stackctl.cli.report.outcome import deploy_document, teardown_document
from stackctl.cli.report.rendering import dumped
from stackctl.cli.report.status import status_document
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action
from stackctl.model.release.history import revisions
from stackctl.sources import yaml
from tests.unit.cli_samples import CURRENT, DEPLOYED, RELEASE, TARGET, TORN_DOWN, mixed_plan, plan

DOCUMENTS = {
    "Plan": lambda: diff_document(mixed_plan(), TARGET),
    "DeployOutcome": lambda: deploy_document(DEPLOYED),
    "TeardownOutcome": lambda: teardown_document(TORN_DOWN),
    "StackStatus": lambda: status_document(CURRENT),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_says_what_it_is(kind):
    """ApiVersion and kind come first, in JSON and in YAML alike."""
    found = DOCUMENTS[kind]()
    assert list(found)[:2] == ["apiVersion", "kind"]
    assert (found["apiVersion"], found["kind"]) == ("stackctl.dev/v1alpha1", kind)
    assert json.loads(dumped(found, "json")) == yaml.load(dumped(found, "yaml"))


def test_a_plan_says_what_would_happen_to_each_object():
    """Counts, and for each object its identity, action and differing fields."""
    found = diff_document(mixed_plan(), TARGET)
    assert found["counts"] == {
        "create": 16,
        "update": 3,
        "recreate": 1,
        "prune": 1,
        "unchanged": 48,
    }
    assert not found["empty"]
    (update,) = [each for each in found["changes"] if each["name"] == "spark-operator-controller"]
    assert update["action"] == "update"
    assert update["differences"] == [
        {"path": "spec.replicas", "old": 1, "new": 3},
        {"path": "spec.template.spec.nodeSelector", "new": {"pool": "system"}},
        {"path": "spec.template.spec.containers[name=controller].args[4]", "old": "-v=4"},
    ]


def test_manifests_are_not_in_documents():
    """They may hold secrets; `render` is the command that prints them."""
    change = plan(Action.CREATE).changes[0]
    assert "desired" not in json.dumps(diff_document(plan(Action.CREATE), TARGET))
    assert change.ref.name in json.dumps(diff_document(plan(Action.CREATE), TARGET))


def test_a_status_answers_the_question_first():
    """One field says whether everything is current."""
    found = status_document(CURRENT)
    assert found["current"] is True
    assert found["gpus"][0]["allocatable"] == found["gpus"][0]["expected"] == 16
    assert found["target"]["simulated"] is True


@pytest.mark.parametrize("of", ["StackStatus", "DeployOutcome", "History"])
def test_what_was_set_is_told_and_secrets_are_not(of):
    """In every document that describes a release."""
    release = replace(RELEASE, sets={"a.workers": "4", "a.password": "hunter2"})
    found = {
        "StackStatus": lambda: status_document(replace(CURRENT, release=release)),
        "DeployOutcome": lambda: deploy_document(replace(DEPLOYED, release=release)),
        "History": lambda: history_document(StackId("ml"), revisions([release])),
    }[of]()
    told = found["revisions"][0] if of == "History" else found["release"]
    assert told["sets"] == {"a.workers": "4", "a.password": "<masked>"}
    assert "hunter2" not in json.dumps(found)


def test_a_teardown_lists_what_it_left():
    """Kept and residue are lists of objects with a reason."""
    found = teardown_document(TORN_DOWN)
    assert found["residue"] == []
    assert [(each["kind"], each["why"]) for each in found["kept"]] == [
        ("PersistentVolumeClaim", "user data")
    ]
